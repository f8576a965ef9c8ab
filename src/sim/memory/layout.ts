import { SkepError } from "../../base/index.ts"
import { type Btf, findMember, isRecord, sizeOf } from "../../btf/index.ts"

/** Where a part of a record is, and what. */
export interface Place {
  /** Bytes from the start of the record. */
  readonly offset: number
  /** Bytes of it; of a bit-field, of the number that it is a part of. */
  readonly size: number
  /** Id of its type, without typedefs and qualifiers. */
  readonly type: number
  /** A bit-field: how far its bits are shifted in the number, and how many there are. */
  readonly bits?: { readonly shift: number; readonly width: number }
}

/** Where members of the simulated kernel's records are, by their names, as its BTF has them. */
export class Layouts {
  readonly btf: Btf
  /** By record, then by path. */
  readonly #places = new Map<number, Map<string, Place>>()
  readonly #records = new Map<string, number>()

  constructor(btf: Btf) {
    this.btf = btf
  }

  /** Id of a struct or union by name. @throws SkepError SIM_NO_TYPE */
  record(name: string): number {
    let id = this.#records.get(name)
    if (id === undefined) {
      id = this.btf.find(name, "struct") || this.btf.find(name, "union")
      if (id === 0) throw noType(`struct ${name}`)
      this.#records.set(name, id)
    }
    return id
  }

  /** Bytes of a type. */
  size(type: number): number {
    return sizeOf(this.btf, type)
  }

  /**
   * A member by its path: `f_path.dentry`, `comm`, `numbers[0].nr`. Members of anonymous members are found by their own names.
   * @throws SkepError SIM_NO_TYPE
   */
  place(record: number, path: string): Place {
    let places = this.#places.get(record)
    if (places === undefined) this.#places.set(record, (places = new Map()))
    let place = places.get(path)
    if (place === undefined) places.set(path, (place = this.#find(record, path)))
    return place
  }

  /** Whether a record has a member of that path. */
  has(record: number, path: string): boolean {
    try {
      this.place(record, path)
      return true
    } catch {
      return false
    }
  }

  #find(record: number, path: string): Place {
    let bits = 0
    let type = record
    let width = 0
    for (const step of path.match(/\w+|\[\d+\]/g) ?? []) {
      if (step.startsWith("[")) {
        const array = this.btf.resolved(type)
        if (array.kind !== "array") throw noType(`${this.btf.name(record)}.${path}`)
        bits += Number(step.slice(1, -1)) * sizeOf(this.btf, array.type) * 8
        type = array.type
        continue
      }
      const member = findMember(this.btf, type, step)
      if (member === undefined) throw noType(`${this.btf.name(record)}.${path}`)
      bits += member.bitOffset
      width = member.bitSize
      type = member.type
    }
    const resolved = this.btf.resolve(type)
    const size = sizeOf(this.btf, resolved)
    if (width === 0) return { offset: bits >> 3, size, type: resolved }
    const offset = Math.floor(bits / 8 / size) * size
    return { offset, size, type: resolved, bits: { shift: bits - offset * 8, width } }
  }

  /** What a pointer at a place points to; 0 where it is none. */
  pointee(type: number): number {
    const pointer = this.btf.resolved(type)
    return pointer.kind === "ptr" ? this.btf.resolve(pointer.type) : 0
  }

  /** Whether a type is a struct or union. */
  isRecord(type: number): boolean {
    return isRecord(this.btf.resolved(type))
  }
}

function noType(what: string): SkepError {
  return new SkepError({
    code: "SIM_NO_TYPE",
    message: `the simulated kernel's types have no ${what}`,
    hint: "look at the type with skep's BTF of the snapshot; another kernel's may have other members",
  })
}
