import { type Insn, OP_CALL } from "../isa/index.ts"
import { hasFeature } from "./featureList.ts"

/** `bpf_probe_read_{user,kernel}` and their forms for texts, and what stood for both before Linux 5.5: `bpf_probe_read`, `bpf_probe_read_str`. */
const OLDER: ReadonlyMap<number, number> = new Map([
  [112, 4],
  [113, 4],
  [114, 45],
  [115, 45],
])

/** Where a kernel is too old for helpers, calls of those that do the same there; undefined where it is not, or none are called. */
export function withOlderHelpers(insns: readonly Insn[]): Insn[] | undefined {
  const isNewer = ({ op, src, imm }: Insn): boolean => op === OP_CALL && src === 0 && OLDER.has(imm)
  if (!insns.some(isNewer) || hasFeature("probeReadKernel")) return undefined
  return insns.map(insn => (isNewer(insn) ? { ...insn, imm: OLDER.get(insn.imm) as number } : insn))
}
