import { decodeType, join64 } from "./decode.ts"
import { badBtf } from "./error.ts"
import { BTF_KIND, BTF_KIND_NAMES, type BtfKind } from "./format.ts"
import { parseHeader } from "./header.ts"
import { scanTypes, type TypeIndex } from "./scan.ts"
import { StringTable } from "./strings.ts"
import type { BtfType } from "./types.ts"

/** Longest chain of typedefs and qualifiers that is followed; the kernel itself stops at 32. */
const MAX_CHAIN = 64

export interface BtfParseOptions {
  /** The BTF that this one continues: the kernel's, for a module's BTF. */
  readonly base?: Btf
}

/** An enumerator and where it was found. */
export interface FoundEnumerator {
  readonly name: string
  /** A bigint for an `enum64`. */
  readonly value: number | bigint
  /** Id of the `enum` or `enum64`. */
  readonly type: number
}

/**
 * A .BTF section that is decoded only where it is asked. Opening makes one pass over the type headers; a lookup by name
 * finds the name's place among the strings and compares that along the types of one kind. Ids and string offsets of
 * split BTF continue those of its base.
 *
 * The bytes are not copied and must not change afterwards.
 */
export class Btf {
  readonly base: Btf | undefined
  readonly littleEndian: boolean
  /** Id of this section's own first type: 1, or the base's `count`. */
  readonly firstId: number
  /** Ids below this one are valid, `void` (0) and the base's among them. */
  readonly count: number
  readonly words: Uint32Array
  readonly strings: StringTable
  /** The whole section, as it was opened. */
  readonly bytes: Uint8Array
  readonly #index: TypeIndex
  readonly #types = new Map<number, BtfType>()
  readonly #found = new Map<string, number>()
  readonly #enumerators = new Map<string, FoundEnumerator | undefined>()

  private constructor(bytes: Uint8Array, base: Btf | undefined) {
    const { littleEndian, words, strings } = parseHeader(bytes)
    this.base = base
    this.bytes = bytes
    this.littleEndian = littleEndian
    this.words = words
    this.strings = new StringTable(strings, base === undefined ? 0 : base.strings.end)
    this.#index = scanTypes(words)
    this.firstId = base === undefined ? 1 : base.count
    this.count = this.firstId + this.#index.count
  }

  /**
   * Opens a .BTF section (the content of /sys/kernel/btf/vmlinux, say).
   * @throws SkepError BTF_TRUNCATED, BTF_BAD_MAGIC, BTF_BAD_VERSION, BTF_BAD_HEADER, BTF_BAD_KIND, BTF_BAD_STRING
   */
  static parse(bytes: Uint8Array, options: BtfParseOptions = {}): Btf {
    return new Btf(bytes, options.base)
  }

  /** Kind of a type. @throws SkepError BTF_BAD_ID */
  kind(id: number): BtfKind {
    if (id === 0) return "void"
    const owner = this.#owner(id)
    return BTF_KIND_NAMES[(owner.words[owner.#start(id) + 1] >>> 24) & 31]
  }

  /** Name of a type; empty for one that has none. @throws SkepError BTF_BAD_ID, BTF_BAD_STRING */
  name(id: number): string {
    if (id === 0) return ""
    const owner = this.#owner(id)
    return owner.string(owner.words[owner.#start(id)])
  }

  /**
   * The decoded type; asking again gives the same object.
   * @throws SkepError BTF_BAD_ID, BTF_BAD_STRING, BTF_BAD_LINKAGE
   */
  type(id: number): BtfType {
    const known = this.#types.get(id)
    if (known !== undefined) return known
    if (id === 0) return VOID
    const owner = this.#owner(id)
    if (owner !== this) return owner.type(id)
    const type = decodeType(this, this.#start(id))
    this.#types.set(id, type)
    return type
  }

  /** The string at an offset of the string section, the base's included. @throws SkepError BTF_BAD_STRING */
  string(offset: number): string {
    if (offset === 0) return ""
    let owner: Btf = this
    while (owner.base !== undefined && offset < owner.strings.start) owner = owner.base
    return owner.strings.get(offset)
  }

  /**
   * Id of the first type with a name and one of the kinds given (of any kind when none is given); 0 when there is none.
   * The base is searched first. `find("task_struct", "struct")`.
   */
  find(name: string, ...kinds: readonly BtfKind[]): number {
    const key = kinds.length === 0 ? name : `${kinds.join()} ${name}`
    let id = this.#found.get(key)
    if (id === undefined) {
      id = this.base?.find(name, ...kinds) || this.#find(name, kinds.length === 0 ? NAMED_KINDS : kinds)
      this.#found.set(key, id)
    }
    return id
  }

  /** Ids of all types with a name and one of the kinds given (any, when none is given), in rising order. */
  findAll(name: string, ...kinds: readonly BtfKind[]): number[] {
    const ids = this.base?.findAll(name, ...kinds) ?? []
    const { words, firstId } = this
    const { first, next, start } = this.#index
    for (const offset of this.#offsets(name)) {
      for (const kind of kinds.length === 0 ? NAMED_KINDS : kinds) {
        for (let i = first[BTF_KIND[kind]]; i !== 0; i = next[i - 1]) {
          if (words[start[i - 1]] === offset) ids.push(firstId + i - 1)
        }
      }
    }
    return ids.sort((a, b) => a - b)
  }

  /** The strings that hold a text, the base's included: names among them. */
  namesWith(text: string): string[] {
    return [...(this.base?.namesWith(text) ?? []), ...this.strings.with(text)]
  }

  /** Ids of all types of a kind, in rising order, the base's first. */
  *ids(kind: BtfKind): Generator<number, void, undefined> {
    if (this.base !== undefined) yield* this.base.ids(kind)
    const { first, next } = this.#index
    for (let i = first[BTF_KIND[kind]]; i !== 0; i = next[i - 1]) yield this.firstId + i - 1
  }

  /** The first enumerator of that name in any `enum` or `enum64`. */
  findEnumerator(name: string): FoundEnumerator | undefined {
    const known = this.#enumerators.get(name)
    if (known !== undefined || this.#enumerators.has(name)) return known
    const found = this.base?.findEnumerator(name) ?? this.#findEnumerator(name)
    this.#enumerators.set(name, found)
    return found
  }

  /**
   * The type that is left when typedefs, `const`, `volatile`, `restrict` and type tags are taken off.
   * @throws SkepError BTF_BAD_ID, BTF_CYCLE
   */
  resolve(id: number): number {
    for (let n = 0; n < MAX_CHAIN; n++) {
      if (id === 0) return 0
      const owner = this.#owner(id)
      const at = owner.#start(id)
      switch ((owner.words[at + 1] >>> 24) & 31) {
        case BTF_KIND.typedef:
        case BTF_KIND.const:
        case BTF_KIND.volatile:
        case BTF_KIND.restrict:
        case BTF_KIND.type_tag:
          id = owner.words[at + 2]
          break
        default:
          return id
      }
    }
    throw badBtf("BTF_CYCLE", `BTF type ${id} is a chain of more than ${MAX_CHAIN} typedefs and qualifiers`)
  }

  /** The decoded type behind typedefs and qualifiers. @throws SkepError as `resolve` and `type` do */
  resolved(id: number): BtfType {
    return this.type(this.resolve(id))
  }

  #owner(id: number): Btf {
    if (!(id > 0 && id < this.count && Number.isInteger(id))) {
      throw badBtf("BTF_BAD_ID", `BTF has no type ${id}: its ids go from 0 to ${this.count - 1}`)
    }
    let owner: Btf = this
    while (id < owner.firstId) owner = owner.base!
    return owner
  }

  #start(id: number): number {
    return this.#index.start[id - this.firstId]
  }

  /** Offsets of a name in the strings of this BTF and its base: one, where no string is there twice. */
  *#offsets(name: string): Generator<number, void, undefined> {
    if (name === "") return
    if (this.base !== undefined) yield* this.base.#offsets(name)
    for (let at = this.strings.find(name); at >= 0; at = this.strings.find(name, at)) yield at
  }

  /** Among this section's own types. */
  #find(name: string, kinds: readonly BtfKind[]): number {
    const { words, firstId } = this
    const { first, next, start } = this.#index
    for (const offset of this.#offsets(name)) {
      let best = 0
      for (const kind of kinds) {
        for (let i = first[BTF_KIND[kind]]; i !== 0 && (best === 0 || i < best); i = next[i - 1]) {
          if (words[start[i - 1]] === offset) best = i
        }
      }
      if (best !== 0) return firstId + best - 1
    }
    return 0
  }

  /** Among this section's own types. */
  #findEnumerator(name: string): FoundEnumerator | undefined {
    for (const offset of this.#offsets(name)) {
      const found = this.#enumeratorAt(name, offset, 2) ?? this.#enumeratorAt(name, offset, 3)
      if (found !== undefined) return found
    }
    return undefined
  }

  /** `stride`: words an enumerator takes, 2 in an enum and 3 in an enum64. */
  #enumeratorAt(name: string, offset: number, stride: 2 | 3): FoundEnumerator | undefined {
    const { words, firstId } = this
    const { first, next, start } = this.#index
    for (let i = first[stride === 2 ? BTF_KIND.enum : BTF_KIND.enum64]; i !== 0; i = next[i - 1]) {
      const info = words[start[i - 1] + 1]
      let at = start[i - 1] + 3
      for (const end = at + (info & 0xffff) * stride; at < end; at += stride) {
        if (words[at] !== offset) continue
        const signed = info >>> 31 === 1
        const low = words[at + 1]
        const value = stride === 3 ? join64(low, words[at + 2], signed) : signed ? low | 0 : low
        return { name, value, type: firstId + i - 1 }
      }
    }
    return undefined
  }
}

const VOID: BtfType = { kind: "void", name: "" }

/** Kinds whose name a lookup without kinds goes through. */
const NAMED_KINDS: readonly BtfKind[] = [
  "int",
  "struct",
  "union",
  "enum",
  "enum64",
  "fwd",
  "typedef",
  "float",
  "func",
  "var",
  "datasec",
]
