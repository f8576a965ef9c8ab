import type { Span } from "../../base/index.ts"
import * as c from "../../c/index.ts"
import * as b from "../ast/build.ts"
import { eachExpr } from "../ast/walk.ts"
import type { Env } from "./env.ts"
import { contextRecord, type Program } from "./programs.ts"

/**
 * A program gets one argument, its context. Parameters after it become variables at the head of the body, taken from where the context has them;
 * those that are never used are left out.
 *
 *     int f(struct pt_regs *ctx, struct sock *sk)      →  struct sock *sk = (struct sock *)ctx->di;
 *     int syscall__f(struct pt_regs *ctx, int fd)      →  struct pt_regs *__ctx = (struct pt_regs *)ctx->di;
 *                                                         int fd = (int)READ(__ctx->di);
 *     KFUNC_PROBE(f, struct sock *sk)                  →  struct sock *sk = (struct sock *)ctx[0];
 *     RAW_TRACEPOINT program with parameters           →  T p = (T)ctx->args[0];
 */
export function bindArguments(
  env: Env,
  program: Program,
): { params: c.VarDecl[]; locals: Map<c.VarDecl, c.VarDecl>; prologue: c.Stmt[] } {
  const { decl } = program
  const [ctx, ...rest] = decl.params
  const locals = new Map<c.VarDecl, c.VarDecl>()
  const prologue: c.Stmt[] = []
  const used = usedVariables(decl)
  if (rest.length === 0) return { params: [...decl.params], locals, prologue }
  const source = argumentSource(env, program, ctx, prologue)
  if (source === undefined) return { params: [ctx], locals, prologue }
  const first = prologue.length
  let slot = 0
  for (const param of rest) {
    const at = slot
    slot += source.slots(param)
    if (param.name === "") {
      env.diagnostics.error(
        "BCC_ARGUMENTS",
        `parameter ${rest.indexOf(param) + 2} of program '${decl.name}' has no name`,
        param.span,
      )
      continue
    }
    const value = used.has(param) ? source.value(at, param) : undefined
    if (value === undefined) continue
    const local: c.VarDecl = { ...param, scope: "local", storage: "none", init: { kind: "expr", expr: value } }
    locals.set(param, local)
    prologue.push(b.declStmt(local))
  }
  // Nothing was taken from it: the pointer to the inner registers is not needed.
  if (prologue.length === first) prologue.length = 0
  return { params: [ctx], locals, prologue }
}

interface ArgumentSource {
  /** How many slots a parameter takes. */
  slots(param: c.VarDecl): number
  /** A parameter's value; undefined after an error, which is reported. */
  value(slot: number, param: c.VarDecl): c.Expr | undefined
}

function argumentSource(env: Env, program: Program, ctx: c.VarDecl, prologue: c.Stmt[]): ArgumentSource | undefined {
  const { decl } = program
  const record = contextRecord(decl)
  if (program.family === "typed") return fromArray(ctx)
  if (record?.tag === "bpf_raw_tracepoint_args") return fromRawTracepoint(env, ctx, record)
  const pointer = c.canonical(ctx.type)
  const isVoid = pointer.kind === "pointer" && c.canonical(pointer.to).kind === "void"
  if (!isVoid && record?.tag !== "pt_regs" && record?.tag !== "user_pt_regs") {
    env.diagnostics.error(
      "BCC_ARGUMENTS",
      `program '${decl.name}' cannot have parameters after its context of type ${c.quoteType(ctx.type)}`,
      decl.params[1].span,
      {
        hint: "only programs on kprobes, uprobes and raw tracepoints, and KFUNC_PROBE and its like, get arguments of functions",
      },
    )
    return undefined
  }
  if (program.attach?.kind === "kretprobe") {
    env.diagnostics.warning(
      "BCC_RETURN_ARGUMENTS",
      `arguments of a function are no longer known when it returns`,
      decl.params[1].span,
      {
        hint: "save them in a table in a kprobe__ program; the result is PT_REGS_RC(ctx)",
      },
    )
  }
  return program.syscall && env.target.syscallWrapper
    ? fromSyscall(env, program, ctx, prologue)
    : fromRegisters(env, program, ctx)
}

/** Function arguments in registers of the context. */
function fromRegisters(env: Env, program: Program, ctx: c.VarDecl): ArgumentSource {
  const places = program.syscall ? env.registers.syscallParams : env.registers.params
  return {
    slots: () => 1,
    value(slot, param) {
      if (slot >= places.length) return tooMany(env, program, param, places.length)
      const place = registerPlace(env, b.value(ctx, param.span), places[slot], param.span)
      return place && fit(b.load(place), param)
    },
  }
}

/** Arguments of a system call, in the registers that its wrapper gets a pointer to. */
function fromSyscall(env: Env, program: Program, ctx: c.VarDecl, prologue: c.Stmt[]): ArgumentSource | undefined {
  const { span } = ctx
  const outer = registerPlace(env, b.value(ctx, span), env.registers.params[0], span)
  const regs = env.names.record("pt_regs", false)
  if (outer === undefined || regs === undefined) return undefined
  const type = c.pointerTo(contextRecord(program.decl) ? pointee(ctx.type) : c.recordType(regs))
  const inner = b.variable("__ctx", type, span, b.cast(b.load(outer), type))
  prologue.push(b.declStmt(inner))
  const places = env.registers.syscallParams
  return {
    slots: () => 1,
    value(slot, param) {
      if (slot >= places.length) return tooMany(env, program, param, places.length)
      const place = registerPlace(env, b.value(inner, param.span), places[slot], param.span)
      if (place === undefined) return undefined
      const type = c.unqualified(place.type)
      return fit(
        { kind: "kernelRead", address: b.addressOf(place), type, span: param.span, helper: env.readHelper },
        param,
      )
    },
  }
}

/** `ctx[i]`: 64 bits a scalar; a record by value takes as many as it needs. */
function fromArray(ctx: c.VarDecl): ArgumentSource {
  return {
    slots: param => Math.max(1, Math.ceil((c.sizeOf(param.type) ?? 8) / 8)),
    value(slot, param) {
      const { span } = param
      const index = b.int(slot, c.INT, span)
      const place: c.Expr = { kind: "index", base: b.value(ctx, span), index, type: pointee(ctx.type), span }
      if (c.recordOf(param.type) === undefined) return fit(b.load(place), param)
      return b.load(b.deref(b.cast(b.addressOf(place, span), c.pointerTo(param.type)), span))
    },
  }
}

function fromRawTracepoint(env: Env, ctx: c.VarDecl, record: c.RecordDecl): ArgumentSource {
  return {
    slots: () => 1,
    value(slot, param) {
      const args = record.fields.find(field => field.name === "args")
      if (args === undefined) return noRegister(env, "args", param.span)
      const { span } = param
      const member: c.Expr = {
        kind: "member",
        base: b.value(ctx, span),
        field: args,
        arrow: true,
        implicit: false,
        type: args.type,
        span,
      }
      const t = c.canonical(args.type)
      const type = t.kind === "array" ? t.element : c.ULLONG
      return fit(b.load({ kind: "index", base: b.load(member), index: b.int(slot, c.INT, span), type, span }), param)
    },
  }
}

/** A register by its place in pt_regs: `di`, `regs[2]`, `psw.addr`. */
function registerPlace(env: Env, pointer: c.Expr, place: string, span: Span): c.Expr | undefined {
  let base = pointer
  const own = c.recordOf(pointee(pointer.type))
  const record = own ?? env.names.record("pt_regs", false)
  if (record === undefined) return noRegister(env, place, span)
  if (own === undefined) base = b.cast(pointer, c.pointerTo(c.recordType(record)))
  const [path, index] = place.replace("]", "").split("[")
  let e: c.Expr | undefined
  let inside: c.RecordDecl | undefined = record
  for (const name of path.split(".")) {
    const fields: readonly c.Field[] | undefined = inside && c.findMember(inside, name)
    if (fields === undefined) return noRegister(env, place, span)
    for (const [i, field] of fields.entries()) {
      e = {
        kind: "member",
        base: e ?? base,
        field,
        arrow: e === undefined,
        implicit: i < fields.length - 1,
        type: field.type,
        span,
      }
    }
    inside = e && c.recordOf(e.type)
  }
  if (e === undefined || index === undefined) return e
  const t = c.canonical(e.type)
  if (t.kind !== "array") return noRegister(env, place, span)
  return { kind: "index", base: b.load(e), index: b.int(Number(index), c.INT, span), type: t.element, span }
}

/** A register's value as a parameter's. */
function fit(value: c.Expr, param: c.VarDecl): c.Expr {
  const type = c.unqualified(param.type)
  // A pointer cast of a 32-bit register would lose its sign; registers are of 64 bits wherever BPF runs.
  return b.cast(value, type)
}

function pointee(type: c.Type): c.Type {
  const t = c.canonical(type)
  return t.kind === "pointer" ? t.to : c.VOID
}

function noRegister(env: Env, place: string, span: Span): undefined {
  env.diagnostics.error("BCC_ARGUMENTS", `the context has no member '${place}' to take the argument from`, span, {
    hint: `is the program for ${env.target.arch}?`,
  })
  return undefined
}

function tooMany(env: Env, program: Program, param: c.VarDecl, max: number): undefined {
  env.diagnostics.error(
    "BCC_ARGUMENTS",
    `program '${program.decl.name}' has more than ${max} parameters after its context`,
    param.span,
    {
      hint: "further arguments are on the stack of the traced function; read them with bpf_probe_read_kernel() from PT_REGS_SP(ctx)",
    },
  )
  return undefined
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
