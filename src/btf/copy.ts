import type { Btf } from "./btf.ts"
import type { BtfBuilder, BtfTypeInput } from "./builder.ts"
import { badBtf } from "./error.ts"
import type { BtfKind } from "./format.ts"
import { isRecord, type RecordType } from "./types.ts"

/** Longest chain of pointers, arrays, qualifiers and prototypes between two records. */
const MAX_DEPTH = 256

const ALIASES: ReadonlySet<BtfKind> = new Set(["typedef", "const", "volatile", "restrict", "type_tag"])

export interface CopyOptions {
  /**
   * What becomes of a named struct or union that is only pointed to: `forward` (the default) leaves a forward
   * declaration, so that a map's value does not pull in half the kernel; `full` copies it too.
   */
  readonly pointees?: "forward" | "full"
}

/** Copies types with all they are made of from one BTF into a builder. Each type is copied once. */
export class BtfCopier {
  readonly #builder: BtfBuilder
  readonly #from: Btf
  readonly #full: boolean
  readonly #done = new Map<number, number>()
  readonly #forward = new Map<number, number>()
  readonly #pending: [record: RecordType, copy: number][] = []

  constructor(builder: BtfBuilder, from: Btf, options: CopyOptions = {}) {
    this.#builder = builder
    this.#from = from
    this.#full = options.pointees === "full"
  }

  /** Id in the builder of a copy of type `id`. @throws SkepError BTF_BAD_ID, BTF_BAD_STRING, BTF_CYCLE */
  copy(id: number): number {
    const copied = this.#copy(id, false, 0)
    for (let next = this.#pending.pop(); next !== undefined; next = this.#pending.pop()) {
      const [record, copy] = next
      const members = record.members.map(m => ({ ...m, type: this.#copy(m.type, false, 0) }))
      this.#builder.define(copy, { ...record, members })
    }
    return copied
  }

  #copy(id: number, pointedTo: boolean, depth: number): number {
    if (id === 0) return 0
    const known = this.#done.get(id)
    if (known !== undefined) return known
    if (depth > MAX_DEPTH) throw badBtf("BTF_CYCLE", `BTF type ${id} is nested deeper than ${MAX_DEPTH} types`)
    const type = this.#from.type(id)
    if (isRecord(type)) {
      if (pointedTo && !this.#full && type.name !== "") {
        const forward =
          this.#forward.get(id) ?? this.#builder.add({ kind: "fwd", name: type.name, union: type.kind === "union" })
        this.#forward.set(id, forward)
        return forward
      }
      const copy = this.#builder.reserve()
      this.#done.set(id, copy)
      this.#pending.push([type, copy])
      return copy
    }
    const alias = ALIASES.has(type.kind)
    const through = type.kind === "ptr" || type.kind === "func_proto" || (pointedTo && alias)
    const inner = (part: number): number => this.#copy(part, through, depth + 1)
    let input: BtfTypeInput
    switch (type.kind) {
      case "void":
        return 0
      case "int":
      case "float":
      case "enum":
      case "enum64":
      case "fwd":
        input = type
        break
      case "func_proto":
        input = { ...type, type: inner(type.type), params: type.params.map(p => ({ ...p, type: inner(p.type) })) }
        break
      case "datasec":
        input = { ...type, vars: type.vars.map(v => ({ ...v, type: inner(v.type) })) }
        break
      case "array":
        input = { ...type, type: inner(type.type), indexType: inner(type.indexType) }
        break
      default:
        input = { ...type, type: inner(type.type) }
    }
    const copy = this.#builder.add(input)
    // A typedef that is pointed to may stand for a forward declaration where a value needs the whole type.
    if (!(pointedTo && alias)) this.#done.set(id, copy)
    return copy
  }
}
