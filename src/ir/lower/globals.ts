import type { Span } from "../../base/index.ts"
import { CONST, qualsOf, type Type, type VarDecl, VOLATILE } from "../../c/index.ts"
import type { MapSpec } from "../../object/index.ts"
import type { GlobalVar } from "../ir.ts"
import { fail } from "./fail.ts"
import { constantImage } from "./image.ts"
import { placedAlign, sizeFor } from "./repr.ts"

/** A variable that was placed, with what the type table needs. */
export interface PlacedGlobal extends GlobalVar {
  /** Undefined for a string literal. */
  readonly decl: VarDecl | undefined
}

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
  readonly #isMap: (decl: VarDecl) => boolean
  readonly #definitions = new Map<string, VarDecl>()

  constructor(isMap: (decl: VarDecl) => boolean) {
    this.#isMap = isMap
  }

  /** Makes a definition known to `extern` declarations, and to references that a pass over the AST left at an older one. */
  define(decl: VarDecl): void {
    this.#definitions.set(decl.name, decl)
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
      fail("IR_EXTERN_VARIABLE", `${decl.name} is declared but not defined in the program`, span, {
        hint: `define it, or remove extern`,
      })
    }
    if (this.#isMap(decl)) {
      fail(
        "IR_MAP_VALUE",
        `${decl.name} is a map: it can be passed to helpers and have its methods called, nothing else`,
        span,
      )
    }
    const owner = this.#owners.get(decl)
    const size = sizeFor(decl.type, decl.span)
    const bytes = decl.init === undefined ? undefined : constantImage(decl.type, decl.init, decl.span, decl.name)
    const placed = this.#place(owner === undefined ? decl.name : `${owner}.${decl.name}`, {
      decl,
      size,
      align: Math.max(placedAlign(decl.type, size), decl.align ?? 1),
      init: bytes?.some(byte => byte !== 0) ? bytes : undefined,
      section: sectionOf(decl, bytes),
      constant: isConstant(decl.type) && (qualsOf(decl.type) & VOLATILE) === 0,
    })
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

  /** The sections as maps. `datasec` gives the BTF id of a section. */
  maps(datasec: (section: string, size: number, vars: readonly PlacedGlobal[]) => number): MapSpec[] {
    const specs: MapSpec[] = []
    for (const [section, size] of this.#ends) {
      const vars = this.placed.filter(g => g.section === section)
      const data = new Uint8Array(size)
      for (const g of vars) if (g.init !== undefined) data.set(g.init, g.offset)
      const readOnly = section.startsWith(".rodata")
      const spec = {
        type: "array",
        keySize: 4,
        valueSize: size,
        maxEntries: 1,
        flags: readOnly ? RDONLY_PROG : 0,
        keyType: 0,
      }
      const valueType = datasec(section, size, vars)
      specs.push({ name: section, ...spec, valueType, data, ...(readOnly && { frozen: true }) })
    }
    return specs
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
function sectionOf(decl: VarDecl, bytes: Uint8Array | undefined): string {
  const named = decl.attrs.find(a => a.name === "section")?.args[0]
  if (typeof named === "string" && /^\.(rodata|data|bss)(\.|$)/.test(named)) return named
  if (isConstant(decl.type)) return ".rodata"
  return bytes === undefined || bytes.every(byte => byte === 0) ? ".bss" : ".data"
}

function isConstant(type: Type): boolean {
  return (qualsOf(type) & CONST) !== 0
}
