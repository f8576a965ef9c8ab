/** What skep's tests use of `node:test`, for a browser: tests are collected when a file is read, and run by `runTests` one after another. */

type Body = (context: Context) => unknown
interface Options {
  readonly skip?: boolean | string
  readonly todo?: boolean | string
}

/** How a test ended. */
export interface Outcome {
  readonly name: string
  readonly state: "pass" | "fail" | "skip"
  /** Why it failed, with the stack, or was skipped. */
  readonly why?: string
}

/** Thrown where a test asks for what only a computer has: files to write, other programs. */
export class NeedsComputer extends Error {}

/** What of a computer an error asks for, be it a test's or the library's, or what caused it; undefined for all other errors. */
export function needOf(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined
  const needs = error instanceof NeedsComputer || ("code" in error && error.code === "BROWSER_NO_COMPUTER")
  return needs ? error.message : needOf(error.cause)
}

class Context {
  readonly name: string
  skipped: string | undefined
  /** A context for each test in a test. */
  readonly #run: (name: string, options: Options, body: Body) => Promise<void>

  constructor(name: string, run: (name: string, options: Options, body: Body) => Promise<void>) {
    this.name = name
    this.#run = run
  }

  readonly test = (name: string, options: Options | Body, body?: Body): Promise<void> =>
    typeof options === "function" ? this.#run(name, {}, options) : this.#run(name, options, body!)

  skip(why = ""): void {
    this.skipped = why
  }

  diagnostic(text: string): void {
    console.log(text)
  }
}

interface Collected {
  readonly path: string
  readonly options: Options
  readonly body: Body
  readonly hooks: Hooks
}

/** What runs around the tests of a file or of a group. */
interface Hooks {
  readonly above: Hooks | undefined
  readonly before: (() => unknown)[]
  readonly after: (() => unknown)[]
  readonly beforeEach: (() => unknown)[]
  readonly afterEach: (() => unknown)[]
}

const newHooks = (above?: Hooks): Hooks => ({ above, before: [], after: [], beforeEach: [], afterEach: [] })

let collected: Collected[] = []
let hooks = newHooks()
let path: string[] = []

function add(name: string, options: Options, body: Body): void {
  collected.push({ path: [...path, name].join(" › "), options, body, hooks })
}

export function test(name: string, options: Options | Body, body?: Body): void {
  if (typeof options === "function") add(name, {}, options)
  else add(name, options, body!)
}
test.skip = (name: string, _body?: Body): void => add(name, { skip: true }, () => undefined)

export function describe(name: string, options: Options | (() => void), body?: () => void): void {
  const [outerHooks, outerPath] = [hooks, path]
  hooks = newHooks(outerHooks)
  path = [...path, name]
  ;(typeof options === "function" ? options : body!)()
  hooks = outerHooks
  path = outerPath
}

export const it: typeof test = test
export const suite: typeof describe = describe
export const before = (run: () => unknown): void => void hooks.before.push(run)
export const after = (run: () => unknown): void => void hooks.after.push(run)
export const beforeEach = (run: () => unknown): void => void hooks.beforeEach.push(run)
export const afterEach = (run: () => unknown): void => void hooks.afterEach.push(run)
export default test

/** Hooks of the groups around a test, the outermost first. */
const chain = (inner: Hooks): Hooks[] => (inner.above === undefined ? [inner] : [...chain(inner.above), inner])

/** Reads a file of tests and runs them. */
export async function runTests(read: () => Promise<unknown>, done: (outcome: Outcome) => void): Promise<void> {
  collected = []
  hooks = newHooks()
  path = []
  await read()
  const begun = new Set<Hooks>()
  for (const { path: name, options, body, hooks: around } of collected) {
    const groups = chain(around)
    await runOne(name, options, done, async context => {
      for (const one of groups) {
        if (begun.has(one)) continue
        begun.add(one)
        for (const run of one.before) await run()
      }
      for (const one of groups) for (const run of one.beforeEach) await run()
      await body(context)
      for (const one of groups.toReversed()) for (const run of one.afterEach) await run()
    })
  }
  for (const one of [...begun].toReversed()) for (const run of one.after) await run()
}

async function runOne(name: string, options: Options, done: (outcome: Outcome) => void, body: Body): Promise<void> {
  if (options.skip !== undefined && options.skip !== false) {
    return done({ name, state: "skip", why: options.skip === true ? "" : options.skip })
  }
  const context = new Context(name, (inner, given, run) => runOne(`${name} › ${inner}`, given, done, run))
  try {
    await body(context)
  } catch (error) {
    const need = needOf(error)
    if (need !== undefined) return done({ name, state: "skip", why: need })
    return done({ name, state: "fail", why: error instanceof Error ? (error.stack ?? String(error)) : String(error) })
  }
  if (context.skipped !== undefined) done({ name, state: "skip", why: context.skipped })
  else done({ name, state: "pass" })
}
