import { type Btf, isRecord, sizeOf } from "../../btf/index.ts"

/** What a part of a map's value, or of an object that a program allocates, is to the kernel. */
export type FieldKind =
  | "bpf_spin_lock"
  | "bpf_res_spin_lock"
  | "bpf_timer"
  | "bpf_wq"
  | "bpf_task_work"
  | "bpf_list_head"
  | "bpf_list_node"
  | "bpf_rb_root"
  | "bpf_rb_node"
  | "bpf_refcount"
  /** A pointer that is written and read like a number. */
  | "kptr_untrusted"
  /** A pointer that owns what it points to, until it is exchanged. */
  | "kptr"
  | "percpu_kptr"
  /** A pointer to user space memory of a task. */
  | "uptr"

/** A part that is not plain bytes. */
export interface SpecialField {
  readonly kind: FieldKind
  /** As the log names it. */
  readonly name: string
  /** A pointer of the kernel, or to its like. */
  readonly isPointer: boolean
  /** Bytes from the start. */
  readonly offset: number
  /** Bytes. */
  readonly size: number
  /** Of a pointer: id of what it leads to; of the root of a list or tree: id of the structures in it. */
  readonly target: number
  /** Of a root: the name of the member by which structures hang in it. */
  readonly node: string
}

/** Structures that the kernel keeps for itself, in the order in which it looks for them. */
const OWN = new Set<string>([
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
] satisfies FieldKind[])

const POINTERS = new Set<string>(["kptr_untrusted", "kptr", "percpu_kptr", "uptr"] satisfies FieldKind[])

const known = new WeakMap<Btf, Map<number, readonly SpecialField[]>>()
const NONE: readonly SpecialField[] = []

/** The special fields of a type, by rising offset. */
export function specialFields(btf: Btf | undefined, id: number): readonly SpecialField[] {
  if (btf === undefined || id === 0) return NONE
  let types = known.get(btf)
  if (types === undefined) known.set(btf, (types = new Map()))
  let fields = types.get(id)
  if (fields === undefined) {
    const found: SpecialField[] = []
    try {
      collect(btf, id, 0, "", found, 0)
    } catch {
      // Types that cannot be followed have no special fields that anybody could find.
    }
    fields = found.sort((a, b) => a.offset - b.offset)
    types.set(id, fields)
  }
  return fields
}

/** The field that starts at an offset. */
export const fieldAt = (fields: readonly SpecialField[], offset: number): SpecialField | undefined =>
  fields.find(field => field.offset === offset)

/** How deep the kernel looks into structures inside of others. */
const MAX_NESTING = 4
/** Longest array whose elements the kernel looks at one by one. */
const MAX_ELEMENTS = 64

/** `place` is what the type is of: the id of a variable, or `struct:member`. */
function collect(btf: Btf, id: number, offset: number, place: string, out: SpecialField[], depth: number): void {
  const type = btf.resolved(id)
  if (type.kind === "datasec") {
    for (const { type: variable, offset: at } of type.vars) {
      const declared = btf.type(variable)
      if (declared.kind !== "var") continue
      collect(btf, declared.type, offset + at, `${variable}`, out, depth + 1)
    }
  } else if (type.kind === "array") {
    if (type.count === 0 || type.count > MAX_ELEMENTS) return
    const size = sizeOf(btf, type.type)
    for (let i = 0; i < type.count; i++) collect(btf, type.type, offset + i * size, place, out, depth)
  } else if (type.kind === "ptr") {
    const tagged = btf.type(type.type)
    if (tagged.kind !== "type_tag" || !POINTERS.has(tagged.name)) return
    const kind = tagged.name as FieldKind
    const name = kind === "kptr_untrusted" ? "kptr" : kind
    out.push({ kind, name, isPointer: true, offset, size: 8, target: btf.resolve(tagged.type), node: "" })
  } else if (isRecord(type)) {
    if (OWN.has(type.name)) out.push(ownField(btf, type.name as FieldKind, type.size, offset, place))
    else if (type.kind === "struct" && depth < MAX_NESTING) {
      for (const [index, member] of type.members.entries()) {
        if (member.bitSize !== 0 || member.bitOffset % 8 !== 0) continue
        collect(btf, member.type, offset + member.bitOffset / 8, `${btf.resolve(id)}:${index}`, out, depth + 1)
      }
    }
  }
}

function ownField(btf: Btf, kind: FieldKind, size: number, offset: number, place: string): SpecialField {
  const [, struct, node] = /^contains:(\w+):(\w+)$/.exec(tagsOf(btf).get(place) ?? "") ?? ["", "", ""]
  const target = struct === "" ? 0 : btf.find(struct, "struct")
  return { kind, name: kind, isPointer: false, offset, size, target, node }
}

const tagged = new WeakMap<Btf, Map<string, string>>()

/** Tags of declarations that say what a root contains: by the id of a variable, or by `struct:member`. */
function tagsOf(btf: Btf): ReadonlyMap<string, string> {
  let tags = tagged.get(btf)
  if (tags === undefined) {
    tagged.set(btf, (tags = new Map()))
    for (const id of btf.ids("decl_tag")) {
      const tag = btf.type(id)
      if (tag.kind !== "decl_tag" || !tag.name.startsWith("contains:")) continue
      tags.set(tag.component < 0 ? `${tag.type}` : `${tag.type}:${tag.component}`, tag.name)
    }
  }
  return tags
}
