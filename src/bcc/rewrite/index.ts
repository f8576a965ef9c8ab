import * as c from "../../c/index.ts"
import * as b from "../ast/build.ts"
import { Rewriter } from "../ast/rewriter.ts"
import { eachExpr } from "../ast/walk.ts"
import { CoreAccess } from "../core/access.ts"
import type { KernelNames } from "../names/provider.ts"
import { registersOf } from "../registers.ts"
import type { BpfUnit, ProgramDecl } from "../unit.ts"
import { bindArguments } from "./arguments.ts"
import { rewriteChecksum } from "./checksum.ts"
import { DropCounters } from "./drops.ts"
import { type Current, type Env, readHelper, type Target } from "./env.ts"
import { collectTables, type Table } from "./maps.ts"
import { checkWrite, isBitField, isOutside, kernelRead, rewriteMemory } from "./memory.ts"
import { methodOf, rewriteMethod } from "./methods.ts"
import { TABLE_ATTRIBUTE } from "./methodTable.ts"
import { packetMember, readPacket, writePacket } from "./packet.ts"
import { rewritePrintk } from "./printk.ts"
import { collectPrograms, type Program } from "./programs.ts"
import { ProvenanceAnalysis } from "./provenance.ts"
import { readArguments } from "./usdt.ts"

export interface RewriteOptions {
  readonly names: KernelNames
  readonly diagnostics: c.Diagnostics
  readonly target: Target
  /** Where the text itself names none. */
  readonly license?: string
  /** Count the events that do not fit into ring buffers. */
  readonly countDrops?: boolean
  /** Leave to the loader where the members of the kernel's structs are. */
  readonly core?: boolean
}

/**
 * Makes plain C of a parsed program in BCC's dialect: takes out the tables, finds the programs, binds their arguments, and turns method calls, prints
 * and reads of kernel memory into calls of helpers. Errors go to the diagnostics.
 */
export function rewrite(written: c.TranslationUnit, options: RewriteOptions): BpfUnit {
  const { names, diagnostics, target } = options
  const unit = readArguments(written, diagnostics, names)
  const tables = collectTables(unit, diagnostics)
  const programs = collectPrograms(unit)
  const functions = withLibrary(
    unit.decls.filter((d): d is c.FunctionDecl => d.kind === "function" && d.body !== undefined),
  )
  const env: Env = {
    names,
    diagnostics,
    target,
    tables,
    provenance: new ProvenanceAnalysis(functions, programs, tables),
    registers: registersOf(target.arch),
    readHelper: readHelper(names, target),
    drops: options.countDrops ? new DropCounters(names) : undefined,
  }
  const rewriter = new Dialect(env, options.core === true)
  for (const fn of functions) rewriter.announce(fn, programs.get(fn))
  const made = new Map(functions.map(fn => [fn, rewriter.rewriteFunction(fn, programs.get(fn))]))
  const own = new Set<c.Decl>(unit.decls)
  const library = functions.filter(fn => !own.has(fn)).map(fn => made.get(fn) ?? fn)
  const info = new ModuleInfo(options.license)
  const decls: c.Decl[] = [...library]
  for (const decl of unit.decls) {
    if (isTablePart(decl, tables) || info.takes(decl)) continue
    decls.push(decl.kind === "function" ? (made.get(decl) ?? kernelFunction(decl)) : decl)
  }
  return {
    unit: { name: unit.name, decls },
    maps: [...tables.values(), ...(env.drops?.maps ?? [])],
    programs: [...programs.values()].map(program => programDecl(program, made)),
    subprograms: [],
    externs: [],
    structOps: [],
    license: info.license,
  }
}

function programDecl(
  { decl, section, type, attach }: Program,
  made: ReadonlyMap<c.FunctionDecl, c.FunctionDecl>,
): ProgramDecl {
  return {
    decl: made.get(decl) ?? decl,
    section,
    ...(type === undefined ? {} : { type }),
    ...(attach === undefined ? {} : { attach }),
  }
}

/** A table's variable, or the record that was made for its methods. */
function isTablePart(decl: c.Decl, tables: ReadonlyMap<c.VarDecl, Table>): boolean {
  if (decl.kind === "var") return tables.has(decl)
  return decl.kind === "recordDecl" && decl.attrs.some(attr => attr.name === TABLE_ATTRIBUTE)
}

/** `extern … __ksym`: a function of the kernel, called by BTF id. */
function kernelFunction(decl: c.FunctionDecl): c.FunctionDecl {
  const kernel = decl.attrs.some(attr => attr.name === "section" && attr.args[0] === ".ksyms")
  return kernel && decl.kfunc === undefined ? Object.assign(decl, { kfunc: true }) : decl
}

/** A program's functions and, in front of them, those of skep's headers that they call. */
function withLibrary(own: readonly c.FunctionDecl[]): c.FunctionDecl[] {
  const library = new Set<c.FunctionDecl>()
  const known = new Set(own)
  const visit = (fn: c.FunctionDecl) => {
    if (fn.body === undefined) return
    eachExpr(fn.body, e => {
      if (e.kind !== "ref" || e.decl.kind !== "function" || e.decl.body === undefined) return
      if (known.has(e.decl)) return
      known.add(e.decl)
      visit(e.decl)
      library.add(e.decl)
    })
  }
  for (const fn of own) visit(fn)
  return [...library, ...own]
}

/** What variables in special sections say about the whole module. */
class ModuleInfo {
  license: string

  constructor(license = "GPL") {
    this.license = license
  }

  /** True for a variable that is not data of the program. */
  takes(decl: c.Decl): boolean {
    if (decl.kind !== "var" || decl.scope !== "global") return false
    const section = decl.attrs.find(attr => attr.name === "section")?.args[0]
    if (section === "license" && decl.init?.kind === "expr") {
      let e = decl.init.expr
      while (e.kind === "cast") e = e.operand
      if (e.kind === "string") this.license = new TextDecoder().decode(e.bytes).replace(/\0.*$/s, "")
      return true
    }
    return section === "version"
  }
}

/** The one walk over all functions in which everything is rewritten. */
class Dialect extends Rewriter {
  readonly #env: Env
  readonly #core: CoreAccess | undefined
  #current: Current | undefined

  /** `core`: members of the kernel's structs are places that the loader completes. */
  constructor(env: Env, core: boolean) {
    super()
    this.#env = env
    this.#core = core ? new CoreAccess(env.diagnostics, e => this.expr(e)) : undefined
  }

  /** Makes the node that calls of a function will point to; its body comes later. */
  announce(fn: c.FunctionDecl, program: Program | undefined): void {
    const made = { ...fn }
    if (program !== undefined && !fn.attrs.some(attr => attr.name === "section")) {
      made.attrs = [{ name: "section", args: [program.section], span: fn.span }, ...fn.attrs]
    }
    made.attrs = made.attrs.filter(attr => attr.name !== "bpf_unpack")
    this.functions.set(fn, made)
  }

  rewriteFunction(fn: c.FunctionDecl, program: Program | undefined): c.FunctionDecl {
    const made = this.functions.get(fn) as { -readonly [K in keyof c.FunctionDecl]: c.FunctionDecl[K] }
    if (fn.body === undefined) return made
    this.#current = { fn, program }
    let prologue: c.Stmt[] = []
    if (program !== undefined && fn.params.length > 1) {
      const bound = bindArguments(this.#env, program)
      for (const [param, local] of bound.locals) this.variables.set(param, local)
      made.params = bound.params
      made.type = { ...fn.type, params: bound.params.map(p => p.type) }
      prologue = bound.prologue
    }
    const body = this.stmt(fn.body) as c.CompoundStmt
    made.body = prologue.length === 0 ? body : { ...body, body: [...prologue, ...body.body] }
    this.#current = undefined
    return made
  }

  override stmt(s: c.Stmt): c.Stmt {
    const made = this.statements(s)
    // A copy made by a helper, whose value (the destination) nobody wants.
    if (made.kind === "expr" && s.kind === "expr" && s.expr.kind === "call" && made.expr.kind === "comma") {
      return { ...made, expr: made.expr.left }
    }
    return made
  }

  override expr(e: c.Expr): c.Expr {
    const current = this.#current
    if (current === undefined) return this.children(e)
    const packet = this.#packet(current, e)
    if (packet !== undefined) return packet
    switch (e.kind) {
      case "cast":
        if (e.cast === "load" && isOutside(this.#env, current, e.operand)) {
          // The helper reads whole bytes: where the bits are in them is what the program was compiled with.
          const place = isBitField(e.operand) ? this.children(e.operand) : this.expr(e.operand)
          return kernelRead(this.#env, place, e.type, e.span)
        }
        break
      case "assign":
        checkWrite(this.#env, current, e.left)
        break
      case "incdec":
        checkWrite(this.#env, current, e.operand)
        break
      case "call":
        return this.#call(current, e)
      case "addressOf": {
        const table = e.operand.kind === "ref" && e.operand.decl.kind === "var" && this.#env.tables.get(e.operand.decl)
        if (table) return b.cast(b.mapRef(table.name, e.span), e.type, true)
        break
      }
      case "ref":
        this.#checkTable(e)
        break
    }
    return this.#core?.rewrite(e) ?? this.children(e)
  }

  /** Reads and writes of members of packet headers. */
  #packet(current: Current, e: c.Expr): c.Expr | undefined {
    const lvalue = e.kind === "assign" ? e.left : e.kind === "cast" || e.kind === "incdec" ? e.operand : undefined
    const found = lvalue && packetMember(lvalue)
    if (found === undefined) return undefined
    const indices = found.indices.map(({ index, scale }) => ({ index: this.expr(index), scale }))
    const member = { ...found, base: this.expr(found.base), indices }
    if (e.kind === "cast") return e.cast === "load" ? readPacket(this.#env, current, member, e.type) : undefined
    if (e.kind === "assign") {
      const { op, computeType } = e
      const right = this.expr(e.right)
      return writePacket(this.#env, current, member, old =>
        op === undefined || computeType === undefined
          ? right
          : b.binary(op, c.convert(old(), computeType), right, computeType, e.span),
      )
    }
    if (e.kind !== "incdec") return undefined
    const { span } = e
    const one = b.int(1, c.LLONG, span)
    const by = (value: c.Expr, up: boolean) =>
      b.cast(b.binary(up ? "+" : "-", c.convert(value, c.LLONG), one, c.LLONG, span), e.type, true)
    const up = e.op === "++"
    const made = writePacket(this.#env, current, member, old => by(old(), up))
    return e.prefix ? made : by(made, !up)
  }

  #call(current: Current, e: c.Call): c.Expr {
    const method = methodOf(e, this.#env.tables)
    const args = this.list(e.args)
    if (method !== undefined) return rewriteMethod(this.#env, current, e, method.table, method.name, args)
    const { builtin } = c.calledFunction(e.callee) ?? {}
    if (builtin === "bpf_trace_printk") return rewritePrintk(this.#env, e, args)
    if (builtin?.startsWith("incr_cksum_")) return rewriteChecksum(this.#env, current, e, builtin, args)
    const memory = builtin === undefined ? undefined : rewriteMemory(this.#env, current, e, builtin, args)
    if (memory !== undefined) return memory
    const callee = this.expr(e.callee)
    const made = callee === e.callee && args === e.args ? e : { ...e, callee, args }
    return this.#env.drops?.around(made) ?? made
  }

  /** A table is no object: only its methods can be called, and its address be given to a helper. */
  #checkTable(e: c.Ref): void {
    if (e.decl.kind !== "var") return
    const table = this.#env.tables.get(e.decl)
    if (table === undefined) return
    this.#env.diagnostics.error("BCC_TABLE_USE", `table '${table.name}' can only be used through its methods`, e.span, {
      hint: `write ${table.name}.lookup(…) and the like directly; a helper takes &${table.name}`,
    })
  }
}
