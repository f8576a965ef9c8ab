import { Btf } from "../../btf/index.ts"
import type { MapSpec } from "../../object/index.ts"

/** Bytes of a value that are the machine's: locks, timers, owned pointers. Updates leave them alone, and processes read zeros. */
export interface SpecialField {
  /** The name of its type. */
  readonly type: string
  readonly offset: number
  readonly size: number
}

const SPECIAL = new Set(["bpf_spin_lock", "bpf_timer", "bpf_wq", "bpf_list_head", "bpf_rb_root", "bpf_refcount"])

/** The special fields of a map's values. */
export function specialFields({ valueType }: MapSpec, bytes: Uint8Array): readonly SpecialField[] {
  if (valueType === 0 || bytes.length === 0) return []
  const btf = Btf.parse(bytes)
  const type = btf.resolved(valueType)
  if (type.kind !== "struct") return []
  const found: SpecialField[] = []
  for (const member of type.members) {
    const inner = btf.resolved(member.type)
    if (inner.kind !== "struct" || inner.name === undefined || !SPECIAL.has(inner.name)) continue
    found.push({ type: inner.name, offset: member.bitOffset / 8, size: inner.size })
  }
  return found
}
