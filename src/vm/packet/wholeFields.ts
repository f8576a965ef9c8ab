import { BPF_CLASS_MASK, BPF_LDX, type Insn, sizeBytes, slotStarts } from "../../isa/index.ts"
import type { ProgramType } from "../../object/index.ts"
import type { Facts } from "../../verifier/index.ts"
import * as at from "./skbContext.ts"
import { ON_SKB } from "./types.ts"

/** Fields of `struct __sk_buff` that the kernel holds in fewer bytes than the 4 they have there. */
const HELD: ReadonlyMap<number, number> = new Map([
  [at.SKB_PKT_TYPE, 1],
  [at.SKB_QUEUE_MAPPING, 2],
  [at.SKB_PROTOCOL, 2],
  [at.SKB_VLAN_TCI, 2],
  [at.SKB_VLAN_PROTO, 2],
  [at.SKB_TC_INDEX, 2],
  [at.SKB_FAMILY, 2],
  [at.SKB_REMOTE_PORT, 2],
  [at.SKB_LOCAL_PORT, 2],
  [at.SKB_GSO_SEGS, 2],
  [at.SKB_GSO_SIZE, 2],
])

/**
 * Loads of a part of such a field as the kernel makes them: one that is no narrower than what is held gives the field, wherever it begins.
 *
 *     r0 = *(u16 *)(r1 +18)   the upper half of `protocol`   →   r0 = *(u16 *)(r1 +16)
 *
 * Source: `convert_ctx_accesses`, Linux 4.13 to 6.18.
 */
export function wholeFields(type: ProgramType, insns: readonly Insn[], { access }: Facts): readonly Insn[] {
  if (!ON_SKB.has(type)) return insns
  const starts = slotStarts(insns)
  return insns.map((insn, i) => {
    if ((insn.op & BPF_CLASS_MASK) !== BPF_LDX || (insn.off & 3) === 0 || access[starts[i]] !== "ctx") return insn
    const field = insn.off & ~3
    return sizeBytes(insn.op) >= (HELD.get(field) ?? 4) ? { ...insn, off: field } : insn
  })
}
