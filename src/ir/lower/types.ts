import { BtfBuilder, type BtfLinkage, type BtfMemberInput } from "../../btf/index.ts"
import {
  type Attribute,
  CONST,
  canonical,
  type EnumDecl,
  type FunctionDecl,
  type FunctionType,
  INT_NAMES,
  type IntType,
  RESTRICT,
  type RecordDecl,
  type Type,
  type VarDecl,
  VOLATILE,
} from "../../c/index.ts"
import type { TypeTable } from "../ir.ts"

/** A variable with its place in a section. */
interface SectionVar {
  readonly name: string
  readonly decl: VarDecl | undefined
  readonly type: Type | undefined
  readonly offset: number
  readonly size: number
}

/**
 * The BTF of a program: the C types of its maps, functions and variables. Records of the kernel are written out only where they lie in another
 * type; behind a pointer their name is enough.
 */
export class ProgramTypes implements TypeTable {
  readonly #btf = new BtfBuilder()
  readonly #records = new Map<RecordDecl, number>()
  readonly #enums = new Map<EnumDecl, number>()
  readonly #functions = new Map<FunctionDecl, number>()
  /** What others define, by name: ids that are defined when it is known which of them the code still uses. */
  readonly #outside = new Map<string, { readonly id: number; readonly kind: "func" | "var"; readonly type: number }>()
  /** Set while the types of a function of the kernel are written. */
  #kernels = false

  addString(text: string): number {
    return this.#btf.string(text)
  }

  /** The kernel takes no declaration of what is not used: only its type stays, under its name. */
  encode(used?: ReadonlySet<string>): Uint8Array {
    for (const [name, { id, kind, type }] of this.#outside) {
      const declared = used === undefined || used.has(name)
      this.#btf.define(id, declared ? { kind, name, type, linkage: "extern" } : { kind: "typedef", name, type })
    }
    this.#outside.clear()
    return this.#btf.encode()
  }

  #external(name: string, kind: "func" | "var", type: number): number {
    const known = this.#outside.get(name)
    if (known !== undefined) return known.id
    const id = this.#btf.reserve()
    this.#outside.set(name, { id, kind, type })
    return id
  }

  /** Id of an object type. */
  id(type: Type): number {
    return this.#qualified(type, false)
  }

  /** Id of a type, without qualifiers, with all its members. */
  root(type: Type): number {
    return this.#plain(type, false)
  }

  /**
   * Id of a function (`BTF_KIND_FUNC`). Programs are static ones, so that they may be called with anything; the kernel checks a global one by the
   * types of its parameters, apart from its callers, so what these point to is written out.
   */
  func(decl: FunctionDecl, linkage: BtfLinkage = "static"): number {
    let id = this.#functions.get(decl)
    if (id !== undefined) return id
    const names = decl.params.map(p => p.name)
    // An old-style definition has parameters that its type does not tell of.
    const params = decl.type.unspecified ? decl.params.map(p => p.type) : decl.type.params
    this.#kernels = linkage === "extern"
    const type = this.#prototype({ ...decl.type, params }, names, linkage === "global")
    this.#kernels = false
    id =
      linkage === "extern"
        ? this.#external(decl.name, "func", type)
        : this.#btf.add({ kind: "func", name: decl.name, type, linkage })
    this.#functions.set(decl, id)
    this.#declTags(id, -1, declTags(decl))
    decl.params.forEach((param, i) => {
      this.#declTags(id!, i, declTags(param))
    })
    return id
  }

  /** Id of a variable that the kernel defines, or of one whose value the loader fills in. */
  externVariable(decl: VarDecl): number {
    return this.#external(decl.name, "var", this.id(decl.type))
  }

  /** Id of a section of global data. */
  datasec(section: string, size: number, vars: readonly SectionVar[]): number {
    const entries = vars.map(({ name, decl, type: of, offset, size: bytes }) => {
      const type = of === undefined ? this.#stringType(bytes) : this.id(of)
      const variable = this.#btf.add({ kind: "var", name: variableName(name), type, linkage: linkageOf(decl) })
      this.#declTags(variable, -1, decl === undefined ? [] : declTags(decl))
      return { type: variable, offset, size: bytes }
    })
    return this.#btf.add({ kind: "datasec", name: section, size, vars: entries })
  }

  #declTags(type: number, component: number, tags: readonly string[]): void {
    for (const name of tags) this.#btf.add({ kind: "decl_tag", name, type, component })
  }

  #stringType(bytes: number): number {
    const char = this.#int({ kind: "int", quals: 0, name: "char", size: 1, signed: true, rank: 1 })
    return this.#array(this.#btf.add({ kind: "const", type: char }), bytes)
  }

  /** Qualifiers around a type; `behind` is true for what is only pointed to. */
  #qualified(type: Type, behind: boolean): number {
    // What a tag marks is looked for by its kind and name, so a name alone will not do.
    const outer = this.#kernels
    if (type.tags !== undefined) this.#kernels = true
    let id = this.#plain(type, behind)
    this.#kernels = outer
    // Qualifiers of an array are those of its elements.
    if (type.kind === "array" || type.kind === "function") return id
    // Tags stand between the pointer and its target.
    for (const name of type.tags ?? []) id = this.#btf.add({ kind: "type_tag", name, type: id })
    if (type.quals & RESTRICT && type.kind === "pointer") id = this.#btf.add({ kind: "restrict", type: id })
    if (type.quals & VOLATILE) id = this.#btf.add({ kind: "volatile", type: id })
    if (type.quals & CONST) id = this.#btf.add({ kind: "const", type: id })
    return id
  }

  #plain(type: Type, behind: boolean): number {
    switch (type.kind) {
      case "void":
        return 0
      case "int":
        return this.#int(type)
      case "float":
        return this.#btf.add({ kind: "float", name: type.name, size: type.size })
      case "pointer":
        return this.#btf.add({ kind: "ptr", type: this.#qualified(type.to, true) })
      case "array":
        return this.#array(this.#qualified(type.element, behind), type.count ?? 0)
      case "function":
        return this.#prototype(type, [])
      case "typedef":
        return this.#btf.add({ kind: "typedef", name: type.decl.name, type: this.#qualified(type.decl.type, behind) })
      case "record":
        return this.#record(type.decl, behind)
      case "enum":
        return this.#enum(type.decl)
    }
  }

  #int({ name, size, signed }: IntType): number {
    return this.#btf.add({ kind: "int", name: INT_NAMES[name], size, signed, bool: name === "bool" })
  }

  #array(element: number, count: number): number {
    const index = this.#btf.add({ kind: "int", name: "__ARRAY_SIZE_TYPE__", size: 4 })
    return this.#btf.add({ kind: "array", type: element, indexType: index, count })
  }

  #record(decl: RecordDecl, behind: boolean): number {
    const known = this.#records.get(decl)
    if (known !== undefined) return known
    if (decl.tag !== undefined && ((behind && decl.origin === "btf") || !decl.complete)) {
      // Loaders compare the kind and the name of what a function of the kernel takes: the members are nobody's concern.
      if (this.#kernels)
        return this.#btf.add({ kind: decl.isUnion ? "union" : "struct", name: decl.tag, size: 0, members: [] })
      return this.#btf.add({ kind: "fwd", name: decl.tag, union: decl.isUnion })
    }
    // The id comes first: a member may point back to the record.
    const id = this.#btf.reserve()
    this.#records.set(decl, id)
    const members = decl.fields.map((field): BtfMemberInput => {
      const bit = field.offset * 8 + (field.bitOffset ?? 0)
      const type = this.#qualified(field.type, false)
      return {
        name: field.name ?? "",
        type,
        bitOffset: bit,
        ...(field.bitWidth !== undefined && { bitSize: field.bitWidth }),
      }
    })
    const kind = decl.isUnion ? "union" : "struct"
    this.#btf.define(id, { kind, name: decl.tag ?? "", size: decl.size, members })
    this.#declTags(id, -1, tagsOf(decl.attrs))
    decl.fields.forEach((field, i) => {
      this.#declTags(id, i, field.tags ?? [])
    })
    return id
  }

  #enum(decl: EnumDecl): number {
    const known = this.#enums.get(decl)
    if (known !== undefined) return known
    const { size, signed } = decl.underlying
    const values = decl.constants.map(c => ({ name: c.name, value: c.value }))
    const id = this.#btf.add({ kind: size > 4 ? "enum64" : "enum", name: decl.tag ?? "", size, signed, values })
    this.#enums.set(decl, id)
    return id
  }

  /** The kernel wants a name for every parameter of a function that has code, and none for the others. */
  #prototype(type: FunctionType, names: readonly string[], whole = false): number {
    const params = type.params.map((param, i) => {
      const name = names.length === 0 ? "" : names[i] || `arg${i}`
      const t = canonical(param)
      const passed = t.kind === "array" ? ({ kind: "pointer", quals: 0, to: t.element } as const) : param
      // A record that was written out once is known by its own id from then on.
      if (whole && passed.kind === "pointer" && canonical(passed.to).kind === "record") this.root(canonical(passed.to))
      return { name, type: this.#qualified(passed, false) }
    })
    return this.#btf.add({
      kind: "func_proto",
      type: this.#qualified(type.ret, false),
      params,
      variadic: type.variadic,
    })
  }
}

const tagsOf = (attrs: readonly Attribute[]): string[] =>
  attrs.filter(a => a.name === "btf_decl_tag").map(a => String(a.args[0]))

const declTags = (decl: VarDecl | FunctionDecl): string[] => tagsOf(decl.attrs)

function linkageOf(decl: VarDecl | undefined): BtfLinkage {
  if (decl === undefined || decl.storage === "static") return "static"
  return decl.storage === "extern" && decl.init === undefined ? "extern" : "global"
}

/** A name that the kernel takes for a variable: a C identifier. */
function variableName(name: string): string {
  return name.replace(/^\./, "__").replace(/[^A-Za-z0-9_]/g, "_")
}
