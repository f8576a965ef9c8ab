import { type Assembled, assembleInline } from "../isa/index.ts"
import type { Asm } from "./ir.ts"

/** The instructions of an `asm`, and the place past their end. Jumps to place `end + 1 + n` leave to exit n. */
export interface AsmCode extends Assembled {
  readonly end: number
}

/**
 * Assembles the text of an `asm`. Operand n is register FIRST_OPERAND + n; `immediate` gives what is put in the place of `%in`, a constant operand.
 * Errors as `assembleUnit`.
 */
export function assembleAsm(asm: Pick<Asm, "text" | "exits">, immediate: (operand: number) => bigint): AsmCode {
  const text = asm.text.replace(/%([wil]?)(\d+)|%%/g, (all, how: string | undefined, n: string) => {
    if (all === "%%") return "%"
    if (how === "i") return String(immediate(Number(n)))
    return how === "l" ? `.Lexit$${n}` : how === "w" ? `w$${n}` : `r$${n}`
  })
  // Exits stand in for what comes behind the asm: they are counted off again.
  let whole = `${text}\nexit`
  for (let n = 0; n < asm.exits; n++) whole += `\n.Lexit$${n}: exit`
  const { insns, symbols } = assembleInline(whole)
  const end = insns.length - 1 - asm.exits
  return { insns: insns.slice(0, end), symbols, end }
}
