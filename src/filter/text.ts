import { assembleClassic } from "./asm.ts"
import { checkClassic } from "./check.ts"
import type { ClassicInsn } from "./insn.ts"
import { parseNumbers } from "./numbers.ts"

/**
 * A filter from text in any of tcpdump's forms: instructions (`tcpdump -d`), C (`-dd`) or numbers (`-ddd`).
 * @throws SkepError FILTER_TEXT when it cannot be read, FILTER_INVALID when a kernel would refuse it
 */
export function parseClassic(text: string): ClassicInsn[] {
  const insns = /^\s*(\d|\{|struct\b)/.test(text) ? parseNumbers(text) : assembleClassic(text)
  checkClassic(insns)
  return insns
}
