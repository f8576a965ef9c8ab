import {
  type Btf,
  BtfBuilder,
  type BtfType,
  type BtfTypeInput,
  isRecord,
  references,
  withReferences,
} from "../btf/index.ts"

/** What a snapshot keeps of a kernel's types. */
export interface Wanted {
  /**
   * Whether a type is kept with all that it is made of: `struct task_struct`, `typedef btf_trace_sched_switch`, `func vfs_read`. An enumeration
   * without a name is asked for by the name of its first enumerator.
   */
  readonly root: (kind: string, name: string) => boolean
  /** From a root, records behind so many pointers are kept, too; those behind one more become forward declarations. */
  readonly depth: number
}

/**
 * A BTF of some types of another. Types keep their order, records all their members at their offsets, so that a program that is compiled
 * with it is the same, or does not compile because a record is known by name only.
 *
 *     struct file { struct path f_path; struct fown_struct *f_owner; … }     struct fown_struct;
 */
export function prune(btf: Btf, wanted: Wanted): Uint8Array {
  const kept = reached(btf, wanted)
  const builder = new BtfBuilder()
  const ids = new Map<number, number>([[0, 0]])
  const sorted = [...kept.types].sort((a, b) => a - b)
  for (const id of sorted) ids.set(id, builder.reserve())
  for (const id of sorted) {
    const type = btf.type(id)
    if (type.kind === "void") continue
    const copy: BtfTypeInput = kept.forward.has(id)
      ? { kind: "fwd", name: type.name, union: type.kind === "union" }
      : withReferences(type, part => ids.get(part) ?? 0)
    builder.define(ids.get(id)!, copy)
  }
  return builder.encode()
}

/** Types that are kept, and those records among them of which only the name is. */
interface Reached {
  readonly types: ReadonlySet<number>
  readonly forward: ReadonlySet<number>
}

function reached(btf: Btf, { root, depth }: Wanted): Reached {
  /** The fewest pointers on a way from a root; `depth + 1` for a forward declaration. */
  const distance = new Map<number, number>()
  let now: number[] = []
  let next: number[] = []
  for (let id = 1; id < btf.count; id++) {
    const type = btf.type(id)
    const name = nameOf(type)
    if (name !== "" && root(type.kind, name)) now.push(id)
  }
  for (let far = 0; far <= depth + 1; far++) {
    for (let id = now.pop(); id !== undefined; id = now.pop()) {
      if (id === 0 || distance.has(id)) continue
      distance.set(id, far)
      const type = btf.type(id)
      if (far > depth && isNamedRecord(type)) continue
      for (const part of references(type)) {
        if (type.kind === "ptr" && isNamedRecord(btf.resolved(part))) next.push(part)
        else now.push(part)
      }
    }
    now = next
    next = []
  }
  // What is left is behind a forward declaration's pointer.
  const forward = new Set<number>()
  for (const [id, far] of distance) if (far > depth && isNamedRecord(btf.type(id))) forward.add(id)
  return { types: new Set(distance.keys()), forward }
}

function nameOf(type: BtfType): string {
  const first = type.kind === "enum" || type.kind === "enum64" ? type.values[0]?.name : undefined
  return type.name === "" && first !== undefined ? first : type.name
}

const isNamedRecord = (type: BtfType): boolean => isRecord(type) && type.name !== ""
