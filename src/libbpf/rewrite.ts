import {
  type Architecture,
  type BpfUnit,
  build as b,
  CoreAccess,
  DropCounters,
  type ExternDecl,
  eachExpr,
  type KernelNames,
  type MapDecl,
  Rewriter,
} from "../bcc/index.ts"
import type * as c from "../c/index.ts"
import { argumentsAttribute, bindArguments } from "./arguments.ts"
import { EventTypes } from "./eventTypes.ts"
import { collectMaps } from "./maps.ts"
import { collectPrograms, sectionOf, subprograms } from "./programs.ts"
import { collectStructOps } from "./structOps.ts"

export interface RewriteOptions {
  readonly names: KernelNames
  readonly diagnostics: c.Diagnostics
  readonly arch: Architecture
  /** Whether system calls get their arguments in an inner pt_regs (CONFIG_ARCH_HAS_SYSCALL_WRAPPER). */
  readonly syscallWrapper: boolean
  /** Count the events that do not fit into ring buffers. */
  readonly countDrops?: boolean
}

/**
 * Makes plain C of a parsed program for libbpf: takes out the maps and the licence, finds programs, subprograms, externs and struct_ops, binds the
 * arguments of programs, and turns accesses under `preserve_access_index` into what the loader relocates. Errors go to the diagnostics.
 */
export function rewrite(unit: c.TranslationUnit, options: RewriteOptions): BpfUnit {
  const { diagnostics } = options
  const { maps, variables } = collectMaps(unit, diagnostics)
  const programs = collectPrograms(unit)
  const functions = unit.decls.filter((d): d is c.FunctionDecl => d.kind === "function" && d.body !== undefined)
  const rewriter = new Libbpf(options, variables)
  for (const fn of functions) rewriter.announce(fn)
  const made = new Map(functions.map(fn => [fn, rewriter.rewriteFunction(fn)]))
  const externs = collectExterns(unit)
  let license = ""
  const decls: c.Decl[] = []
  for (const decl of unit.decls) {
    const section = decl.kind === "var" ? sectionOf(decl) : undefined
    if (decl.kind === "var" && (variables.has(decl) || section === "version")) continue
    if (decl.kind === "var" && section === "license") license = textOf(decl) ?? license
    else if (decl.kind === "var") decls.push(rewriter.global(decl))
    else decls.push(decl.kind === "function" ? (made.get(decl) ?? decl) : decl)
  }
  return {
    unit: { name: unit.name, decls },
    maps: [...maps.map(map => withEvent(map, rewriter.events.types)), ...(rewriter.drops?.maps ?? [])],
    programs: programs.map(program => ({ ...program, decl: made.get(program.decl) ?? program.decl })),
    subprograms: subprograms(unit).map(fn => made.get(fn) ?? fn),
    externs,
    structOps: collectStructOps(decls),
    license,
    linkable: true,
    externMaps: [...variables.keys()].filter(
      decl => decl.storage === "extern" && !maps.some(m => m.name === decl.name),
    ),
  }
}

/** The map with the type of the records that are sent through it. */
function withEvent(map: MapDecl, types: ReadonlyMap<string, c.Type>): MapDecl {
  const event = types.get(map.name)
  return event === undefined ? map : { ...map, event }
}

/** Variables and functions that the kernel defines: `extern` in section .kconfig or .ksyms. */
function collectExterns(unit: c.TranslationUnit): ExternDecl[] {
  const externs: ExternDecl[] = []
  const add = (decl: c.VarDecl | c.FunctionDecl) => {
    const section = sectionOf(decl)
    const weak = decl.attrs.some(attr => attr.name === "weak")
    if (section === ".kconfig" && decl.kind === "var") externs.push({ decl, kind: "kconfig", weak })
    else if (section === ".ksyms") {
      if (decl.kind === "function") Object.assign(decl, { kfunc: true })
      externs.push({ decl, kind: decl.kind === "function" ? "kfunc" : "ksym", weak })
    }
  }
  const own = new Set<c.Decl>()
  for (const decl of unit.decls) {
    if (decl.kind !== "var" && decl.kind !== "function") continue
    own.add(decl)
    if (decl.storage === "extern" || (decl.kind === "function" && decl.body === undefined)) add(decl)
  }
  // Functions of the kernel that are called without a declaration, and what is declared inside functions.
  for (const decl of unit.decls) {
    if (decl.kind !== "function" || decl.body === undefined) continue
    eachExpr(decl.body, e => {
      if (e.kind !== "ref" || own.has(e.decl) || e.decl.storage !== "extern") return
      own.add(e.decl)
      add(e.decl)
    })
  }
  return externs
}

/** The text of a `char` array's initialiser, up to its NUL. */
function textOf(decl: c.VarDecl): string | undefined {
  if (decl.init?.kind !== "expr") return undefined
  let e = decl.init.expr
  while (e.kind === "cast") e = e.operand
  return e.kind === "string" ? new TextDecoder().decode(e.bytes).replace(/\0.*$/s, "") : undefined
}

/** The one walk over all functions in which everything is rewritten. */
class Libbpf extends Rewriter {
  readonly #options: RewriteOptions
  readonly #maps: ReadonlyMap<c.VarDecl, string>
  readonly #core: CoreAccess
  readonly drops: DropCounters | undefined
  readonly events = new EventTypes()

  constructor(options: RewriteOptions, maps: ReadonlyMap<c.VarDecl, string>) {
    super()
    this.#options = options
    this.#maps = maps
    this.drops = options.countDrops ? new DropCounters(options.names) : undefined
    this.#core = new CoreAccess(options.diagnostics, e => this.expr(e))
  }

  readonly #find = (name: string): c.FunctionDecl | undefined => {
    for (const fn of this.functions.keys()) if (fn.name === name) return fn
    return undefined
  }

  /** Makes the node that calls of a function will point to; its body comes later. */
  announce(fn: c.FunctionDecl): void {
    this.functions.set(fn, { ...fn })
  }

  rewriteFunction(fn: c.FunctionDecl): c.FunctionDecl {
    const made = this.functions.get(fn) as { -readonly [K in keyof c.FunctionDecl]: c.FunctionDecl[K] }
    const from = argumentsAttribute(fn)
    let prologue: c.Stmt[] = []
    if (from !== undefined) {
      const bound = bindArguments({ ...this.#options, find: this.#find }, fn, from)
      for (const [param, local] of bound.locals) this.variables.set(param, local)
      made.params = bound.params
      made.type = { ...fn.type, params: bound.params.map(p => p.type) }
      made.attrs = fn.attrs.filter(attr => attr.name !== "bpf_arguments")
      prologue = bound.prologue.map(s => this.stmt(s))
      // What was made of the variables has been made anew by the walk.
      for (const [param, local] of bound.locals) this.variables.set(param, this.variables.get(local) ?? local)
    }
    const body = this.stmt(fn.body as c.CompoundStmt) as c.CompoundStmt
    made.body = prologue.length === 0 ? body : { ...body, body: [...prologue, ...body.body] }
    return made
  }

  /** A variable whose initialiser may name maps and functions. */
  global(decl: c.VarDecl): c.VarDecl {
    if (decl.init !== undefined) Object.assign(decl, { init: this.init(decl.init) })
    return decl
  }

  override local(decl: c.VarDecl): c.VarDecl {
    if (decl.storage === "static") return this.global(decl)
    const made = super.local(decl)
    if (made.init?.kind === "expr") this.events.reserved(made.type, made.init.expr)
    return made
  }

  override expr(e: c.Expr): c.Expr {
    if (e.kind === "addressOf" && e.operand.kind === "ref" && e.operand.decl.kind === "var") {
      const map = this.#maps.get(e.operand.decl)
      if (map !== undefined) return b.cast(b.mapRef(map, e.span), e.type, true)
    }
    const made = this.#core.rewrite(e) ?? this.children(e)
    if (made.kind === "assign") this.events.reserved(made.left.type, made.right)
    if (made.kind !== "call") return made
    this.events.call(made)
    return this.drops?.around(made) ?? made
  }
}
