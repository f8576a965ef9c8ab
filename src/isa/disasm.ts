import { formatKernel } from "./disasmKernel.ts"
import { formatLlvm } from "./disasmLlvm.ts"
import { type Insn, slotStarts } from "./insn.ts"
import { type InsnSymbol, jumpDistance, type Syntax } from "./syntax.ts"

export interface DisasmOptions {
  /** Default `kernel`. */
  readonly syntax?: Syntax
  /** Puts the slot number in front of each line, as the verifier's log and llvm-objdump do. Default true. */
  readonly slots?: boolean
  /** Gives the places that jumps lead to a name (`LBB0_1`), after the distance and in a line of its own. Default false. */
  readonly labels?: boolean
  /** What to write as a comment in a line above an instruction, by its index. */
  readonly comment?: (index: number) => string | undefined
  /** The name to write in place of a number that only a loader knows, by index of the instruction. */
  readonly symbol?: (index: number) => InsnSymbol | undefined
}

/** One instruction as text; any values of the fields are accepted. */
export function formatInsn(insn: Insn, syntax: Syntax = "kernel", symbol?: InsnSymbol): string {
  const name = symbol === undefined ? undefined : symbolText(symbol)
  return syntax === "kernel" ? formatKernel(insn, name) : formatLlvm(insn, name)
}

/** A list of instructions as text, one a line, every line ended. `assemble` reads it back. */
export function disassemble(insns: readonly Insn[], options: DisasmOptions = {}): string {
  const { syntax = "kernel", slots = true, labels = false, comment, symbol } = options
  const starts = slotStarts(insns)
  const targets = labels ? jumpTargets(insns, starts) : undefined
  const width = syntax === "llvm" ? 8 : 4
  let text = ""
  for (let i = 0; i < insns.length; i++) {
    const above = comment?.(i)
    if (above !== undefined) text += `; ${above}\n`
    const here = targets?.get(starts[i])
    if (here !== undefined) text += `${here}:\n`
    if (slots) text += `${`${starts[i]}`.padStart(width)}: `
    text += formatInsn(insns[i], syntax, symbol?.(i))
    const distance = targets === undefined ? undefined : jumpDistance(insns[i])
    const there = distance === undefined ? undefined : targets?.get(starts[i] + 1 + distance)
    text += there === undefined ? "\n" : ` <${there}>\n`
  }
  return text
}

/** Names of the slots that jumps inside the list lead to, in the order of the slots. */
function jumpTargets(insns: readonly Insn[], starts: Int32Array): Map<number, string> {
  const valid = new Set(starts.subarray(0, insns.length))
  const reached = new Set<number>()
  for (let i = 0; i < insns.length; i++) {
    const distance = jumpDistance(insns[i])
    if (distance === undefined) continue
    const slot = starts[i] + 1 + distance
    if (valid.has(slot)) reached.add(slot)
  }
  const names = new Map<number, string>()
  for (const slot of [...reached].sort((a, b) => a - b)) names.set(slot, `LBB0_${names.size + 1}`)
  return names
}

function symbolText({ kind, name, offset = 0 }: InsnSymbol): string {
  switch (kind) {
    case "map":
      return `map[${name}]`
    case "mapValue":
      return `map[${name}][0]+${offset}`
    case "function":
      return `subprog[${name}]`
    case "ksym":
      return `ksym[${name}]`
    case "extern":
      return `extern[${name}]+${offset}`
    case "call":
      return name
    case "kfunc":
      return `kernel-function#${name}`
  }
}
