import { badBtf } from "./error.ts"
import { BTF_KIND, BTF_KIND_NAMES, type BtfKind } from "./format.ts"
import { IndexedSection } from "./indexed/section.ts"
import type { ByteSource } from "./indexed/source.ts"
import { MemorySection } from "./memory.ts"
import type { BtfSection } from "./section.ts"
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
 * A .BTF section that is decoded only where it is asked. Ids and string offsets of split BTF continue those of its base.
 */
export class Btf {
  readonly base: Btf | undefined
  /** Id of this section's own first type: 1, or the base's `count`. */
  readonly firstId: number
  /** Ids below this one are valid, `void` (0) and the base's among them. */
  readonly count: number
  readonly #section: BtfSection
  readonly #types = new Map<number, BtfType>()
  readonly #found = new Map<string, number>()
  readonly #enumerators = new Map<string, FoundEnumerator | undefined>()
  readonly #string = (offset: number): string => this.string(offset)

  private constructor(section: BtfSection, base: Btf | undefined) {
    this.base = base
    this.#section = section
    this.firstId = base === undefined ? 1 : base.count
    this.count = this.firstId + section.count
  }

  /**
   * Opens a .BTF section (the content of /sys/kernel/btf/vmlinux, say). The bytes are not copied and must not change afterwards.
   * @throws SkepError BTF_TRUNCATED, BTF_BAD_MAGIC, BTF_BAD_VERSION, BTF_BAD_HEADER, BTF_BAD_KIND, BTF_BAD_STRING
   */
  static parse(bytes: Uint8Array, { base }: BtfParseOptions = {}): Btf {
    return new Btf(new MemorySection(bytes, base === undefined ? 0 : base.endOfStrings), base)
  }

  /** Opens what {@link indexedBtf} made, of which parts are read when they are asked for; undefined when it is something else. */
  static open(file: ByteSource): Btf | undefined {
    const section = IndexedSection.open(file)
    return section && new Btf(section, undefined)
  }

  get littleEndian(): boolean {
    return this.#section.littleEndian
  }

  /** The whole section. */
  get bytes(): Uint8Array {
    return this.#section.bytes
  }

  /** Offset after the last string. */
  get endOfStrings(): number {
    return this.#section.endOfStrings
  }

  /** Kind of a type. @throws SkepError BTF_BAD_ID */
  kind(id: number): BtfKind {
    if (id === 0) return "void"
    const owner = this.#owner(id)
    return BTF_KIND_NAMES[(owner.#section.word(id - owner.firstId, 1) >>> 24) & 31]
  }

  /** Name of a type; empty for one that has none. @throws SkepError BTF_BAD_ID, BTF_BAD_STRING */
  name(id: number): string {
    if (id === 0) return ""
    const owner = this.#owner(id)
    return owner.string(owner.#section.word(id - owner.firstId, 0))
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
    const type = this.#section.decode(id - this.firstId, this.#string)
    this.#types.set(id, type)
    return type
  }

  /** The string at an offset of the string section, the base's included. @throws SkepError BTF_BAD_STRING */
  string(offset: number): string {
    if (offset === 0) return ""
    let owner: Btf = this
    while (owner.base !== undefined && offset < owner.#section.firstString) owner = owner.base
    return owner.#section.string(offset)
  }

  /**
   * Id of the first type with a name and one of the kinds given (of any kind when none is given); 0 when there is none.
   * The base is searched first. `find("task_struct", "struct")`.
   */
  find(name: string, ...kinds: readonly BtfKind[]): number {
    const key = kinds.length === 0 ? name : `${kinds.join()} ${name}`
    let id = this.#found.get(key)
    if (id === undefined) {
      id = this.base?.find(name, ...kinds) || this.#find(name, kinds)
      this.#found.set(key, id)
    }
    return id
  }

  /** Ids of all types with a name and one of the kinds given (any, when none is given), in rising order. */
  findAll(name: string, ...kinds: readonly BtfKind[]): number[] {
    const inherited = this.base?.findAll(name, ...kinds) ?? []
    if (name === "") return inherited
    const own = this.#section.findAll(name, kinds.length === 0 ? NAMED_KINDS : kinds, this.#inherited(name))
    return [...inherited, ...own.map(type => this.firstId + type)]
  }

  /** The strings that hold a text, the base's included: names among them. */
  namesWith(text: string): string[] {
    return [...(this.base?.namesWith(text) ?? []), ...this.#section.stringsWith(text)]
  }

  /** Ids of all types of a kind, in rising order, the base's first. */
  *ids(kind: BtfKind): Generator<number, void, undefined> {
    if (this.base !== undefined) yield* this.base.ids(kind)
    for (const type of this.#section.ofKind(kind)) yield this.firstId + type
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
      const type = id - owner.firstId
      switch ((owner.#section.word(type, 1) >>> 24) & 31) {
        case BTF_KIND.typedef:
        case BTF_KIND.const:
        case BTF_KIND.volatile:
        case BTF_KIND.restrict:
        case BTF_KIND.type_tag:
          id = owner.#section.word(type, 2)
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

  /** Among this section's own types. */
  #find(name: string, kinds: readonly BtfKind[]): number {
    if (name === "") return 0
    const type = this.#section.find(name, kinds.length === 0 ? NAMED_KINDS : kinds, this.#inherited(name))
    return type < 0 ? 0 : this.firstId + type
  }

  /** Among this section's own types. */
  #findEnumerator(name: string): FoundEnumerator | undefined {
    if (name === "") return undefined
    const found = this.#section.findEnumerator(name, this.#inherited(name))
    return found && { name, value: found.value, type: this.firstId + found.type }
  }

  /** Offsets of a name in the strings of the base and its base. */
  *#inherited(name: string): Generator<number, void, undefined> {
    if (this.base === undefined) return
    yield* this.base.#inherited(name)
    yield* this.base.#section.offsets(name)
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
