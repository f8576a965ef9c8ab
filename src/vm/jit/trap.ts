import { BUDGET_SPENT, END_WORD, TOO_DEEP } from "../address.ts"
import type { CodeImage } from "../code.ts"
import { budgetSpent, Fault, stackOverflow } from "../fault.ts"
import { FRAMES, type Run } from "../run.ts"
import { type TranslateOptions, translate } from "./program.ts"

/**
 * What stopped compiled code, as a fault: an access outside of linear memory, calls without end, or the code itself. Undefined
 * for all else.
 */
export function faultOfTrap(error: unknown, { memory, core }: Run): Fault | undefined {
  if (error instanceof RangeError) return stackOverflow(FRAMES)
  if (!(error instanceof Error) || error.name !== "RuntimeError") return undefined
  const reason = memory.i32[END_WORD >> 2]
  memory.i32[END_WORD >> 2] = 0
  if (reason === BUDGET_SPENT) return budgetSpent(core.budget)
  if (reason === TOO_DEEP) return stackOverflow(FRAMES)
  return new Fault(
    "VM_ACCESS",
    `the program leaves the machine's memory: ${error.message}`,
    "check the pointer and the bounds before the access; the verifier says where it finds such an access",
  )
}

/**
 * The slot at which compiled code was left, by the stack that an error has kept: V8 and others say there which function it was
 * and how far into the module. The program is translated again for it. 0 where the platform does not tell.
 */
export function slotOf(error: unknown, image: CodeImage, options: TranslateOptions): number {
  const found = /wasm-function\[(\d+)\]:0x([0-9a-f]+)/.exec(String((error as Error).stack))
  if (found === null) return 0
  const { imports, positions } = translate(image, { ...options, records: true })
  const offset = Number.parseInt(found[2], 16)
  const inside = positions[Number(found[1]) - imports.length] ?? []
  return inside.findLast(position => position.offset <= offset)?.slot ?? inside[0]?.slot ?? 0
}
