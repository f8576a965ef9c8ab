import type { Span } from "../../base/index.ts"
import { alignOf, CONST, type CompoundLit, qualsOf, sizeOf, type Type, type VarDecl, VOLATILE } from "../../c/index.ts"
import type { DataRelocation, DataSymbol, KconfigSpec, MapSpec } from "../../object/index.ts"
import type { GlobalRelocation, GlobalVar } from "../ir.ts"
import { addressConstant } from "./address.ts"
import type { ModuleContext } from "./context.ts"
import { fail } from "./fail.ts"
import { type Image, imageOf, sizeWith } from "./image.ts"
import { placedAlign, sizeFor, spaceOf } from "./repr.ts"
import type { ProgramTypes } from "./types.ts"

/** A variable that was placed, with what the type table needs. */
export interface PlacedGlobal extends GlobalVar {
  /** Undefined for a literal. */
  readonly decl: VarDecl | undefined
  /** Undefined for a string literal. */
  readonly type: Type | undefined
}

/** Section of an arena's variables in an object, by which libbpf knows them. */
const ARENA_SECTION = ".addr_space.1"

/** Bits of a map's flags: the program may only read it (`BPF_F_RDONLY_PROG`). */
const RDONLY_PROG = 0x80

/**
 * The program's global and static variables and string literals, placed in their sections in the order in which they are first used.
 * Each section becomes an array map of one value.
 */
export class GlobalTable {
  readonly placed: PlacedGlobal[] = []
  readonly #byDecl = new Map<VarDecl, PlacedGlobal>()
  readonly #names = new Set<string>()
  readonly #strings = new Map<string, string>()
  readonly #ends = new Map<string, number>()
  /** Function that a static local variable belongs to. */
  readonly #owners = new Map<VarDecl, string>()
  /** Whether a variable stands for a map: its bytes are nowhere. */
  readonly isMap: (decl: VarDecl) => boolean
  readonly #module: ModuleContext
  readonly #definitions = new Map<string, VarDecl>()
  /** Name of the program's arena, whose variables are its first bytes. */
  readonly #arena: string | undefined

  constructor(module: ModuleContext, isMap: (decl: VarDecl) => boolean, arena: string | undefined) {
    this.#module = module
    this.isMap = isMap
    this.#arena = arena
  }

  /** Makes a definition known to `extern` declarations, and to references that a pass over the AST left at an older one. */
  define(decl: VarDecl): void {
    this.#definitions.set(decl.name, decl)
  }

  /** The variable of a name that is defined outside of functions. */
  defined(name: string): VarDecl | undefined {
    return this.#definitions.get(name)
  }

  /** Tells which function a static local variable is declared in. */
  own(decl: VarDecl, func: string): void {
    this.#owners.set(decl, func)
  }

  /** The place of a variable, which it gets on first use. */
  variable(named: VarDecl, span: Span): PlacedGlobal {
    const decl =
      named.scope === "global" || named.storage === "extern" ? (this.#definitions.get(named.name) ?? named) : named
    const known = this.#byDecl.get(decl)
    if (known !== undefined) return known
    if (decl.storage === "extern" && decl.init === undefined) {
      if (this.#module.extern(decl)?.kind === "kconfig") return this.#kconfig(decl)
      if (this.#module.link(decl)) return this.#external(decl)
      fail("IR_EXTERN_VARIABLE", `${decl.name} is declared but not defined in the program`, span, {
        hint: `define it, or remove extern`,
      })
    }
    if (this.isMap(decl)) {
      fail(
        "IR_MAP_VALUE",
        `${decl.name} is a map: it can be passed to helpers and have its methods called, nothing else`,
        span,
      )
    }
    const owner = this.#owners.get(decl)
    const image = decl.init === undefined ? undefined : imageOf(decl.type, decl.init, decl.span)
    const zero = image === undefined || (image.dynamic.length === 0 && image.bytes.every(byte => byte === 0))
    const relocations: GlobalRelocation[] = []
    const placed = this.#place(owner === undefined ? decl.name : `${owner}.${decl.name}`, {
      ...this.#shape(decl.type, decl, decl.span),
      ...this.#sectionOf(decl, zero),
      init: zero ? undefined : image!.bytes,
      ...(!zero && image!.dynamic.length > 0 && { relocations }),
    })
    // An address in the initialiser may be the variable's own.
    this.#byDecl.set(decl, placed)
    if (image !== undefined) this.#relocate(image, relocations, decl.name)
    return placed
  }

  /** The name of a compound literal outside of functions, whose address is taken. */
  literal(e: CompoundLit): string {
    const image = imageOf(e.type, e.init, e.span)
    const relocations: GlobalRelocation[] = []
    this.#relocate(image, relocations, "a compound literal")
    const constant = isConstant(e.type)
    return this.#place(".literal", {
      ...this.#shape(e.type, undefined, e.span),
      section: constant ? ".rodata" : ".data",
      init: image.bytes,
      ...(relocations.length > 0 && { relocations }),
    }).name
  }

  /** The bytes that a variable starts with, addresses left out. */
  bytes(decl: VarDecl): Uint8Array {
    return imageOf(decl.type, decl.init!, decl.span).bytes
  }

  #shape(
    type: Type,
    decl: VarDecl | undefined,
    span: Span,
  ): Pick<PlacedGlobal, "decl" | "type" | "size" | "align" | "constant"> {
    const size = sizeWith(type, decl?.init, span)
    const align = Math.max(placedAlign(type, size), decl?.align ?? 1)
    return { decl, type, size, align, constant: isConstant(type) && (qualsOf(type) & VOLATILE) === 0 }
  }

  /** The parts of an initialiser that are no numbers: addresses, or refused. */
  #relocate({ dynamic }: Image, into: GlobalRelocation[], name: string): void {
    for (const { expr, type, offset, bitField } of dynamic) {
      const address =
        bitField === undefined && sizeFor(type, expr.span) === 8 ? addressConstant(this.#module, expr) : undefined
      if (address === undefined)
        fail("IR_NOT_CONSTANT", `the initialiser of ${name} is not a constant`, expr.span, {
          hint: "set it in the program",
        })
      into.push({ offset, ...address! })
    }
  }

  /** A variable of another object. */
  #external(decl: VarDecl): PlacedGlobal {
    const placed: PlacedGlobal = {
      name: decl.name,
      decl,
      type: decl.type,
      size: sizeOf(decl.type) ?? 0,
      align: alignOf(decl.type),
      section: "",
      offset: 0,
      init: undefined,
      constant: false,
      external: true,
    }
    this.placed.push(placed)
    this.#byDecl.set(decl, placed)
    return placed
  }

  /** A value of the kernel's configuration: read only, and not known before the program is loaded. */
  #kconfig(decl: VarDecl): PlacedGlobal {
    const shape = this.#shape(decl.type, decl, decl.span)
    const placed = this.#place(decl.name, { ...shape, section: ".kconfig", init: undefined, constant: false })
    this.#byDecl.set(decl, placed)
    return placed
  }

  /** The name of a string literal in `.rodata`; equal ones are one. */
  string(bytes: Uint8Array): string {
    const key = bytes.join()
    let name = this.#strings.get(key)
    if (name === undefined) {
      const init = bytes
      name = this.#place(".str", {
        decl: undefined,
        type: undefined,
        size: bytes.length,
        align: 1,
        init,
        section: ".rodata",
        constant: true,
      }).name
      this.#strings.set(key, name)
    }
    return name
  }

  /** Where a variable is, and what that allows the optimiser: others write to an arena at any time. */
  #sectionOf(decl: VarDecl, zero: boolean): Pick<PlacedGlobal, "section" | "internal"> & { constant?: boolean } {
    const space = spaceOf(decl.type)
    if (space === 0) return { section: sectionOf(decl, zero), ...(isInternal(decl) && { internal: true }) }
    if (space === 1 && this.#arena !== undefined) return { section: this.#arena, constant: false }
    return fail("IR_ARENA_VARIABLE", `${decl.name} lives in an arena, and the program has none`, decl.span, {
      hint: "define a map of type BPF_MAP_TYPE_ARENA, or point into one: int __arena *p",
    })
  }

  /** What the program's arena starts with. */
  arena(types: ProgramTypes): Pick<MapSpec, "data" | "symbols"> {
    const size = this.#arena === undefined ? undefined : this.#ends.get(this.#arena)
    if (size === undefined) return {}
    const { vars, data } = this.#content(this.#arena!, size)
    types.datasec(ARENA_SECTION, size, vars)
    return { data, symbols: vars.flatMap(g => symbolOf(g)) }
  }

  #content(section: string, size: number): { vars: PlacedGlobal[]; data: Uint8Array } {
    const vars = this.placed.filter(g => g.section === section)
    const data = new Uint8Array(size)
    for (const g of vars) if (g.init !== undefined) data.set(g.init, g.offset)
    return { vars, data }
  }

  /** The sections as maps. */
  maps(types: ProgramTypes): MapSpec[] {
    const specs: MapSpec[] = []
    for (const [section, size] of this.#ends) {
      if (section === this.#arena) continue
      const { vars, data } = this.#content(section, size)
      const readOnly = section.startsWith(".rodata") || section === ".kconfig"
      const align = vars.reduce((most, g) => Math.max(most, g.align), 1)
      const dataRelocations = vars.flatMap(g => (g.relocations ?? []).map(r => this.#dataRelocation(g, r)))
      specs.push({
        name: section,
        type: "array",
        keySize: 4,
        valueSize: size,
        maxEntries: 1,
        flags: readOnly ? RDONLY_PROG : 0,
        keyType: 0,
        valueType: types.datasec(section, size, vars),
        data,
        ...(align > 8 && { align }),
        ...(readOnly && { frozen: true }),
        symbols: vars.flatMap(g => symbolOf(g)),
        ...(dataRelocations.length > 0 && { dataRelocations }),
        ...(section === ".kconfig" && { kconfig: vars.map(g => this.#kconfigSpec(g, types)) }),
      })
    }
    return specs
  }

  #dataRelocation(g: PlacedGlobal, { offset, kind, name, addend }: GlobalRelocation): DataRelocation {
    const target = kind === "global" ? this.placed.find(p => p.name === name) : undefined
    return {
      offset: g.offset + offset,
      target: target?.section ?? name,
      addend: (target?.offset ?? 0) + addend,
    }
  }

  #kconfigSpec({ name, offset, size, decl }: PlacedGlobal, types: ProgramTypes): KconfigSpec {
    return { name, offset, size, type: types.id(decl!.type), weak: this.#module.extern(decl!)!.weak }
  }

  #place(wanted: string, parts: Omit<PlacedGlobal, "name" | "offset">): PlacedGlobal {
    let name = wanted
    for (let n = 1; this.#names.has(name); n++) name = `${wanted}.${n}`
    this.#names.add(name)
    const end = this.#ends.get(parts.section) ?? 0
    const offset = Math.ceil(end / parts.align) * parts.align
    this.#ends.set(parts.section, offset + parts.size)
    const placed = { name, offset, ...parts }
    this.placed.push(placed)
    return placed
  }
}

/** `.rodata` for constants, `.bss` for what starts as zeros, else `.data`; `SEC(".data.x")` names another one. */
function sectionOf(decl: VarDecl, zero: boolean): string {
  const named = decl.attrs.find(a => a.name === "section")?.args[0]
  if (typeof named === "string" && isDataSection(named)) return named
  if (isConstant(decl.type)) return ".rodata"
  return zero ? ".bss" : ".data"
}

/** Whether a section is one for variables. */
export const isDataSection = (section: string | bigint): boolean =>
  typeof section === "string" && /^\.(rodata|data|bss)(\.|$)/.test(section)

/** A variable as a place with a name; literals have none. */
function symbolOf({ name, offset, size, decl }: PlacedGlobal): DataSymbol[] {
  if (decl === undefined || decl.storage === "extern") return []
  const weak = decl.attrs.some(a => a.name === "weak")
  const hidden = decl.attrs.some(a => a.name === "visibility" && a.args[0] === "hidden")
  const linkage = decl.storage === "static" ? "static" : "global"
  return [{ name, offset, size, linkage, ...(weak && { weak }), ...(hidden && { hidden }) }]
}

/** A static variable that a volatile access or a loader that looks for it in a section of its own cannot change. */
const isInternal = (decl: VarDecl): boolean =>
  decl.storage === "static" && (qualsOf(decl.type) & VOLATILE) === 0 && !decl.attrs.some(a => a.name === "section")

function isConstant(type: Type): boolean {
  return (qualsOf(type) & CONST) !== 0
}
