import * as c from "../../c/index.ts"
import { stripCasts } from "../ast/build.ts"
import { Contexts } from "./contexts.ts"
import { resultOf, writesThrough } from "./helpers.ts"
import type { Table } from "./maps.ts"
import { isTracingContext, type Program } from "./programs.ts"

/**
 * Where a pointer may come from: a set of bits. A number has a provenance too, as it may be cast to a pointer.
 *
 * The analysis does not follow the order of statements: a variable has the union of all that is ever stored in it, and so
 * has a member of a record, whichever object it belongs to; parameters have the union of all calls. It runs to a fixpoint
 * in two rounds. The first finds what may be memory of the program (`OWN`, `CONTEXT`, `PACKET`, `TYPED`); the second, in
 * which these are fixed, spreads `OUTSIDE`: everything else.
 */
export type Provenance = number

/** The stack, values of maps, globals. */
export const OWN = 1
/** The program's context. */
export const CONTEXT = 2
/** A network packet. */
export const PACKET = 4
/** A kernel object that the verifier knows the type of. */
export const TYPED = 8
/** Kernel or user memory, to be read by a helper; or a number that is no address. */
export const OUTSIDE = 16

const KNOWN = OWN | CONTEXT | PACKET | TYPED

/** What holds a value: a variable, a member of all records of a type, the results of a function, or memory that has no such name. */
type Slot = c.VarDecl | c.Field | c.FunctionDecl | typeof UNNAMED
const UNNAMED = Symbol("unnamed memory")

/** An lvalue: where it lies, and what slot its value is in. */
interface Place {
  readonly at: Provenance
  readonly slot: Slot
}

export class ProvenanceAnalysis {
  readonly #tables: ReadonlyMap<c.VarDecl, Table>
  readonly #contexts: Contexts
  readonly #functions: readonly c.FunctionDecl[]
  readonly #programs: ReadonlyMap<c.FunctionDecl, Program>
  readonly #slots = new Map<Slot, Provenance>()
  /** The result of the first round. */
  #known: ReadonlyMap<Slot, Provenance> = new Map()
  #addressTaken = new Set<c.VarDecl>()
  #outsideRound = false
  #changed = false
  #fn: c.FunctionDecl | undefined

  constructor(
    functions: readonly c.FunctionDecl[],
    programs: ReadonlyMap<c.FunctionDecl, Program>,
    tables: ReadonlyMap<c.VarDecl, Table>,
  ) {
    this.#functions = functions
    this.#programs = programs
    this.#tables = tables
    this.#contexts = new Contexts(functions, programs)
    for (const program of programs.values()) this.#enterProgram(program)
    this.#fixpoint()
    this.#known = new Map(this.#slots)
    this.#outsideRound = true
    for (const program of programs.values()) this.#enterProgram(program)
    this.#fixpoint()
  }

  /** Where an lvalue of a function lies. */
  placeOf(lvalue: c.Expr, fn: c.FunctionDecl): Provenance {
    this.#fn = fn
    return this.#place(lvalue).at
  }

  /** Where a pointer value of a function may point. */
  valueOf(e: c.Expr, fn: c.FunctionDecl): Provenance {
    this.#fn = fn
    return this.#value(e)
  }

  /** Whether a function runs in programs of the network only. */
  isNetwork(fn: c.FunctionDecl): boolean {
    return this.#contexts.families(fn).every(family => family === "network")
  }

  #fixpoint(): void {
    // Each round adds at least one bit to one slot, so this ends; the bound only guards against a mistake here.
    for (let round = 0; round < 1000; round++) {
      this.#changed = false
      for (const fn of this.#functions) {
        this.#fn = fn
        if (fn.body !== undefined) this.#stmt(fn.body)
      }
      if (!this.#changed) return
    }
  }

  #enterProgram({ decl, family }: Program): void {
    for (const [i, param] of decl.params.entries()) {
      if (i === 0) this.#add(param, c.canonical(param.type).kind === "pointer" ? CONTEXT : OUTSIDE)
      else this.#add(param, family === "typed" && pointsToRecord(param.type) ? TYPED : OUTSIDE)
    }
  }

  #add(slot: Slot, bits: Provenance): void {
    if (!this.#outsideRound) bits &= KNOWN
    const old = this.#slots.get(slot) ?? 0
    if ((old | bits) === old) return
    this.#slots.set(slot, old | bits)
    this.#changed = true
  }

  /** What a slot holds. A member or unnamed memory that nothing known was ever stored in may hold anything. */
  #get(slot: Slot): Provenance {
    const bits = this.#slots.get(slot) ?? 0
    if (!this.#outsideRound || isFunctionOrVariable(slot)) return bits
    return (this.#known.get(slot) ?? 0) === 0 || slot === UNNAMED ? bits | OUTSIDE : bits
  }

  #outside(): Provenance {
    return this.#outsideRound ? OUTSIDE : 0
  }

  // Statements

  #stmt(s: c.Stmt): void {
    switch (s.kind) {
      case "block":
        for (const inner of s.body) this.#stmt(inner)
        break
      case "decl":
        for (const decl of s.decls) {
          if (decl.kind !== "var") continue
          if (decl.init !== undefined) this.#init(decl.init, decl)
          if (decl.cleanup !== undefined) this.#value(decl.cleanup)
        }
        break
      case "expr":
        this.#value(s.expr)
        break
      case "if":
        this.#value(s.cond)
        this.#stmt(s.then)
        if (s.other !== undefined) this.#stmt(s.other)
        break
      case "while":
      case "do":
        this.#value(s.cond)
        this.#stmt(s.body)
        break
      case "for":
        if (s.init !== undefined) this.#stmt(s.init)
        if (s.cond !== undefined) this.#value(s.cond)
        if (s.step !== undefined) this.#value(s.step)
        this.#stmt(s.body)
        break
      case "switch":
        this.#value(s.value)
        this.#stmt(s.body)
        break
      case "case":
      case "default":
      case "label":
        this.#stmt(s.body)
        break
      case "return":
        if (s.value !== undefined && this.#fn !== undefined) this.#add(this.#fn, this.#value(s.value))
        break
      case "asm":
        for (const input of s.inputs) this.#value(input.expr)
        for (const output of s.outputs) this.#store(this.#place(output.expr), this.#asmResult(s))
        break
    }
  }

  /** The compiler's tricks to hide a value (`"+r"(p)`, `"=r"(p) : "0"(p)`) pass it on. */
  #asmResult(s: c.AsmStmt): Provenance {
    let bits = this.#outside()
    for (const input of s.inputs) bits |= this.#value(input.expr)
    return bits
  }

  #init(init: c.Init, slot: Slot): void {
    if (init.kind === "expr") {
      const bits = this.#value(init.expr)
      if (c.recordOf(init.expr.type) === undefined) this.#add(slot, bits)
      return
    }
    for (const entry of init.entries) this.#init(entry.init, entry.field ?? slot)
  }

  // Lvalues

  #place(e: c.Expr): Place {
    switch (e.kind) {
      case "ref":
        return e.decl.kind === "var"
          ? { at: isKernelVariable(e.decl) ? TYPED : OWN, slot: e.decl }
          : { at: OWN, slot: e.decl }
      case "deref":
        return this.#pointed(e.operand)
      case "index": {
        this.#value(e.index)
        return this.#pointed(e.base)
      }
      case "member": {
        const at = e.arrow ? this.#pointed(e.base).at : this.#place(e.base).at
        return { at, slot: e.field }
      }
      case "compound":
        this.#init(e.init, UNNAMED)
        return { at: OWN, slot: UNNAMED }
      case "string":
        return { at: OWN, slot: UNNAMED }
      default:
        // A record that is a value: the result of a call and the like.
        this.#value(e)
        return { at: OWN, slot: UNNAMED }
    }
  }

  /** What a pointer points to; `*&x` and `a[i]` of an array keep their slot. */
  #pointed(pointer: c.Expr): Place {
    if (pointer.kind === "cast" && pointer.cast === "decay") return this.#place(pointer.operand)
    if (pointer.kind === "addressOf" && pointer.operand.type.kind !== "function") return this.#place(pointer.operand)
    return { at: this.#value(pointer), slot: UNNAMED }
  }

  #store(place: Place, bits: Provenance): void {
    this.#add(place.slot, bits)
  }

  /** The value of an lvalue. */
  #content(lvalue: c.Expr, { at, slot } = this.#place(lvalue)): Provenance {
    if (c.recordOf(lvalue.type) !== undefined) {
      if ((at & OUTSIDE) !== 0) this.#outsideRecord(lvalue.type)
      return 0
    }
    let bits = 0
    if ((at & OWN) !== 0) {
      bits |= this.#get(slot)
      if (this.#addressTaken.has(slot as c.VarDecl)) bits |= this.#get(UNNAMED) & KNOWN
    }
    if ((at & CONTEXT) !== 0) bits |= this.#contextValue(lvalue)
    if ((at & TYPED) !== 0) bits |= pointsToRecord(lvalue.type) ? TYPED : this.#outside()
    if ((at & (OUTSIDE | PACKET)) !== 0 || at === 0) bits |= this.#outside()
    return bits
  }

  #contextValue(lvalue: c.Expr): Provenance {
    const e =
      lvalue.kind === "index" && lvalue.base.kind === "cast" && lvalue.base.cast === "decay"
        ? lvalue.base.operand
        : lvalue
    let member = e
    while (member.kind === "member" && !member.arrow && member.base.kind === "member") member = member.base
    const record = member.kind === "member" ? member.field.record : undefined
    if (record !== undefined && isTracingContext(record)) return this.#outside()
    if (e.kind === "member" && PACKET_MEMBERS.has(e.field.name ?? "")) return PACKET
    if (c.canonical(lvalue.type).kind === "pointer") return TYPED
    // Arguments of a typed program: an array of 64-bit values.
    const families = this.#fn === undefined ? [] : this.#contexts.families(this.#fn)
    if (record === undefined && families.includes("typed")) return TYPED
    return this.#outside()
  }

  // Values

  #value(e: c.Expr): Provenance {
    switch (e.kind) {
      case "int":
      case "sizeof":
      case "offsetof":
      case "core":
      case "mapRef":
        return 0
      case "string":
      case "compound":
      case "ref":
      case "deref":
      case "index":
      case "member":
      case "corePlace":
        // An lvalue that is not read: the operand of a cast to void, or a record.
        this.#place(e)
        return 0
      case "unary":
        return this.#value(e.operand)
      case "incdec": {
        return this.#content(e.operand)
      }
      case "addressOf":
        return this.#address(e.operand)
      case "cast":
        return this.#cast(e)
      case "binary":
        return this.#binary(e)
      case "logical":
        this.#value(e.left)
        this.#value(e.right)
        return this.#outside()
      case "assign":
        return this.#assign(e)
      case "cond": {
        const cond = this.#value(e.cond)
        return (e.then === undefined ? cond : this.#value(e.then)) | this.#value(e.other)
      }
      case "comma":
        this.#value(e.left)
        return this.#value(e.right)
      case "stmtExpr": {
        const { body } = e.body
        for (const inner of body.slice(0, -1)) this.#stmt(inner)
        const last = body[body.length - 1]
        if (last?.kind === "expr") return this.#value(last.expr)
        if (last !== undefined) this.#stmt(last)
        return 0
      }
      case "call":
        return this.#call(e)
      case "builtin":
        return e.args.map(arg => this.#value(arg))[0] ?? this.#outside()
      case "kernelRead":
        this.#value(e.address)
        return this.#outside()
    }
  }

  #address(operand: c.Expr): Provenance {
    if (operand.kind === "ref" && operand.decl.kind === "var") this.#takeAddress(operand.decl)
    return this.#place(operand).at
  }

  /** What is stored in a variable whose address is known elsewhere, and what is stored through such an address, is one. */
  #takeAddress(decl: c.VarDecl): void {
    if (!this.#addressTaken.has(decl)) {
      this.#addressTaken.add(decl)
      this.#changed = true
    }
    this.#add(UNNAMED, this.#slots.get(decl) ?? 0)
  }

  #cast(e: c.Cast): Provenance {
    switch (e.cast) {
      case "load":
        return this.#content(e.operand)
      case "decay": {
        let base = e.operand
        while (base.kind === "index" && base.base.kind === "cast" && base.base.cast === "decay")
          base = base.base.operand
        if (base.kind === "ref" && base.decl.kind === "var") this.#takeAddress(base.decl)
        return this.#place(e.operand).at
      }
      case "functionDecay":
        this.#callback(e.operand)
        return 0
      case "pointer": {
        const bits = this.#value(e.operand)
        // The verifier holds a typed pointer to the type it knows; a larger one of which that is the beginning must be read.
        return (bits & TYPED) !== 0 && changesRecord(e) ? (bits & ~TYPED) | this.#outside() : bits
      }
      default:
        return this.#value(e.operand)
    }
  }

  #binary(e: c.Binary): Provenance {
    const left = this.#value(e.left)
    const right = this.#value(e.right)
    switch (e.op) {
      case "==":
      case "!=":
      case "<":
      case ">":
      case "<=":
      case ">=":
        return this.#outside()
      case "-":
        if (c.canonical(e.right.type).kind === "pointer") return this.#outside()
        break
    }
    if ((left & CONTEXT) !== 0 && c.evaluate(e.right) === undefined) return (left & ~CONTEXT) | this.#outside()
    return this.#combine(left, right)
  }

  /** A number added to an address leaves it an address. */
  #combine(left: Provenance, right: Provenance): Provenance {
    const both = left | right
    if ((left & KNOWN) !== 0 && (right & KNOWN) === 0) return left
    if ((right & KNOWN) !== 0 && (left & KNOWN) === 0) return right
    return both
  }

  #assign(e: c.Assign): Provenance {
    const right = this.#value(e.right)
    if (c.recordOf(e.left.type) !== undefined) {
      this.#place(e.left)
      return 0
    }
    const place = this.#place(e.left)
    const bits = e.op === undefined ? right : this.#combine(this.#content(e.left, place), right)
    this.#store(place, bits)
    return bits
  }

  // Calls

  #call(e: c.Call): Provenance {
    const fn = c.calledFunction(e.callee)
    if (fn !== undefined) {
      const args = e.args.map(arg => this.#value(arg))
      if (fn.body !== undefined) return this.#ownCall(fn, args)
      for (const [i, arg] of e.args.entries()) if (writesThrough(fn, i)) this.#written(arg)
      return this.#result(resultOf(fn), args)
    }
    const method = this.#method(e)
    if (method === undefined) this.#value(e.callee)
    const args = e.args.map(arg => this.#value(arg))
    if (method === undefined) return this.#outside()
    if (method === "pop" || method === "peek") this.#written(e.args[0])
    if (method === "perf_counter_value") this.#written(e.args[1])
    return this.#result(c.canonical(e.type).kind === "pointer" ? "own" : "number", args)
  }

  #ownCall(fn: c.FunctionDecl, args: readonly Provenance[]): Provenance {
    for (const [i, param] of fn.params.entries()) {
      if (i >= args.length) break
      // A record that comes by value brings its members, which have slots of their own.
      if (c.recordOf(param.type) === undefined) this.#add(param, args[i])
    }
    return this.#get(fn)
  }

  #result(kind: ReturnType<typeof resultOf>, args: readonly Provenance[]): Provenance {
    switch (kind) {
      case "own":
        return OWN
      case "typed":
        return TYPED
      case "packet":
        return PACKET
      case "first":
        return args[0] ?? 0
      default:
        return this.#outside()
    }
  }

  #method(e: c.Call): string | undefined {
    const callee = e.callee.kind === "cast" && e.callee.cast === "load" ? e.callee.operand : e.callee
    if (callee.kind !== "member" || callee.arrow || callee.base.kind !== "ref" || callee.base.decl.kind !== "var")
      return undefined
    return this.#tables.has(callee.base.decl) ? callee.field.name : undefined
  }

  /** A function of the program whose address is taken is a callback: the kernel calls it with what belongs to the program. */
  #callback(operand: c.Expr): void {
    if (operand.kind !== "ref" || operand.decl.kind !== "function" || this.#programs.has(operand.decl)) return
    for (const param of operand.decl.params)
      this.#add(param, c.canonical(param.type).kind === "pointer" ? OWN : OUTSIDE)
  }

  /** A helper writes what it likes to where an argument points. */
  #written(arg: c.Expr | undefined): void {
    if (arg === undefined) return
    const pointer = stripCasts(arg)
    const target =
      pointer.kind === "addressOf" || (pointer.kind === "cast" && pointer.cast === "decay")
        ? pointer.operand
        : undefined
    if (target !== undefined && c.recordOf(target.type) === undefined) this.#add(slotOf(target), this.#outside())
    const pointed = target?.type ?? pointedType(pointer.type)
    if (pointed !== undefined) this.#outsideRecord(pointed)
    this.#add(UNNAMED, this.#outside())
  }

  /** All members of a record may hold anything. */
  #outsideRecord(type: c.Type, depth = 0): void {
    const t = c.canonical(type)
    if (!this.#outsideRound || depth > 16) return
    if (t.kind === "array") this.#outsideRecord(t.element, depth + 1)
    else if (t.kind === "record" && t.decl.origin === "source" && t.decl.complete) {
      for (const field of t.decl.fields) {
        this.#add(field, OUTSIDE)
        this.#outsideRecord(field.type, depth + 1)
      }
    }
  }
}

/** The slot of an lvalue whose parts have been looked at already. */
function slotOf(lvalue: c.Expr): Slot {
  switch (lvalue.kind) {
    case "ref":
      return lvalue.decl
    case "member":
      return lvalue.field
    case "deref":
    case "index": {
      const pointer = lvalue.kind === "deref" ? lvalue.operand : lvalue.base
      const direct = pointer.kind === "addressOf" || (pointer.kind === "cast" && pointer.cast === "decay")
      return direct ? slotOf(pointer.operand) : UNNAMED
    }
    default:
      return UNNAMED
  }
}

const PACKET_MEMBERS = new Set(["data", "data_end", "data_meta", "optval", "optval_end"])

function isFunctionOrVariable(slot: Slot): boolean {
  return typeof slot !== "symbol" && "kind" in slot
}

function pointedType(type: c.Type): c.Type | undefined {
  const t = c.canonical(type)
  return t.kind === "pointer" ? t.to : undefined
}

function pointsToRecord(type: c.Type): boolean {
  const to = pointedType(type)
  return to !== undefined && c.recordOf(to) !== undefined
}

/** A cast from a pointer to one record to a pointer to another. */
function changesRecord(e: c.Cast): boolean {
  const from = pointedType(e.operand.type)
  const to = pointedType(e.type)
  if (from === undefined || to === undefined) return false
  const [a, b] = [c.recordOf(from), c.recordOf(to)]
  return a !== undefined && b !== undefined && a !== b && a.tag !== b.tag
}

/** `extern … __ksym`: a variable of the kernel. */
function isKernelVariable(decl: c.VarDecl): boolean {
  return decl.storage === "extern" && decl.attrs.some(attr => attr.name === "section" && attr.args[0] === ".ksyms")
}
