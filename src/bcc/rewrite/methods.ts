import type { Span } from "../../base/index.ts"
import * as c from "../../c/index.ts"
import * as b from "../ast/build.ts"
import type { Current, Env } from "./env.ts"
import type { Table } from "./maps.ts"
import { tableMethod } from "./methodTable.ts"

/** A call of a table's method, its arguments already rewritten. */
interface MethodCall {
  readonly env: Env
  readonly current: Current
  readonly table: Table
  readonly name: string
  readonly args: readonly c.Expr[]
  readonly type: c.Type
  readonly span: Span
}

const BPF_ANY = 0
const BPF_NOEXIST = 1

const INSERTING = ["hash", "percpu_hash", "lru_hash", "lru_percpu_hash", "lpm_trie"]

/** Methods that are more than one call of a helper. */
const MADE: Readonly<Record<string, (call: MethodCall) => c.Expr>> = {
  update: call => update(call, BPF_ANY, "BPF_ANY"),
  insert,
  lookup_or_try_init: call => lookupOrInit(call, false),
  lookup_or_init: call => lookupOrInit(call, true),
  increment: call => increment(call, false),
  atomic_increment: call => increment(call, true),
  perf_submit: perfSubmit,
  perf_submit_skb: perfSubmitPacket,
}

/** The argument that is a record of an event stream. */
const EVENT_ARGUMENT: Readonly<Record<string, number>> = { perf_submit: 1, ringbuf_output: 0, ringbuf_submit: 0 }

/** The table and method that a call names: `table.method(…)`. */
export function methodOf(e: c.Call, tables: ReadonlyMap<c.VarDecl, Table>): { table: Table; name: string } | undefined {
  const callee = e.callee.kind === "cast" && e.callee.cast === "load" ? e.callee.operand : e.callee
  if (callee.kind !== "member" || callee.arrow || callee.base.kind !== "ref" || callee.base.decl.kind !== "var") {
    return undefined
  }
  const table = tables.get(callee.base.decl)
  return table && { table, name: callee.field.name ?? "" }
}

/** Turns `table.method(args)` into calls of helpers; `e` is the call as the program wrote it, `args` are rewritten. */
export function rewriteMethod(
  env: Env,
  current: Current,
  e: c.Call,
  table: Table,
  name: string,
  args: readonly c.Expr[],
): c.Expr {
  if (Object.hasOwn(EVENT_ARGUMENT, name)) noteEvent(table, e.args[EVENT_ARGUMENT[name]])
  const call: MethodCall = { env, current, table, name, args, type: e.type, span: e.span }
  if (Object.hasOwn(MADE, name)) return MADE[name](call)
  const plain = tableMethod(table.type, name)
  return plain?.helper === undefined || plain.args === undefined ? e : plainCall(call, plain.helper, plain.args)
}

function plainCall(call: MethodCall, helper: string, args: string): c.Expr {
  const list = [...args].map(arg =>
    arg === "m" ? mapOf(call) : arg === "0" ? b.int(0, c.INT, call.span) : call.args[Number(arg) - 1],
  )
  return b.cast(helperCall(call, helper, list), call.type, true)
}

const mapOf = (call: MethodCall) => b.mapRef(call.table.name, call.span)

function helperCall({ env, span }: MethodCall, helper: string, args: readonly c.Expr[]): c.Expr {
  const call = b.call(env.names.helper(helper), args, span)
  return env.drops?.around(call) ?? call
}

/** Remembers the record type that a stream's events have: that of the first one submitted. */
function noteEvent(table: Table, arg: c.Expr | undefined): void {
  const type = arg && c.canonical(b.stripCasts(arg).type)
  if (type?.kind === "pointer" && c.recordOf(type.to) !== undefined) table.event ??= c.unqualified(type.to)
}

function update(call: MethodCall, flag: number, name: string): c.Expr {
  const [key, value] = call.args
  const flags = b.int(flag, c.ULLONG, call.span, name)
  return b.cast(helperCall(call, "bpf_map_update_elem", [mapOf(call), key, value, flags]), call.type, true)
}

function insert(call: MethodCall): c.Expr {
  if (call.table.type.endsWith("array")) {
    call.env.diagnostics.warning(
      "BCC_ARRAY_INSERT",
      `all elements of the array '${call.table.name}' exist: insert() always fails`,
      call.span,
      {
        hint: "use update()",
      },
    )
  }
  return update(call, BPF_NOEXIST, "BPF_NOEXIST")
}

function lookup(call: MethodCall, key: c.Expr): c.Expr {
  return b.cast(helperCall(call, "bpf_map_lookup_elem", [mapOf(call), key]), c.pointerTo(call.table.leafMember), true)
}

/** A value that is used more than once: as it is where that is harmless, else through a variable. */
function once(e: c.Expr, name: string, body: c.Stmt[], type = e.type): c.Expr {
  if (b.isRepeatable(e)) return e
  const variable = b.variable(name, type, e.span, e)
  body.push(b.declStmt(variable))
  return b.value(variable, e.span)
}

/**
 *     ({ V *_leaf = lookup(key); if (!_leaf) { update(key, init, BPF_NOEXIST); _leaf = lookup(key); } _leaf; })
 *
 * `lookup_or_init` also returns 0 from the function when there still is none.
 */
function lookupOrInit(call: MethodCall, leave: boolean): c.Expr {
  const { span, table } = call
  const body: c.Stmt[] = []
  const key = once(call.args[0], "_key", body)
  const init = once(call.args[1], "_init", body)
  const leaf = b.variable("_leaf", c.pointerTo(table.leafMember), span, lookup(call, key))
  const missing = b.not(b.value(leaf, span))
  const retry: c.Stmt[] = [
    b.exprStmt(update({ ...call, args: [key, init] }, BPF_NOEXIST, "BPF_NOEXIST")),
    b.exprStmt(b.assign(b.ref(leaf, span), lookup(call, key), span)),
  ]
  if (leave) retry.push(b.ifStmt(missing, returnNothing(call), undefined, span))
  body.push(b.declStmt(leaf), b.ifStmt(missing, b.block(retry, span), undefined, span), b.exprStmt(b.value(leaf, span)))
  return b.stmtExpr(body, span)
}

function returnNothing({ current, env, span }: MethodCall): c.Stmt {
  const type = c.canonical(current.fn.type.ret)
  if (type.kind === "void") return { kind: "return", value: undefined, span }
  if (type.kind === "record") {
    env.diagnostics.error(
      "BCC_LOOKUP_OR_INIT",
      `lookup_or_init() returns 0 when the table is full, which ${c.quoteType(current.fn.type.ret)} cannot be`,
      span,
      {
        hint: "use lookup_or_try_init() and look at what it gives",
      },
    )
    return { kind: "null", span }
  }
  const zero = b.int(0, c.INT, span)
  const value =
    type.kind === "pointer"
      ? c.makeCast("intToPointer", zero, current.fn.type.ret)
      : c.convert(zero, current.fn.type.ret)
  return { kind: "return", value, span }
}

/**
 *     ({ K _key = key; V *_leaf = lookup(&_key); if (_leaf) (*_leaf) += n; else { V _new = n; update(&_key, &_new, BPF_NOEXIST); } })
 *
 * An array has all its elements, so that nothing is to be done for one that is not there.
 */
function increment(call: MethodCall, atomic: boolean): c.Expr {
  const { span, table, env } = call
  const type = c.integerOf(table.leafMember)
  if (type === undefined) {
    env.diagnostics.error(
      "BCC_INCREMENT",
      `${call.name}() needs a table of integers; '${table.name}' has ${c.quoteType(table.leafMember)}`,
      span,
    )
    return b.int(0, c.INT, span)
  }
  const body: c.Stmt[] = []
  const key = b.variable("_key", c.unqualified(table.keyMember), span, call.args[0])
  body.push(b.declStmt(key))
  const by = call.args[1] ?? b.int(1, c.INT, span)
  const amount = once(c.convert(by, table.leafMember), "_by", body, c.unqualified(table.leafMember))
  const keyAddress = b.addressOf(b.ref(key, span), span)
  const leaf = b.variable("_leaf", c.pointerTo(table.leafMember), span, lookup(call, keyAddress))
  body.push(b.declStmt(leaf))
  const target = b.deref(b.value(leaf, span), span)
  const add = atomic
    ? b.call(fetchAndAdd(table.leafMember, span), [b.value(leaf, span), amount], span)
    : addTo(target, amount, type, span)
  let other: c.Stmt | undefined
  if (INSERTING.includes(table.type)) {
    const fresh = b.variable("_new", c.unqualified(table.leafMember), span, amount)
    const put = update(
      { ...call, args: [keyAddress, b.addressOf(b.ref(fresh, span), span)], type: c.INT },
      BPF_NOEXIST,
      "BPF_NOEXIST",
    )
    other = b.block([b.declStmt(fresh), b.exprStmt(put)], span)
  }
  body.push(b.ifStmt(b.value(leaf, span), b.exprStmt(add), other, span))
  return b.stmtExpr(body, span)
}

function addTo(target: c.Expr, amount: c.Expr, type: c.IntType, span: Span): c.Expr {
  const computeType = c.promoted(type)
  return {
    kind: "assign",
    op: "+",
    computeType,
    left: target,
    right: c.convert(amount, computeType),
    type: c.unqualified(target.type),
    span,
  }
}

function fetchAndAdd(type: c.Type, span: Span): c.FunctionDecl {
  const value = c.unqualified(type)
  return b.builtin("__sync_fetch_and_add", c.functionType(value, [c.pointerTo(type), value]), span)
}

const currentCpu = (span: Span) => b.int(0xffffffff, c.ULLONG, span, "BPF_F_CURRENT_CPU")

function perfSubmit(call: MethodCall): c.Expr {
  const [ctx, data, size] = call.args
  const args = [ctx, mapOf(call), currentCpu(call.span), data, size]
  return b.cast(helperCall(call, "bpf_perf_event_output", args), call.type, true)
}

/** The length of the packet goes into the upper half of the flags. */
function perfSubmitPacket(call: MethodCall): c.Expr {
  const { span } = call
  const [skb, length, data, size] = call.args
  const shifted = b.binary("<<", b.cast(length, c.ULLONG), b.int(32, c.INT, span), c.ULLONG, span)
  const flags = b.binary("|", shifted, currentCpu(span), c.ULLONG, span)
  return b.cast(helperCall(call, "bpf_perf_event_output", [skb, mapOf(call), flags, data, size]), call.type, true)
}
