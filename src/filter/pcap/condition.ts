import * as o from "../../isa/index.ts"
import type { Value, Values } from "./value.ts"

/** A comparison of two values, unsigned; `op` is BPF_JEQ, BPF_JGT or BPF_JGE. */
export interface Test {
  readonly op: number
  readonly left: Value
  readonly right: Value
}

/** What a filter asks, as a tree. What stands left is asked first, and what stands right only if it matters. */
export type Condition =
  | { readonly kind: "always"; readonly holds: boolean }
  | { readonly kind: "test"; readonly test: Test }
  | { readonly kind: "not"; readonly operand: Condition }
  | { readonly kind: "and" | "or"; readonly left: Condition; readonly right: Condition }

export const always = (holds: boolean): Condition => ({ kind: "always", holds })

export function not(operand: Condition): Condition {
  if (operand.kind === "always") return always(!operand.holds)
  return operand.kind === "not" ? operand.operand : { kind: "not", operand }
}

/** All of them, in this order. */
export function and(...conditions: readonly Condition[]): Condition {
  return conditions.reduceRight((right, left) => {
    if (left.kind === "always") return left.holds ? right : left
    return right.kind === "always" && right.holds ? left : { kind: "and", left, right }
  })
}

/** One of them, asked in this order. */
export function or(...conditions: readonly Condition[]): Condition {
  return conditions.reduceRight((right, left) => {
    if (left.kind === "always") return left.holds ? left : right
    return right.kind === "always" && !right.holds ? left : { kind: "or", left, right }
  })
}

/** `left op right`; `op` is BPF_JEQ, BPF_JGT or BPF_JGE. */
export function compare(values: Values, op: number, left: Value, right: Value): Condition {
  if (left.kind === "const" && right.kind === "const") return always(compareNumbers(op, left.k, right.k))
  // A single bit is set when it is not clear: so that both questions are one.
  if (op === o.BPF_JEQ && right.kind === "const" && right.k !== 0 && bitOf(left) === right.k) {
    return not({ kind: "test", test: { op, left, right: values.constant(0) } })
  }
  return { kind: "test", test: { op, left, right } }
}

const bitOf = (value: Value): number | undefined => {
  if (value.kind !== "op" || value.op !== o.BPF_AND || value.right.kind !== "const") return undefined
  const { k } = value.right
  return (k & (k - 1)) === 0 ? k : undefined
}

/** Whether two unsigned numbers compare so. */
export const compareNumbers = (op: number, left: number, right: number): boolean =>
  op === o.BPF_JEQ ? left === right : op === o.BPF_JGT ? left > right : left >= right
