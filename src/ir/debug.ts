import type { InlineSite, Span } from "../base/index.ts"
import type { Const, Inst, IrFunction, Param, Phi, Value } from "./ir.ts"

/**
 * What a debugger is told of variables. Only a module that is lowered with `debug` has it, and no pass decides anything by it: the code is the
 * same with it and without.
 *
 * A variable that lives in memory is named by its `alloca`; one that became values (mem2reg) by each value that was assigned to it.
 */
export interface LocalVariable {
  readonly name: string
  /** Where it is declared. */
  readonly span: Span
  /** Bytes. */
  readonly size: number
  readonly scope: LexicalScope
  /** Position among its function's parameters; undefined for a local variable. */
  readonly param: number | undefined
  /** Adds its type to the module's BTF, and gives its id. */
  readonly typeId: () => number
}

/** A block of a function, in which variables are declared; without a parent, the function itself. */
export interface LexicalScope {
  readonly span: Span
  readonly parent: LexicalScope | undefined
}

/** Some bytes of a variable, in one of the places where its function was inlined. */
export interface VariablePart {
  readonly variable: LocalVariable
  /** Where its function was inlined; undefined in the function itself. */
  readonly inlined: InlineSite | undefined
  /** Bytes from the variable's start. */
  readonly offset: number
  readonly size: number
  /** Assignments in the program as it was written, known once memory has become values. */
  stores: number
}

/** What a function of a module with `debug` knows beside its values. */
export interface FunctionDebug {
  /** Constants that were assigned. */
  readonly constants: { readonly part: VariablePart; readonly value: Const }[]
}

/** Notes that a value is what a part of a variable holds. */
export function nameValue(func: IrFunction, value: Value, part: VariablePart): void {
  if (value.kind === "const") func.debug?.constants.push({ part, value })
  else if (value.kind !== "undef" && value.names?.includes(part) !== true) value.names = [...(value.names ?? []), part]
}

/** What took the place of a value holds the variables that it held. */
export function renameValue(func: IrFunction, from: Value, to: Value): void {
  const { names } = from as Inst | Phi | Param
  if (names !== undefined && from !== to) for (const part of names) nameValue(func, to, part)
}

/** Puts what is known of an inlined function's places and variables into the function that took its body. */
export class Inlining {
  readonly #into: IrFunction
  readonly #callee: IrFunction
  readonly #here: InlineSite
  readonly #sites = new Map<InlineSite, InlineSite>()
  readonly #parts = new Map<VariablePart, VariablePart>()

  constructor(into: IrFunction, callee: IrFunction, call: Span) {
    this.#into = into
    this.#callee = callee
    this.#here = { name: callee.name, declared: callee.span, call }
  }

  /** A place in the callee, as a place in the caller. */
  span(span: Span | undefined): Span | undefined {
    return span && { ...span, inlined: this.#site(span.inlined) }
  }

  /** A part of a variable of the callee, in this copy of it. */
  part(part: VariablePart): VariablePart {
    let made = this.#parts.get(part)
    if (made === undefined) this.#parts.set(part, (made = { ...part, inlined: this.#site(part.inlined) }))
    return made
  }

  /** The variables of a copied instruction or phi. */
  copy(made: Inst | Phi): void {
    if (made.names !== undefined) made.names = made.names.map(part => this.part(part))
    if (made.kind === "phi") return
    made.span = this.span(made.span)
    if (made.op === "alloca" && made.variable !== undefined) made.variable = this.part(made.variable)
  }

  /** The arguments hold the callee's parameters; constants that it assigns are assigned here. */
  finish(args: readonly Value[]): void {
    this.#callee.params.forEach(({ names = [] }, i) => {
      for (const part of names) nameValue(this.#into, args[i], this.part(part))
    })
    for (const { part, value } of this.#callee.debug!.constants) nameValue(this.#into, value, this.part(part))
  }

  #site(inner: InlineSite | undefined): InlineSite {
    if (inner === undefined) return this.#here
    let made = this.#sites.get(inner)
    if (made === undefined) {
      made = { ...inner, call: { ...inner.call, inlined: this.#site(inner.call.inlined) } }
      this.#sites.set(inner, made)
    }
    return made
  }
}
