import type { AsmOperand, AsmStmt } from "../../c/index.ts"
import type { Value } from "../ir.ts"
import { undef } from "../values.ts"
import { loadPlace, storePlace } from "./access.ts"
import { assembly } from "./assembly.ts"
import type { FunctionContext, Place } from "./context.ts"
import { scalar } from "./expr.ts"
import { place } from "./place.ts"
import { reprOf, type Scalar, wide } from "./repr.ts"

/**
 * `asm`. With an empty template a value goes through it unseen by the optimiser (`"+r"(x)`, `"=r"(y) : "0"(x)`), or it is a barrier for memory; text
 * is kept for the code generator.
 */
export function asm(cx: FunctionContext, s: AsmStmt): void {
  if (s.template.trim() !== "" || s.labels.length > 0) {
    assembly(cx, s)
    return
  }
  const inputs = s.inputs.map(operand => ({ operand, value: inMemory(operand) ? undefined : scalar(cx, operand.expr) }))
  const outputs = s.outputs.map(operand => ({ operand, to: place(cx, operand.expr) }))
  if (s.clobbers.includes("memory") || [...s.inputs, ...s.outputs].some(inMemory)) cx.b.barrier()
  const tied = new Set<number>()
  const results = outputs.map(({ operand, to }, i): Scalar | undefined => {
    if (inMemory(operand)) return undefined
    const at = inputs.findIndex(input => tiedTo(input.operand, i, operand))
    if (at >= 0) tied.add(at)
    const before =
      at >= 0 ? inputs[at].value : operand.constraint.includes("+") ? loadPlace(cx, to, s.span) : nothing(to, s)
    return before === undefined ? undefined : hide(cx, before)
  })
  // An input that no output takes is used all the same.
  inputs.forEach(({ value }, i) => {
    if (value !== undefined && !tied.has(i)) hide(cx, value)
  })
  outputs.forEach(({ to }, i) => {
    const result = results[i]
    if (result !== undefined) storePlace(cx, to, result)
  })
}

export const inMemory = ({ constraint }: AsmOperand): boolean => constraint.includes("m") && !constraint.includes("r")

/** Whether an input's constraint (`"0"`, `"[name]"`) is that of an output. */
export function tiedTo(input: AsmOperand, index: number, output: AsmOperand): boolean {
  return input.constraint === String(index) || (output.name !== undefined && input.constraint === `[${output.name}]`)
}

function hide(cx: FunctionContext, v: Scalar): Scalar {
  return v.kind === "wide" ? wide(cx.b.opaque(v.lo), cx.b.opaque(v.hi)) : cx.b.opaque(v)
}

function nothing(to: Place, s: AsmStmt): Value | undefined {
  const repr = reprOf(to.type, s.span)
  return repr === "i32" || repr === "i64" || repr === "ptr" ? undef(repr) : undefined
}
