import * as o from "../../isa/index.ts"
import { calculate } from "../interpret.ts"
import { compareNumbers, type Test } from "./condition.ts"
import type { Value } from "./value.ts"

/** As many numbers as are remembered one by one. */
const MAX_ONLY = 16

/** As many numbers as are remembered as those that a value is not. */
const MAX_EXCEPT = 128

/** The numbers that a value can still be: some, or all from `min` to `max` but a few. */
type Possible =
  | { readonly only: ReadonlySet<number> }
  | { readonly min: number; readonly max: number; readonly except: ReadonlySet<number> }

const NONE: ReadonlySet<number> = new Set()
const ANY: Possible = { min: 0, max: 0xffff_ffff, except: NONE }

/** What is known of values on a way through the graph, by what was asked there. All of them have been computed on that way. */
export class Facts {
  static readonly nothing = new Facts(new Map(), new Map())

  readonly #possible: ReadonlyMap<Value, Possible>
  /** Comparisons of two values, neither of them constant, by their key. */
  readonly #answers: ReadonlyMap<string, boolean>

  private constructor(possible: ReadonlyMap<Value, Possible>, answers: ReadonlyMap<string, boolean>) {
    this.#possible = possible
    this.#answers = answers
  }

  /** What a test must give; undefined when it is open. */
  answer(test: Test): boolean | undefined {
    const { op, left, right } = test
    const known = this.#answers.get(keyOf(test))
    if (known !== undefined) return known
    const k = this.#constant(right)
    if (k === undefined) return undefined
    const number = this.#constant(left)
    if (number !== undefined) return compareNumbers(op, number, k)
    const possible = this.#possible.get(left)
    return possible === undefined ? undefined : answerOf(possible, op, k)
  }

  /** These facts, and what the answer to a test says. */
  with(test: Test, answer: boolean): Facts {
    const { op, left, right } = test
    if (right.kind !== "const") return new Facts(this.#possible, new Map(this.#answers).set(keyOf(test), answer))
    const possible = narrow(this.#possible.get(left) ?? ANY, op, right.k, answer)
    return new Facts(new Map(this.#possible).set(left, possible), this.#answers)
  }

  /** What is known whichever of two ways was taken. */
  merge(other: Facts): Facts {
    if (this === other) return this
    const possible = new Map<Value, Possible>()
    for (const [value, mine] of this.#possible) {
      const theirs = other.#possible.get(value)
      if (theirs !== undefined) possible.set(value, mine === theirs ? mine : either(mine, theirs))
    }
    const answers = new Map([...this.#answers].filter(([key, answer]) => other.#answers.get(key) === answer))
    return new Facts(possible, answers)
  }

  /** The number that a value must be. */
  #constant(value: Value): number | undefined {
    if (value.kind === "const") return value.k
    const possible = this.#possible.get(value)
    const single = possible === undefined ? undefined : singleOf(possible)
    if (single !== undefined) return single
    if (value.kind !== "op") return undefined
    const left = this.#constant(value.left)
    const right = left === undefined ? undefined : this.#constant(value.right)
    if (left === undefined || right === undefined) return undefined
    const divides = value.op === o.BPF_DIV || value.op === o.BPF_MOD
    return divides && right === 0 ? undefined : calculate(value.op, left, right)
  }
}

const keyOf = ({ op, left, right }: Test): string => `${op} ${left.id} ${right.id}`

function singleOf(possible: Possible): number | undefined {
  if ("only" in possible) return possible.only.size === 1 ? [...possible.only][0] : undefined
  return possible.min === possible.max ? possible.min : undefined
}

const allows = (possible: Possible, k: number): boolean =>
  "only" in possible ? possible.only.has(k) : k >= possible.min && k <= possible.max && !possible.except.has(k)

function answerOf(possible: Possible, op: number, k: number): boolean | undefined {
  if ("only" in possible) {
    const answers = new Set([...possible.only].map(number => compareNumbers(op, number, k)))
    return answers.size === 1 ? [...answers][0] : undefined
  }
  if (op === o.BPF_JEQ) return allows(possible, k) ? undefined : false
  const low = compareNumbers(op, possible.min, k)
  return low === compareNumbers(op, possible.max, k) ? low : undefined
}

function narrow(possible: Possible, op: number, k: number, answer: boolean): Possible {
  if ("only" in possible) {
    return { only: new Set([...possible.only].filter(number => compareNumbers(op, number, k) === answer)) }
  }
  const { min, max, except } = possible
  if (op === o.BPF_JEQ) {
    if (answer) return { only: new Set([k]) }
    return except.size < MAX_EXCEPT ? { min, max, except: new Set(except).add(k) } : possible
  }
  // `> k` and `>= k` hold from here on.
  const from = op === o.BPF_JGT ? k + 1 : k
  return answer ? { min: Math.max(min, from), max, except } : { min, max: Math.min(max, from - 1), except }
}

function either(a: Possible, b: Possible): Possible {
  if ("only" in a && "only" in b) {
    const only = new Set([...a.only, ...b.only])
    if (only.size <= MAX_ONLY) return { only }
  }
  const [minA, maxA] = ends(a)
  const [minB, maxB] = ends(b)
  const except = [...exceptions(a), ...exceptions(b)].filter(k => !allows(a, k) && !allows(b, k))
  return { min: Math.min(minA, minB), max: Math.max(maxA, maxB), except: new Set(except) }
}

const ends = (possible: Possible): readonly [number, number] =>
  "only" in possible ? [Math.min(...possible.only), Math.max(...possible.only)] : [possible.min, possible.max]

const exceptions = (possible: Possible): ReadonlySet<number> => ("only" in possible ? NONE : possible.except)
