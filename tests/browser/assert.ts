import { needOf } from "./nodeTest.ts"

/** What skep's tests use of `node:assert/strict`, for a browser. */

export class AssertionError extends Error {
  override readonly name = "AssertionError"
  readonly code = "ERR_ASSERTION"
}

type Message = string | Error | undefined
/** What an error has to be: words of its message, its class, members that it has, or a function that looks at it. */
type Expected = RegExp | (new (...args: never[]) => Error) | object | ((error: unknown) => boolean)

function fail(message: Message, otherwise: () => string): never {
  if (message instanceof Error) throw message
  throw new AssertionError(message ?? otherwise())
}

/** A value on one line, for messages. */
function show(value: unknown): string {
  if (typeof value === "bigint") return `${value}n`
  if (typeof value === "function") return `function ${value.name}`
  if (typeof value === "symbol" || value === undefined) return String(value)
  if (value instanceof Error) return `${value.name}: ${value.message}`
  const text = JSON.stringify(value, (_key, part) => (typeof part === "bigint" ? `${part}n` : part)) ?? String(value)
  return text.length > 2000 ? `${text.slice(0, 2000)} …` : text
}

/** Whether two values are the same in all their parts: prototypes, own enumerable members, bytes, elements of sets and maps. */
function same(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false
  if (Object.getPrototypeOf(a) !== Object.getPrototypeOf(b)) return false
  if (a instanceof Date) return a.getTime() === (b as Date).getTime()
  if (a instanceof RegExp) return String(a) === String(b)
  if (a instanceof ArrayBuffer) return same(new Uint8Array(a), new Uint8Array(b as ArrayBuffer))
  if (a instanceof Set) return a.size === (b as Set<unknown>).size && [...a].every(one => holds(b as Set<unknown>, one))
  if (a instanceof Map) {
    const other = b as Map<unknown, unknown>
    return a.size === other.size && [...a].every(([key, value]) => other.has(key) && same(value, other.get(key)))
  }
  if (a instanceof Error && (a.message !== (b as Error).message || a.name !== (b as Error).name)) return false
  if (Array.isArray(a) && a.length !== (b as unknown[]).length) return false
  const keys = Object.keys(a)
  if (keys.length !== Object.keys(b).length) return false
  return keys.every(key => Object.hasOwn(b, key) && same(a[key as never], b[key as never]))
}

const holds = (set: Set<unknown>, one: unknown): boolean => set.has(one) || [...set].some(other => same(one, other))

/** Whether an error is what it has to be. One that asks for a computer and is not is thrown as it is. */
function check(error: unknown, expected: Expected | undefined, message: Message): void {
  try {
    checkParts(error, expected, message)
  } catch (wrong) {
    throw needOf(error) === undefined ? wrong : error
  }
}

function checkParts(error: unknown, expected: Expected | undefined, message: Message): void {
  if (expected === undefined) return
  if (expected instanceof RegExp) {
    if (!expected.test(String(error))) fail(message, () => `${String(error)} does not match ${expected}`)
  } else if (typeof expected === "function") {
    const isClass = expected === Error || expected.prototype instanceof Error
    if (isClass ? error instanceof expected : (expected as (error: unknown) => boolean)(error) === true) return
    fail(message, () => `${String(error)} is not what ${expected.name || "the function"} wants`)
  } else {
    for (const [key, want] of Object.entries(expected)) {
      const have = (error as Record<string, unknown>)[key]
      const fits = want instanceof RegExp && typeof have === "string" ? want.test(have) : same(have, want)
      if (!fits) fail(message, () => `${key} of the error is ${show(have)}, not ${show(want)}`)
    }
  }
}

function assert(value: unknown, message?: Message): asserts value {
  if (!value) fail(message, () => `${show(value)} is not true`)
}

const ok: typeof assert = assert
assert.ok = ok
assert.AssertionError = AssertionError
assert.fail = (message?: string): never => fail(message, () => "failed")
assert.equal = (a: unknown, b: unknown, message?: Message): void => {
  if (!Object.is(a, b)) fail(message, () => `${show(a)} is not ${show(b)}`)
}
assert.strictEqual = assert.equal
assert.notEqual = (a: unknown, b: unknown, message?: Message): void => {
  if (Object.is(a, b)) fail(message, () => `both are ${show(a)}`)
}
assert.notStrictEqual = assert.notEqual
assert.deepEqual = (a: unknown, b: unknown, message?: Message): void => {
  if (!same(a, b)) fail(message, () => `${show(a)}\nis not\n${show(b)}`)
}
assert.deepStrictEqual = assert.deepEqual
assert.notDeepEqual = (a: unknown, b: unknown, message?: Message): void => {
  if (same(a, b)) fail(message, () => `both are ${show(a)}`)
}
assert.match = (text: string, words: RegExp, message?: Message): void => {
  if (!words.test(text)) fail(message, () => `${show(text)} does not match ${words}`)
}
assert.doesNotMatch = (text: string, words: RegExp, message?: Message): void => {
  if (words.test(text)) fail(message, () => `${show(text)} matches ${words}`)
}
assert.throws = (run: () => unknown, expected?: Expected | string, message?: Message): void => {
  const text = typeof expected === "string" ? expected : message
  try {
    run()
  } catch (error) {
    check(error, typeof expected === "string" ? undefined : expected, text)
    return
  }
  fail(text, () => "nothing was thrown")
}
assert.doesNotThrow = (run: () => unknown): void => void run()
assert.rejects = async (promise: Promise<unknown> | (() => Promise<unknown>), expected?: Expected): Promise<void> => {
  try {
    await (typeof promise === "function" ? promise() : promise)
  } catch (error) {
    check(error, expected, undefined)
    return
  }
  fail(undefined, () => "nothing was thrown")
}
assert.doesNotReject = async (promise: Promise<unknown> | (() => Promise<unknown>)): Promise<void> => {
  await (typeof promise === "function" ? promise() : promise)
}

export default assert
export { ok }
export const {
  equal,
  strictEqual,
  notEqual,
  deepEqual,
  deepStrictEqual,
  notDeepEqual,
  match,
  doesNotMatch,
  throws,
  rejects,
} = assert
