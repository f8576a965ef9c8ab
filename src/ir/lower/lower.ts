import { SkepError, type Span } from "../../base/index.ts"
import type { BpfUnit, MapDecl } from "../../bcc/index.ts"
import { type Decl, type FunctionDecl, functionOf, type Type, type VarDecl } from "../../c/index.ts"
import type { MapSpec } from "../../object/index.ts"
import type { IrFunction, Module, ProgramInfo } from "../ir.ts"
import type { ModuleContext } from "./context.ts"
import { fail } from "./fail.ts"
import { lowerFunction } from "./function.ts"
import { GlobalTable } from "./globals.ts"
import { ProgramTypes } from "./types.ts"

/**
 * Lowers a C program to SSA form: its programs, and every function, variable and string that they use. Optimising and inlining come later.
 *
 * Errors, each with its place: IR_FLOAT, IR_INCOMPLETE_TYPE, IR_INT128_DIVISION, IR_INT128_OVERFLOW, IR_SWITCH_INT128, IR_ASM, IR_ATOMIC,
 * IR_BUILTIN, IR_BITFIELD, IR_MEMORY_SIZE, IR_ADDRESS_CONSTANT, IR_NOT_CONSTANT, IR_NOT_LVALUE, IR_EXTERN_VARIABLE, IR_MAP_VALUE,
 * IR_UNDEFINED_FUNCTION, IR_INDIRECT_CALL, IR_CALL_ARGUMENT, IR_CALL_ARGUMENTS, IR_CALL_RESULT, IR_VARIADIC, IR_RECURSION, IR_PROGRAM_RESULT,
 * IR_PROGRAM_PARAMETER, IR_TOO_DEEP, IR_UNSUPPORTED.
 */
export function lower(unit: BpfUnit): Module {
  try {
    return new Lowering(unit).run()
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

interface Pending {
  readonly decl: FunctionDecl
  role: IrFunction["role"]
  func: IrFunction | undefined
}

class Lowering implements ModuleContext {
  readonly globals: GlobalTable
  readonly #unit: BpfUnit
  readonly #types = new ProgramTypes()
  /** Functions in use by name, in the order of their first use; programs first. */
  readonly #functions = new Map<string, Pending>()
  /** The definitions by name: a pass over the AST makes new ones, and references to the old ones may be left. */
  readonly #definitions = new Map<string, FunctionDecl>()

  constructor(unit: BpfUnit) {
    this.#unit = unit
    const mapDecls = new Set<Decl | undefined>(unit.maps.map(m => m.decl))
    this.globals = new GlobalTable(decl => mapDecls.has(decl))
  }

  run(): Module {
    const { unit, maps, programs, license } = this.#unit
    const variables = unit.decls.filter((d): d is VarDecl => d.kind === "var")
    for (const decl of variables) if (decl.storage !== "extern") this.globals.define(decl)
    for (const decl of unit.decls)
      if (decl.kind === "function" && decl.body !== undefined) this.#definitions.set(decl.name, decl)
    for (const { decl } of programs) this.#definitions.set(decl.name, decl)
    for (const { decl } of programs) this.#add(decl, "program")
    // Lowering adds what it meets; the map goes on to grow while it is walked.
    for (const pending of this.#functions.values()) pending.func = lowerFunction(this, pending)
    const mapDecls = new Set<VarDecl | undefined>(maps.map(m => m.decl))
    for (const decl of variables) if (isVisible(decl) && !mapDecls.has(decl)) this.globals.variable(decl, decl.span)
    const functions = [...this.#functions.values()].map(p => this.#finish(p))
    refuseRecursion(functions)
    const specs = maps.map(m => this.#mapSpec(m))
    specs.push(...this.globals.maps((section, size, vars) => this.#types.datasec(section, size, vars)))
    return {
      name: unit.name,
      functions,
      programs: programs.map(
        ({ decl, section, type, attach, load }): ProgramInfo => ({ func: decl.name, section, type, attach, load }),
      ),
      maps: specs,
      globals: this.globals.placed.map(({ decl: _, ...g }) => g),
      license,
      btf: this.#types,
    }
  }

  typeId(type: Type): number {
    return this.#types.root(type)
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
      fail("IR_UNDEFINED_FUNCTION", `function ${decl.name} is declared but has no body`, span)
    }
    this.#add(definition, how === "callback" ? "callback" : "static")
    return decl.name
  }

  #add(decl: FunctionDecl, role: IrFunction["role"]): void {
    this.#functions.set(decl.name, { decl, role, func: undefined })
  }

  /** The role may have become another after lowering: by a later use of the address. */
  #finish({ decl, role, func }: Pending): IrFunction {
    const done = func!
    done.role = role
    if (role !== "static" || done.inline === "never") done.btfId = this.#types.func(decl)
    return done
  }

  #mapSpec(map: MapDecl): MapSpec {
    const { name, type, key, value, keySize, valueSize, maxEntries, flags, inner, pin, event } = map
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
      ...(pin !== undefined && { pin }),
      ...(event !== undefined && { eventType: this.#types.id(event) }),
    }
  }
}

/** A variable that others may look for by name, so that it is there even when no function uses it. A pointer to a function stands for a helper. */
function isVisible(decl: VarDecl): boolean {
  return (
    decl.storage === "none" &&
    functionOf(decl.type) === undefined &&
    decl.init !== undefined &&
    !decl.span.file.system &&
    !decl.attrs.some(a => a.name === "section")
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
