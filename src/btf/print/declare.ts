import { SkepError } from "../../base/index.ts"
import type { Btf } from "../btf.ts"
import { badBtf } from "../error.ts"
import type { Enum64Type, EnumType, FuncProtoType, RecordType } from "../types.ts"
import { identifier, type Names, plainNames } from "./names.ts"
import { planRecord, type RecordPart } from "./record.ts"

/** Deepest nesting of declarators, parameters and anonymous members. */
const MAX_DEPTH = 128
/** Most lines of one definition: a bound for damaged BTF whose anonymous members double at every level. */
const MAX_LINES = 200_000

/** Writes types as C declarations and definitions. Type tags are left out. */
export class Declarations {
  readonly #btf: Btf
  readonly #names: Names
  #lines = 0

  constructor(btf: Btf, names: Names = plainNames(btf)) {
    this.#btf = btf
    this.#names = names
  }

  /**
   * A declaration of `name` with a type: `char comm[16]`, `int (*open)(struct inode *, struct file *)`. Anonymous
   * records and enumerations are written out, over several lines that are indented by `indent` tabs.
   */
  declare(id: number, name = "", indent = 0): string {
    this.#lines = 0
    return this.#declare(id, name, indent, 0)
  }

  /** A whole definition, with its semicolon: of a record or enumeration, a typedef, a function or variable. */
  define(id: number): string {
    this.#lines = 0
    const btf = this.#btf
    const type = btf.type(id)
    switch (type.kind) {
      case "struct":
      case "union":
        return `${this.#record(id, type, 0, 0)};`
      case "enum":
      case "enum64":
        return `${this.#enum(id, type, 0)};`
      case "typedef":
        return `typedef ${this.#declare(type.type, this.#names.ordinary(id), 0, 0)};`
      case "datasec":
        return type.vars.map(v => this.#variable(v.type)).join("\n")
      default:
        return this.#variable(id)
    }
  }

  /** A function or variable with its storage class. */
  #variable(id: number): string {
    const type = this.#btf.type(id)
    const storage = (type.kind === "func" || type.kind === "var") && type.linkage !== "global" ? `${type.linkage} ` : ""
    return `${storage}${this.#declare(id, "", 0, 0)};`
  }

  #declare(id: number, inner: string, indent: number, depth: number): string {
    const btf = this.#btf
    let qualifiers = ""
    for (let steps = depth; steps < MAX_DEPTH; steps++) {
      const type = btf.type(id)
      switch (type.kind) {
        case "const":
        case "volatile":
        case "restrict":
          qualifiers += `${type.kind} `
          id = type.type
          break
        case "type_tag":
        case "decl_tag":
          id = type.type
          break
        case "ptr": {
          inner = `*${inner === "" ? qualifiers.trimEnd() : qualifiers + inner}`
          qualifiers = ""
          id = type.type
          const pointee = this.#unqualified(id)
          if (pointee === "array" || pointee === "func_proto") inner = `(${inner})`
          break
        }
        case "array":
          inner += `[${type.count}]`
          id = type.type
          break
        case "func_proto":
          inner += this.#parameters(type, indent, steps)
          qualifiers = ""
          id = type.type
          break
        case "func":
        case "var":
          inner ||= this.#names.ordinary(id)
          id = type.type
          break
        default:
          return join(qualifiers + this.#base(id, indent, steps), inner)
      }
    }
    throw badBtf("BTF_CYCLE", `BTF type ${id} is nested deeper than ${MAX_DEPTH} declarators`)
  }

  /** Kind behind qualifiers and tags, but not behind typedefs. */
  #unqualified(id: number): string {
    for (let steps = 0; steps < MAX_DEPTH; steps++) {
      const type = this.#btf.type(id)
      if (type.kind !== "const" && type.kind !== "volatile" && type.kind !== "restrict" && type.kind !== "type_tag") {
        return type.kind
      }
      id = type.type
    }
    return "void"
  }

  #parameters(type: FuncProtoType, indent: number, depth: number): string {
    const params = type.params.map(p => {
      this.#count()
      return this.#declare(p.type, p.name === "" ? "" : identifier(p.name), indent, depth + 1)
    })
    if (params.length === 0) return type.variadic ? "()" : "(void)"
    if (type.variadic) params.push("...")
    return `(${params.join(", ")})`
  }

  #base(id: number, indent: number, depth: number): string {
    const type = this.#btf.type(id)
    switch (type.kind) {
      case "int":
      case "float":
        return isCName(type.name) ? type.name : this.#names.ordinary(id)
      case "typedef":
        return this.#names.ordinary(id)
      case "struct":
      case "union":
        return type.name === "" ? this.#record(id, type, indent, depth) : `${type.kind} ${this.#names.tag(id)}`
      case "fwd":
        return `${type.union ? "union" : "struct"} ${this.#names.tag(id)}`
      case "enum":
      case "enum64":
        if (type.name !== "") return `enum ${this.#names.tag(id)}`
        return this.#names.writesEnum(id) ? this.#enum(id, type, indent) : integerOf(type.size, type.signed)
      default:
        return "void"
    }
  }

  #record(id: number, type: RecordType, indent: number, depth: number): string {
    if (depth > MAX_DEPTH) throw badBtf("BTF_CYCLE", `BTF type ${id} is nested deeper than ${MAX_DEPTH} records`)
    const { packed, parts, filler } = planRecord(this.#btf, id, type)
    const lines = parts.map(part => this.#part(part, indent + 1, depth))
    if (filler.length > 0) lines.push(`struct { ${filler.map(part => this.#part(part, 0, depth)).join(" ")} };`)
    const head = type.name === "" ? type.kind : `${type.kind} ${this.#names.tag(id)}`
    return `${head} {\n${indented(lines, indent)}}${packed ? " __attribute__((packed))" : ""}`
  }

  #part(part: RecordPart, indent: number, depth: number): string {
    this.#count()
    if (part.kind === "gap") return `${part.text};`
    const { member, bitSize } = part
    const name = member.name === "" ? "" : identifier(member.name)
    const declaration = this.#declare(member.type, name, indent, depth + 1)
    return bitSize === 0 ? `${declaration};` : `${declaration} : ${bitSize};`
  }

  #enum(id: number, type: EnumType | Enum64Type, indent: number): string {
    const lines = type.values.map(({ name, value }) => {
      this.#count()
      return `${this.#names.enumerator(name)} = ${integerLiteral(value)},`
    })
    const head = type.name === "" ? "enum" : `enum ${this.#names.tag(id)}`
    // An enumeration without enumerators was only declared.
    if (lines.length === 0) return head
    const wide = type.values.some(v => v.value > 0xffffffff || v.value < -0x80000000)
    const signed = type.values.some(v => v.value < 0)
    const natural = wide || (signed && type.values.some(v => v.value > 0x7fffffff)) ? 8 : 4
    const mode = natural === type.size ? "" : ` __attribute__((mode(${ENUM_MODES[type.size] ?? "SI"})))`
    return `${head} {\n${indented(lines, indent)}}${mode}`
  }

  #count(): void {
    if (++this.#lines <= MAX_LINES) return
    throw new SkepError({
      code: "BTF_TOO_LARGE",
      message: `a C definition would be longer than ${MAX_LINES} lines`,
      hint: "the BTF is damaged: its anonymous members nest without end",
    })
  }
}

const ENUM_MODES: Readonly<Record<number, string>> = { 1: "QI", 2: "HI", 4: "SI", 8: "DI" }

function indented(lines: readonly string[], indent: number): string {
  const tabs = "\t".repeat(indent)
  return `${lines.map(line => `${tabs}\t${line}\n`).join("")}${tabs}`
}

function join(base: string, inner: string): string {
  return inner === "" || inner[0] === "[" ? base + inner : `${base} ${inner}`
}

/** An enumerator's value such that C gives it the same value. */
function integerLiteral(value: number | bigint): string {
  const big = BigInt(value)
  if (big > 0x7fffffffffffffffn) return `${big}ULL`
  if (big === -0x8000000000000000n) return "(-9223372036854775807LL - 1)"
  return big > 0xffffffffn || big < -0x80000000n ? `${big}LL` : String(big)
}

const C_WORDS: ReadonlySet<string> = new Set([
  "char",
  "short",
  "int",
  "long",
  "signed",
  "unsigned",
  "_Bool",
  "__int128",
  "float",
  "double",
])

/** Whether the name of an integer or float type is one that C knows. */
export function isCName(name: string): boolean {
  return name.split(" ").every(word => C_WORDS.has(word))
}

/** A C integer type of a size in bytes. */
export function integerOf(size: number, signed: boolean): string {
  const name = size <= 1 ? "char" : size === 2 ? "short" : size <= 4 ? "int" : size <= 8 ? "long" : "__int128"
  return `${signed ? "signed" : "unsigned"} ${name}`
}

/**
 * A type as C writes it, with the name it declares, if any: `formatType(btf, id, "comm")` is `char comm[16]`.
 * @throws SkepError BTF_BAD_ID, BTF_BAD_STRING, BTF_CYCLE, BTF_TOO_LARGE, BTF_NO_SIZE
 */
export function formatType(btf: Btf, id: number, name = ""): string {
  return new Declarations(btf).declare(id, name)
}

/**
 * The definition of a type, function or variable in C, with its semicolon: `struct point {…};`, `typedef …;`.
 * @throws SkepError as `formatType` does
 */
export function formatDefinition(btf: Btf, id: number): string {
  return new Declarations(btf).define(id)
}
