import { type Btf, isRecord, sizeOf } from "../../btf/index.ts"
import type { VerifierMap } from "../input.ts"

/** A part of a map's value that is not plain bytes. */
export interface MapField {
  /** As the log names it: `bpf_spin_lock`, `kptr`, … */
  readonly name: string
  /** Bytes from the start of the value. */
  readonly offset: number
  readonly size: number
  /** A pointer of the kernel: `kptr_untrusted`, `kptr`, `percpu_kptr`, `uptr`. */
  readonly isPointer: boolean
  /** Id of what the pointer leads to, in the map's types. */
  readonly target: number
}

/** Structures that the kernel keeps for itself. */
const OWN = new Set([
  "bpf_spin_lock",
  "bpf_res_spin_lock",
  "bpf_timer",
  "bpf_wq",
  "bpf_task_work",
  "bpf_list_head",
  "bpf_list_node",
  "bpf_rb_root",
  "bpf_rb_node",
  "bpf_refcount",
])

/** Tags of pointers, and how the log names them. */
const POINTER_TAGS: Readonly<Record<string, string>> = {
  kptr_untrusted: "kptr",
  kptr: "kptr",
  percpu_kptr: "percpu_kptr",
  uptr: "uptr",
}

const known = new WeakMap<VerifierMap, readonly MapField[]>()
const NONE: readonly MapField[] = []

/** The special fields of a map's value, by rising offset. */
export function mapFields(map: VerifierMap): readonly MapField[] {
  if (map.btf === undefined || !map.valueType) return NONE
  let fields = known.get(map)
  if (fields === undefined) {
    const found: MapField[] = []
    try {
      collect(map.btf, map.valueType, 0, found, 0)
    } catch {
      // Types that cannot be followed have no special fields that anybody could find.
    }
    fields = found.sort((a, b) => a.offset - b.offset)
    known.set(map, fields)
  }
  return fields
}

const MAX_NESTING = 4

function collect(btf: Btf, id: number, offset: number, out: MapField[], depth: number): void {
  const type = btf.resolved(id)
  if (type.kind === "datasec") {
    for (const { type: variable, offset: at } of type.vars) {
      const declared = btf.type(variable)
      if (declared.kind === "var") collect(btf, declared.type, offset + at, out, depth + 1)
    }
  } else if (type.kind === "array") {
    if (type.count === 0 || type.count > 64) return
    const size = sizeOf(btf, type.type)
    for (let i = 0; i < type.count; i++) collect(btf, type.type, offset + i * size, out, depth)
  } else if (type.kind === "ptr") {
    const tag = btf.type(type.type)
    const name = tag.kind === "type_tag" ? POINTER_TAGS[tag.name] : undefined
    if (name !== undefined && tag.kind === "type_tag") {
      out.push({ name, offset, size: 8, isPointer: true, target: tag.type })
    }
  } else if (isRecord(type)) {
    if (OWN.has(type.name)) {
      out.push({ name: type.name, offset, size: type.size, isPointer: false, target: 0 })
    } else if (depth < MAX_NESTING && type.kind === "struct") {
      for (const member of type.members) {
        if (member.bitSize === 0 && member.bitOffset % 8 === 0) {
          collect(btf, member.type, offset + member.bitOffset / 8, out, depth + 1)
        }
      }
    }
  }
}
