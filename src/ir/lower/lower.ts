import { SkepError, type Span } from "../../base/index.ts"
import type { BpfUnit, ExternDecl, MapDecl, StructOpsDecl } from "../../bcc/index.ts"
import {
  canonical,
  type Decl,
  type FunctionDecl,
  functionOf,
  insteadOfLibrary,
  recordOf,
  type Type,
  type VarDecl,
} from "../../c/index.ts"
import type { ExternSpec, MapSpec } from "../../object/index.ts"
import type { AsmSymbol, IrFunction, Module, ProgramInfo } from "../ir.ts"
import type { KernelSymbol, ModuleContext } from "./context.ts"
import { fail } from "./fail.ts"
import { isHidden, lowerFunction } from "./function.ts"
import { GlobalTable, isDataSection } from "./globals.ts"
import { sizeFor } from "./repr.ts"
import { ProgramTypes } from "./types.ts"

/**
 * Lowers a C program to SSA form: its programs, and every function, variable and string that they use. Optimising and inlining come later.
 *
 * Errors, each with its place: IR_FLOAT, IR_INCOMPLETE_TYPE, IR_ASM, IR_ATOMIC,
 * IR_BUILTIN, IR_BITFIELD, IR_MEMORY_SIZE, IR_NOT_CONSTANT, IR_NOT_LVALUE, IR_EXTERN_VARIABLE, IR_ARENA_VARIABLE, IR_MAP_VALUE,
 * IR_UNDEFINED_FUNCTION, IR_INDIRECT_CALL, IR_CALL_ARGUMENT, IR_CALL_ARGUMENTS, IR_CALL_RESULT, IR_VARIADIC, IR_RECURSION, IR_PROGRAM_RESULT,
 * IR_PROGRAM_PARAMETER, IR_TOO_DEEP, IR_UNSUPPORTED.
 */
export function lower(unit: BpfUnit, options: LowerOptions = {}): Module {
  try {
    return new Lowering(unit, options).run()
  } catch (e) {
    if (!(e instanceof RangeError) || !/stack/i.test(e.message)) throw e
    throw new SkepError({
      code: "IR_TOO_DEEP",
      message: "an expression or statement is nested too deeply",
      hint: "split it into several",
      cause: e,
    })
  }
}

export interface LowerOptions {
  /** Keeps what a debugger is told of variables. */
  readonly debug?: boolean
}

interface Pending {
  readonly decl: FunctionDecl
  role: IrFunction["role"]
  func: IrFunction | undefined
}

class Lowering implements ModuleContext {
  readonly debug: boolean
  readonly globals: GlobalTable
  readonly #unit: BpfUnit
  readonly #types = new ProgramTypes()
  readonly #externs: ReadonlyMap<string, ExternDecl>
  readonly #links = new Map<string, ExternSpec>()
  /** Functions in use by name, in the order of their first use; programs first. */
  readonly #functions = new Map<string, Pending>()
  readonly #shared = new Set<string>()
  readonly #undefined = new Map<string, SkepError>()
  /** The definitions by name: a pass over the AST makes new ones, and references to the old ones may be left. */
  readonly #definitions = new Map<string, FunctionDecl>()

  constructor(unit: BpfUnit, { debug = false }: LowerOptions) {
    this.#unit = unit
    this.debug = debug
    const mapDecls = new Set<Decl | undefined>(unit.maps.map(m => m.decl))
    this.#externs = new Map(unit.externs.map(e => [e.decl.name, e]))
    this.globals = new GlobalTable(this, decl => mapDecls.has(decl), unit.maps.find(m => m.type === "arena")?.name)
  }

  run(): Module {
    const { unit, maps, programs, license } = this.#unit
    const variables = unit.decls.filter((d): d is VarDecl => d.kind === "var")
    for (const decl of variables) if (decl.storage !== "extern") this.globals.define(decl)
    for (const decl of unit.decls)
      if (decl.kind === "function" && decl.body !== undefined) this.#definitions.set(decl.name, decl)
    for (const { decl } of programs) this.#definitions.set(decl.name, decl)
    for (const { decl } of programs) this.#add(decl, "program")
    for (const decl of this.#unit.subprograms) {
      // The verifier takes a hidden one for a static function, and looks at it where it is called.
      this.#add(decl, isHidden(decl) ? "static" : "global")
      this.#shared.add(decl.name)
    }
    for (const decl of this.#definitions.values()) {
      const isNew = !this.#functions.has(decl.name)
      if (isNew && decl.storage === "static" && decl.attrs.some(({ name }) => name === "used"))
        this.#add(decl, "static")
    }
    this.#lowerFunctions()
    const mapDecls = new Set<VarDecl | undefined>(maps.map(m => m.decl))
    for (const { decl } of this.#unit.structOps) mapDecls.add(decl)
    for (const decl of variables) if (isVisible(decl) && !mapDecls.has(decl)) this.globals.variable(decl, decl.span)
    // Their initialisers may name functions that nothing else does.
    this.#lowerFunctions()
    const functions = [...this.#functions.values()].map(p => this.#finish(p))
    this.#linkMaps(functions)
    refuseRecursion(functions)
    const specs = maps.map(m => ({ ...this.#mapSpec(m), ...(m.type === "arena" && this.globals.arena(this.#types)) }))
    specs.push(...this.#unit.structOps.map(s => this.#structOps(s)))
    specs.push(...this.globals.maps(this.#types))
    return {
      name: unit.name,
      functions,
      programs: programs.map(
        ({ decl, section, type, attach, load }): ProgramInfo => ({ func: decl.name, section, type, attach, load }),
      ),
      maps: specs,
      globals: this.globals.placed.map(({ decl: _, ...g }) => g),
      license,
      ...(this.#links.size > 0 && { externs: [...this.#links.values()] }),
      ...(this.#undefined.size > 0 && { undefined: this.#undefined }),
      btf: this.#types,
    }
  }

  objectType(type: Type): number {
    return this.#types.id(type)
  }

  typeId(type: Type): number {
    return this.#types.root(type)
  }

  link(decl: VarDecl | FunctionDecl): boolean {
    const { name } = decl
    if (!this.#unit.linkable) return false
    if (!this.#links.has(name)) {
      const weak = decl.attrs.some(a => a.name === "weak")
      const isFunction = decl.kind === "function"
      const type = isFunction ? this.#types.func(decl, "extern") : this.#types.externVariable(decl)
      const hidden = decl.attrs.some(a => a.name === "visibility" && a.args[0] === "hidden")
      const kind = isFunction ? "function" : "variable"
      this.#links.set(name, { name, kind, type, weak, ...(hidden && { hidden }) })
    }
    return true
  }

  /** Maps of other objects, as far as functions use them. */
  #linkMaps(functions: readonly IrFunction[]): void {
    const { externMaps = [] } = this.#unit
    if (externMaps.length === 0) return
    const used = new Set<string>()
    for (const { blocks } of functions) {
      for (const { insts } of blocks) for (const inst of insts) if (inst.op === "mapaddr") used.add(inst.map)
    }
    for (const decl of externMaps) {
      const { name } = decl
      if (!used.has(name)) continue
      const weak = decl.attrs.some(a => a.name === "weak")
      this.#links.set(name, { name, kind: "map", type: this.#types.externVariable(decl), weak })
    }
  }

  extern(decl: VarDecl | FunctionDecl): KernelSymbol | undefined {
    // Without a declaration by the dialect: a function that the kernel is known to have.
    const { kind, weak } = this.#externs.get(decl.name) ?? {
      kind: decl.kind === "function" && decl.kfunc ? "kfunc" : undefined,
      weak: false,
    }
    if (kind === undefined || (decl.kind === "function" && decl.body !== undefined)) return undefined
    if (decl.kind === "function") return { kind, weak, btfType: this.#types.func(decl, "extern") }
    const typed = kind === "ksym" && canonical(decl.type).kind !== "void"
    return { kind, weak, btfType: typed ? this.#types.externVariable(decl) : 0 }
  }

  named(name: string, called: boolean, span: Span): AsmSymbol | undefined {
    if (this.#unit.maps.some(m => m.name === name)) return called ? undefined : { name, kind: "map" }
    const func = this.#unit.unit.decls.find((d): d is FunctionDecl => d.kind === "function" && d.name === name)
    if (func !== undefined && this.extern(func) !== undefined) return { name, kind: "kfunc" }
    if (func !== undefined) return { name: this.use(func, "callback", span), kind: "function" }
    const variable = this.globals.defined(name)
    return variable === undefined ? undefined : { name: this.globals.variable(variable, span).name, kind: "global" }
  }

  isShared(decl: FunctionDecl): boolean {
    const { body, storage, name } = this.definition(decl)
    return body === undefined || this.#shared.has(name) || (this.#unit.linkable === true && storage !== "static")
  }

  definition(decl: FunctionDecl): FunctionDecl {
    return this.#definitions.get(decl.name) ?? decl
  }

  use(decl: FunctionDecl, how: "call" | "callback", span: Span): string {
    const known = this.#functions.get(decl.name)
    if (known !== undefined) {
      if (how === "callback" && known.role === "static") known.role = "callback"
      return known.decl.name
    }
    const definition = this.definition(decl)
    if (definition.body === undefined) {
      if (how === "call") this.#noteUndefined(definition, span)
      if (this.link(definition) || this.#undefined.has(decl.name)) return decl.name
      fail("IR_UNDEFINED_FUNCTION", `function ${decl.name} is declared but has no body`, span)
    }
    this.#add(definition, how === "callback" ? "callback" : "static")
    return decl.name
  }

  /** A call of a function that nothing defines, or that must not be left: programs write them where they are never reached (`if (size > 8) too_big();`). */
  #noteUndefined({ name, attrs }: FunctionDecl, span: Span): void {
    const text = attrs.find(a => a.name === "error")?.args[0]
    if (this.#undefined.has(name) || (this.#unit.linkable && text === undefined)) return
    this.#undefined.set(
      name,
      new SkepError({
        code: "IR_UNDEFINED_FUNCTION",
        message:
          typeof text === "string"
            ? `${name} is called: ${text}`
            : `function ${name} is declared but has no body, and is no BPF helper`,
        span,
        hint:
          insteadOfLibrary(name) ??
          (text === undefined
            ? "define it as a static function in the program"
            : "the condition before the call has to be one that the compiler finds false"),
      }),
    )
  }

  #add(decl: FunctionDecl, role: IrFunction["role"]): void {
    this.#functions.set(decl.name, { decl, role, func: undefined })
  }

  /** Lowering adds what it meets; the map goes on to grow while it is walked. */
  #lowerFunctions(): void {
    for (const pending of this.#functions.values()) pending.func ??= lowerFunction(this, pending)
  }

  /** The role may have become another after lowering: by a later use of the address. */
  #finish({ decl, role, func }: Pending): IrFunction {
    const done = func!
    done.role = role
    // What takes the place of a global function is checked as one.
    const replaces = role === "program" && this.#unit.programs.some(p => p.decl === decl && p.type === "ext")
    if (role !== "static" || done.inline === "never")
      done.btfId = this.#types.func(decl, role === "global" || replaces ? "global" : "static")
    else done.typeId = () => this.#types.func(decl, "static")
    return done
  }

  /** A table of operations: the bytes of the variable, with programs in some of its members. */
  #structOps({ decl, section, members }: StructOpsDecl): MapSpec {
    const size = sizeFor(decl.type, decl.span)
    const type = this.#types.root(decl.type)
    const { fields } = recordOf(decl.type)!
    const programs = members.map(({ member, program }) => ({
      offset: fields.find(f => f.name === member)!.offset,
      program,
    }))
    const data = decl.init === undefined ? new Uint8Array(size) : this.globals.bytes(decl)
    return {
      name: decl.name,
      type: "struct_ops",
      keySize: 4,
      valueSize: size,
      maxEntries: 1,
      flags: 0,
      keyType: 0,
      valueType: type,
      data,
      structOps: {
        type,
        link: section.endsWith(".link"),
        ...(section.startsWith("?") && { autoload: false as const }),
        programs,
      },
    }
  }

  #mapSpec(map: MapDecl): MapSpec {
    const { name, type, key, value, keySize, valueSize, maxEntries, flags, inner, pin, event } = map
    const { innerDecl, values, mapExtra, numaNode, pinByName } = map
    return {
      name,
      type,
      keySize,
      valueSize,
      maxEntries,
      flags,
      keyType: key === undefined ? 0 : this.#types.id(key),
      valueType: value === undefined ? 0 : this.#types.id(value),
      ...(inner !== undefined && { inner }),
      ...(innerDecl !== undefined && { innerSpec: this.#mapSpec(innerDecl) }),
      ...(values !== undefined && { values }),
      ...(mapExtra !== undefined && { mapExtra: Number(mapExtra) }),
      ...(numaNode !== undefined && { numaNode }),
      ...(pin !== undefined ? { pin } : pinByName && { pin: name }),
      ...(event !== undefined && { eventType: this.#types.id(event) }),
      ...(map.drops !== undefined && { drops: map.drops }),
      ...(map.decl?.attrs.some(a => a.name === "weak") && { weak: true }),
    }
  }
}

/** A variable that others may look for by name, so that it is there even when no function uses it. A pointer to a function stands for a helper. */
function isVisible(decl: VarDecl): boolean {
  return (
    decl.storage === "none" &&
    functionOf(decl.type) === undefined &&
    !decl.span.file.system &&
    isDataSection(decl.attrs.find(a => a.name === "section")?.args[0] ?? ".data")
  )
}

/** BPF has no recursion: a function of the program that calls itself, by whatever way, is refused. */
function refuseRecursion(functions: readonly IrFunction[]): void {
  const byName = new Map(functions.map(f => [f.name, f]))
  const done = new Set<IrFunction>()
  const path: IrFunction[] = []
  const visit = (func: IrFunction): void => {
    if (done.has(func)) return
    const at = path.indexOf(func)
    if (at >= 0) {
      const cycle = [...path.slice(at), func].map(f => f.name).join(" -> ")
      fail("IR_RECURSION", `recursion: ${cycle}`, func.span, {
        why: "BPF has no call stack to speak of, and the kernel wants every program to end.",
        hint: "write it as a loop with a bound",
      })
    }
    path.push(func)
    for (const block of func.blocks) {
      for (const inst of block.insts) {
        if (inst.op !== "call" || inst.callee.kind !== "function") continue
        const callee = byName.get(inst.callee.name)
        if (callee !== undefined) visit(callee)
      }
    }
    path.pop()
    done.add(func)
  }
  for (const func of functions) visit(func)
}
