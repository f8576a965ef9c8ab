import { SourceFile } from "../../base/index.ts"
import {
  alignOf,
  type Btf,
  type BtfMember,
  type Enum64Type,
  type EnumType,
  type RecordType,
  sizeOf,
} from "../../btf/index.ts"
import * as c from "../../c/index.ts"

/**
 * The kernel's types as C types, or a module's on top of them. Everything is made when it is first asked for, and once: a record's members when
 * somebody asks for `fields`, a member's type when somebody asks for `type`. Types of the kernel that a module uses are the kernel's own.
 */
export class BtfTypes {
  /** Attributes of every record. */
  readonly recordAttrs: readonly c.Attribute[]
  readonly #btf: Btf
  readonly #base: BtfTypes | undefined
  readonly #types = new Map<number, c.Type>()
  readonly #records = new Map<number, BtfRecord>()
  readonly #enums = new Map<number, BtfEnum>()
  readonly #typedefs = new Map<number, c.TypedefDecl>()

  constructor(btf: Btf, base?: BtfTypes, recordAttrs: readonly c.Attribute[] = []) {
    this.#btf = btf
    this.#base = base
    this.recordAttrs = base?.recordAttrs ?? recordAttrs
  }

  get btf(): Btf {
    return this.#btf
  }

  typedef(name: string): c.TypedefDecl | undefined {
    const id = this.#btf.find(name, "typedef")
    return id === 0 ? undefined : this.#typedefOf(id)
  }

  record(tag: string, isUnion: boolean): c.RecordDecl | undefined {
    const id = this.#btf.find(tag, isUnion ? "union" : "struct")
    if (id !== 0) return this.recordOf(id)
    const fwd = this.#btf.find(tag, "fwd")
    return fwd === 0 ? undefined : this.recordOf(fwd)
  }

  enum(tag: string): c.EnumDecl | undefined {
    const id = this.#btf.find(tag, "enum", "enum64")
    return id === 0 ? undefined : this.enumOf(id)
  }

  enumerator(name: string): c.Enumerator | undefined {
    const found = this.#btf.findEnumerator(name)
    return found && this.enumOf(found.type).constants.find(e => e.name === name)
  }

  /** A function of the kernel that programs may call, by its prototype in BTF. Kernels since 6.10 mark them. */
  kfunc(name: string): c.FunctionDecl | undefined {
    const id = this.#btf.find(name, "func")
    const func = id === 0 ? undefined : this.#btf.type(id)
    if (func?.kind !== "func") return undefined
    const type = this.type(func.type)
    if (type.kind !== "function" || !this.#isKfunc(id)) return undefined
    const span = { file: BTF_FILE, start: 0, end: 0 }
    const section: c.Attribute = { name: "section", args: [".ksyms"], span }
    return {
      kind: "function",
      name,
      type,
      params: [],
      storage: "extern",
      inline: false,
      body: undefined,
      attrs: [section],
      span,
      kfunc: true,
    }
  }

  #isKfunc(id: number): boolean {
    return this.#btf.findAll("bpf_kfunc", "decl_tag").some(tag => {
      const type = this.#btf.type(tag)
      return type.kind === "decl_tag" && type.type === id
    })
  }

  /** Names of all structs and unions. */
  *tags(): Iterable<string> {
    for (const kind of ["struct", "union"] as const) for (const id of this.#btf.ids(kind)) yield this.#btf.name(id)
  }

  /** Number of elements of an array member, for the macros that are sizes. */
  arrayMember(tag: string, member: string): number | undefined {
    const field = this.record(tag, false)?.fields.find(f => f.name === member)
    const type = field && c.canonical(field.type)
    return type?.kind === "array" ? type.count : type && c.sizeOf(type)
  }

  type(id: number): c.Type {
    if (this.#base !== undefined && id < this.#btf.firstId) return this.#base.type(id)
    const known = this.#types.get(id)
    if (known !== undefined) return known
    const type = this.#make(id)
    this.#types.set(id, type)
    return type
  }

  recordOf(id: number): BtfRecord {
    if (this.#base !== undefined && id < this.#btf.firstId) return this.#base.recordOf(id)
    let record = this.#records.get(id)
    if (record === undefined) this.#records.set(id, (record = new BtfRecord(this, id)))
    return record
  }

  enumOf(id: number): BtfEnum {
    if (this.#base !== undefined && id < this.#btf.firstId) return this.#base.enumOf(id)
    let decl = this.#enums.get(id)
    if (decl === undefined) this.#enums.set(id, (decl = new BtfEnum(this.#btf.type(id) as EnumType | Enum64Type)))
    return decl
  }

  #typedefOf(id: number): c.TypedefDecl {
    if (this.#base !== undefined && id < this.#btf.firstId) return this.#base.#typedefOf(id)
    let decl = this.#typedefs.get(id)
    if (decl === undefined) this.#typedefs.set(id, (decl = new BtfTypedef(this, id)))
    return decl
  }

  #make(id: number): c.Type {
    const type = this.#btf.type(id)
    switch (type.kind) {
      case "int":
        return c.INT_TYPES[intName(type.name, type.size, type.signed, type.bool)]
      case "float":
        return type.size === 4 ? c.FLOAT : type.size === 8 ? c.DOUBLE : c.LONG_DOUBLE
      case "ptr":
        return c.pointerTo(this.type(type.type))
      case "typedef":
        return { kind: "typedef", quals: 0, decl: this.#typedefOf(id) }
      case "const":
        return c.withQuals(this.type(type.type), c.CONST)
      case "volatile":
        return c.withQuals(this.type(type.type), c.VOLATILE)
      case "restrict":
        return c.withQuals(this.type(type.type), c.RESTRICT)
      case "type_tag":
        return this.type(type.type)
      case "array":
        return c.arrayOf(this.type(type.type), type.count)
      case "struct":
      case "union":
      case "fwd":
        return c.recordType(this.recordOf(id))
      case "enum":
      case "enum64":
        return { kind: "enum", quals: 0, decl: this.enumOf(id) }
      case "func_proto": {
        const params = type.params.map(p => this.type(p.type))
        return c.functionType(this.type(type.type), params, type.variadic)
      }
      default:
        return c.VOID
    }
  }
}

const BTF_FILE = new SourceFile("<vmlinux>", "", true)

class BtfTypedef implements c.TypedefDecl {
  readonly kind = "typedefDecl"
  readonly origin = "btf"
  readonly name: string
  readonly #types: BtfTypes
  readonly #id: number

  constructor(types: BtfTypes, id: number) {
    this.#types = types
    this.#id = id
    this.name = types.btf.name(id)
  }

  get type(): c.Type {
    const type = this.#types.btf.type(this.#id)
    return type.kind === "typedef" ? this.#types.type(type.type) : c.VOID
  }
}

class BtfRecord implements c.RecordDecl {
  readonly kind = "recordDecl"
  readonly origin = "btf"
  readonly attrs: readonly c.Attribute[]
  readonly tag: string | undefined
  readonly isUnion: boolean
  readonly complete: boolean
  readonly size: number
  readonly #types: BtfTypes
  readonly #id: number
  #fields: readonly c.Field[] | undefined

  constructor(types: BtfTypes, id: number) {
    const type = types.btf.type(id)
    this.#types = types
    this.#id = id
    this.attrs = types.recordAttrs
    this.tag = type.name === "" ? undefined : type.name
    this.complete = type.kind === "struct" || type.kind === "union"
    this.isUnion = type.kind === "union" || (type.kind === "fwd" && type.union)
    this.size = type.kind === "struct" || type.kind === "union" ? type.size : 0
  }

  get fields(): readonly c.Field[] {
    if (this.#fields === undefined) {
      const type = this.#types.btf.type(this.#id) as RecordType
      this.#fields = this.complete ? type.members.map((m, i) => new BtfField(this.#types, this, m, i)) : []
    }
    return this.#fields
  }

  get align(): number {
    return alignOf(this.#types.btf, this.#id)
  }
}

class BtfField implements c.Field {
  readonly record: c.RecordDecl
  readonly name: string | undefined
  readonly index: number
  readonly offset: number
  readonly bitOffset?: number
  readonly bitWidth?: number
  readonly #types: BtfTypes
  readonly #type: number

  constructor(types: BtfTypes, record: c.RecordDecl, member: BtfMember, index: number) {
    this.#types = types
    this.#type = member.type
    this.record = record
    this.name = member.name === "" ? undefined : member.name
    this.index = index
    if (member.bitSize === 0) this.offset = member.bitOffset >> 3
    else {
      const unit = c.storageUnit(member.bitOffset, member.bitSize, sizeOf(types.btf, member.type))
      this.offset = unit.offset
      this.bitOffset = unit.bitOffset
      this.bitWidth = member.bitSize
    }
  }

  get type(): c.Type {
    return this.#types.type(this.#type)
  }
}

class BtfEnum implements c.EnumDecl {
  readonly kind = "enumDecl"
  readonly origin = "btf"
  readonly complete = true
  readonly tag: string | undefined
  readonly underlying: c.IntType
  readonly #type: EnumType | Enum64Type
  #constants: readonly c.Enumerator[] | undefined

  constructor(type: EnumType | Enum64Type) {
    this.#type = type
    this.tag = type.name === "" ? undefined : type.name
    this.underlying = c.INT_TYPES[intName("", type.size, type.signed, false)]
  }

  get constants(): readonly c.Enumerator[] {
    this.#constants ??= this.#type.values.map(({ name, value }) => enumerator(name, BigInt(value)))
    return this.#constants
  }
}

/** An enumerator with the type that its value gets in an expression: int where it fits, else the next that holds it. */
export function enumerator(name: string, value: bigint): c.Enumerator {
  const fits = [c.INT, c.UINT, c.LONG].find(type => c.wrap(value, type) === value)
  return { name, value, type: fits ?? c.ULONG }
}

function intName(name: string, size: number, signed: boolean, bool: boolean): c.IntName {
  if (bool) return "bool"
  switch (size) {
    case 1:
      return name === "char" ? "char" : signed ? "schar" : "uchar"
    case 2:
      return signed ? "short" : "ushort"
    case 4:
      return signed ? "int" : "uint"
    case 16:
      return signed ? "int128" : "uint128"
    default:
      if (name.includes("long long")) return signed ? "llong" : "ullong"
      return signed ? "long" : "ulong"
  }
}
