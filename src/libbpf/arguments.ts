import type { Span } from "../base/index.ts"
import { type Architecture, build as b, eachExpr, type KernelNames, registersOf } from "../bcc/index.ts"
import * as c from "../c/index.ts"

/** Where a program's parameters after its context come from, as the macros of bpf_tracing.h write it. */
export type ArgumentSource = "array" | "registers" | "result" | "syscall" | "usdt"

export function argumentsAttribute(fn: c.FunctionDecl): ArgumentSource | undefined {
  const attr = fn.attrs.find(a => a.name === "bpf_arguments")
  return attr && (String(attr.args[0]) as ArgumentSource)
}

export interface ArgumentOptions {
  readonly names: KernelNames
  readonly diagnostics: c.Diagnostics
  readonly arch: Architecture
  readonly syscallWrapper: boolean
  /** A function of the program or of its headers. */
  readonly find: (name: string) => c.FunctionDecl | undefined
}

/**
 * A program gets one argument, its context. Parameters after it become variables at the head of the body; those that are never used are left out.
 *
 *     BPF_PROG(f, struct sock *sk, int n)   →  struct sock *sk = (struct sock *)ctx[0]; int n = (int)ctx[1];
 *     BPF_KPROBE(f, int fd)                 →  int fd = (int)ctx->di;
 *     BPF_KRETPROBE(f, long ret)            →  long ret = (long)ctx->ax;
 */
export function bindArguments(
  options: ArgumentOptions,
  fn: c.FunctionDecl,
  from: ArgumentSource,
): { params: c.VarDecl[]; locals: Map<c.VarDecl, c.VarDecl>; prologue: c.Stmt[] } {
  const [ctx, ...rest] = fn.params
  const locals = new Map<c.VarDecl, c.VarDecl>()
  const prologue: c.Stmt[] = []
  const used = usedVariables(fn)
  const source = new Source(options, fn, ctx, from, prologue)
  let slot = 0
  for (const param of rest) {
    const at = slot
    slot += source.slots(param)
    if (!used.has(param)) continue
    const value = source.value(at, param)
    if (value === undefined) continue
    const local: c.VarDecl = { ...param, scope: "local", storage: "none", init: { kind: "expr", expr: value } }
    locals.set(param, local)
    prologue.push(b.declStmt(local))
  }
  return { params: [ctx], locals, prologue }
}

class Source {
  readonly #options: ArgumentOptions
  readonly #fn: c.FunctionDecl
  readonly #ctx: c.VarDecl
  readonly #from: ArgumentSource
  readonly #prologue: c.Stmt[]
  #inner: c.VarDecl | undefined

  constructor(options: ArgumentOptions, fn: c.FunctionDecl, ctx: c.VarDecl, from: ArgumentSource, prologue: c.Stmt[]) {
    this.#options = options
    this.#fn = fn
    this.#ctx = ctx
    this.#from = from
    this.#prologue = prologue
  }

  /** How many of the context's values a parameter takes: a record passed by value takes as many as hold it. */
  slots(param: c.VarDecl): number {
    return this.#from === "array" ? Math.max(1, Math.ceil((c.sizeOf(param.type) ?? 8) / 8)) : 1
  }

  value(slot: number, param: c.VarDecl): c.Expr | undefined {
    const registers = registersOf(this.#options.arch)
    switch (this.#from) {
      case "array":
        return this.#element(slot, param)
      case "result":
        return slot === 0 ? this.#register(this.#ctx, registers.result, param) : this.#tooMany(param, 1)
      case "syscall":
        if (slot >= registers.syscallParams.length) return this.#tooMany(param, registers.syscallParams.length)
        return this.#options.syscallWrapper
          ? this.#syscall(registers.syscallParams[slot], param)
          : this.#register(this.#ctx, registers.syscallParams[slot], param)
      case "usdt":
        return this.#usdt(slot, param)
      case "registers":
        if (slot >= registers.params.length) return this.#tooMany(param, registers.params.length)
        return this.#register(this.#ctx, registers.params[slot], param)
    }
  }

  /** `ctx[slot]` */
  #element(slot: number, param: c.VarDecl): c.Expr {
    const { span } = param
    const index = b.int(slot, c.INT, span)
    const place: c.Expr = { kind: "index", base: b.value(this.#ctx, span), index, type: c.ULLONG, span }
    if (c.recordOf(param.type) === undefined) return fit(b.load(place), param)
    return b.load(b.deref(b.cast(b.addressOf(place, span), c.pointerTo(param.type)), span))
  }

  #register(pointer: c.VarDecl, name: string, param: c.VarDecl): c.Expr | undefined {
    const place = this.#place(b.value(pointer, param.span), name, param.span)
    return place && fit(b.load(place), param)
  }

  /**
   * An argument of a system call, in the registers that the kernel's wrapper of it gets a pointer to: a read of kernel memory into a variable, as
   * `BPF_CORE_READ` does it.
   */
  #syscall(name: string, param: c.VarDecl): c.Expr | undefined {
    const { span } = param
    const { names, arch } = this.#options
    if (this.#inner === undefined) {
      const outer = this.#place(b.value(this.#ctx, span), registersOf(arch).params[0], span)
      if (outer === undefined) return undefined
      this.#inner = b.variable("__skep_regs", this.#ctx.type, span, b.cast(b.load(outer), this.#ctx.type))
      this.#prologue.push(b.declStmt(this.#inner))
    }
    const place = this.#place(b.value(this.#inner, span), name, span)
    if (place === undefined) return undefined
    const value = b.variable("__skep_argument", c.unqualified(place.type), span)
    const read = b.call(
      names.helper("bpf_probe_read_kernel"),
      [
        b.cast(b.addressOf(b.ref(value, span)), c.VOID_PTR),
        b.sizeOf(place.type, span),
        b.cast({ ...preserve(b.addressOf(place)) }, c.CONST_VOID_PTR),
      ],
      span,
    )
    const body = [b.declStmt(value), b.exprStmt(read), b.exprStmt(b.value(value, span))]
    return fit(b.stmtExpr(body, span), param)
  }

  /** `({ long v; bpf_usdt_arg(ctx, slot, &v); v; })` */
  #usdt(slot: number, param: c.VarDecl): c.Expr | undefined {
    const { span } = param
    const { diagnostics, find } = this.#options
    const read = find("bpf_usdt_arg")
    if (read === undefined) {
      diagnostics.error("LIBBPF_ARGUMENTS", "BPF_USDT needs #include <bpf/usdt.bpf.h>", span)
      return undefined
    }
    const value = b.variable("__skep_argument", c.LONG, span)
    const place = b.addressOf(b.ref(value, span))
    const call = b.call(read, [b.value(this.#ctx, span), b.int(slot, c.ULLONG, span), place], span)
    const body = [b.declStmt(value), b.exprStmt(call), b.exprStmt(b.value(value, span))]
    return fit(b.stmtExpr(body, span), param)
  }

  /** A register by its place in pt_regs: `di`, `regs[2]`, `psw.addr`. */
  #place(pointer: c.Expr, place: string, span: Span): c.Expr | undefined {
    const t = c.pointerOf(pointer.type)
    const [path, index] = place.replace("]", "").split("[")
    let inside = t && c.recordOf(t.to)
    let e: c.Expr | undefined
    for (const name of path.split(".")) {
      const fields: readonly c.Field[] | undefined = inside?.complete ? c.findMember(inside, name) : undefined
      if (fields === undefined) return this.#noRegister(place, span)
      for (const [i, field] of fields.entries()) {
        const implicit = i < fields.length - 1
        e = { kind: "member", base: e ?? pointer, field, arrow: e === undefined, implicit, type: field.type, span }
      }
      inside = e && c.recordOf(e.type)
    }
    if (e === undefined || index === undefined) return e
    const array = c.canonical(e.type)
    if (array.kind !== "array") return this.#noRegister(place, span)
    return { kind: "index", base: b.load(e), index: b.int(Number(index), c.INT, span), type: array.element, span }
  }

  #noRegister(place: string, span: Span): undefined {
    const { diagnostics, arch } = this.#options
    diagnostics.error("LIBBPF_ARGUMENTS", `struct pt_regs has no member '${place}' to take the argument from`, span, {
      hint: `is the program for ${arch}?`,
    })
    return undefined
  }

  #tooMany(param: c.VarDecl, max: number): undefined {
    this.#options.diagnostics.error(
      "LIBBPF_ARGUMENTS",
      `program '${this.#fn.name}' has more than ${max} parameter${max === 1 ? "" : "s"} after its context`,
      param.span,
    )
    return undefined
  }
}

function preserve(e: c.Expr): c.Expr {
  return { kind: "builtin", name: "__builtin_preserve_access_index", args: [e], types: [], type: e.type, span: e.span }
}

/** A value of 64 bits as a parameter's. */
function fit(value: c.Expr, param: c.VarDecl): c.Expr {
  return b.cast(value, c.unqualified(param.type))
}

function usedVariables(fn: c.FunctionDecl): Set<c.VarDecl> {
  const used = new Set<c.VarDecl>()
  if (fn.body !== undefined) {
    eachExpr(fn.body, e => {
      if (e.kind === "ref" && e.decl.kind === "var") used.add(e.decl)
    })
  }
  return used
}
