import type { DeclStmt, DoStmt, ForStmt, IfStmt, ReturnStmt, Stmt, VarDecl, WhileStmt } from "../../c/index.ts"
import { canonical } from "../../c/index.ts"
import type { Block } from "../ir.ts"
import { i32 } from "../values.ts"
import { storePlace } from "./access.ts"
import { copyInto } from "./aggregate.ts"
import { asm } from "./asm.ts"
import { inScope, leaveForLabel, leaveScopes } from "./cleanup.ts"
import { branch, constantCondition } from "./condition.ts"
import type { FunctionContext } from "./context.ts"
import { effect, scalar } from "./expr.ts"
import { fail } from "./fail.ts"
import { initialise, zero } from "./init.ts"
import { isVolatile, reprOf } from "./repr.ts"
import { containsLabel, lowerSwitch } from "./switch.ts"

/** Lowers a statement. */
export function statement(cx: FunctionContext, s: Stmt): void {
  const { b } = cx
  // What ends in front of a label is not the label's.
  if (!isLabel(s)) b.span = s.span
  switch (s.kind) {
    case "block":
      inScope(cx, () => cx.withScope(s.span, () => statements(cx, s.body)))
      return
    case "decl":
      declaration(cx, s)
      return
    case "expr":
      effect(cx, s.expr)
      return
    case "if":
      lowerIf(cx, s)
      return
    case "while":
      lowerWhile(cx, s)
      return
    case "do":
      lowerDo(cx, s)
      return
    case "for":
      inScope(cx, () => cx.withScope(s.span, () => lowerFor(cx, s)))
      return
    case "switch":
      lowerSwitch(cx, s)
      return
    case "case":
    case "default": {
      const block = cx.jumps.cases?.get(s)
      if (block === undefined) fail("IR_CASE", `${s.kind} outside of a switch`, s.span)
      enter(cx, block)
      statement(cx, s.body)
      return
    }
    case "label":
      b.start(cx.label(s.name))
      statement(cx, s.body)
      return
    case "goto":
      leaveForLabel(cx, s.label)
      b.jump(cx.label(s.label))
      return
    case "break":
      leave(cx, cx.jumps.breakTo, cx.jumps.breakKeeps, s)
      return
    case "continue":
      leave(cx, cx.jumps.continueTo, cx.jumps.continueKeeps, s)
      return
    case "return":
      lowerReturn(cx, s)
      return
    case "asm":
      asm(cx, s)
      return
    case "null":
      return
  }
}

const isLabel = ({ kind }: Stmt): boolean => kind === "case" || kind === "default" || kind === "label"

function statements(cx: FunctionContext, list: readonly Stmt[]): void {
  for (const s of list) statement(cx, s)
}

/** Starts the block of a case; `case 1: case 2:` share one, which is started by the first. */
function enter(cx: FunctionContext, block: Block): void {
  if (cx.b.block !== block || !cx.b.open) cx.b.start(block)
}

function leave(cx: FunctionContext, target: Block | undefined, keeps: number, s: Stmt): void {
  if (target === undefined)
    fail("IR_JUMP", `${s.kind} outside of a loop${s.kind === "break" ? " or switch" : ""}`, s.span)
  leaveScopes(cx, keeps)
  cx.b.jump(target)
}

function declaration(cx: FunctionContext, s: DeclStmt): void {
  for (const decl of s.decls) if (decl.kind === "var") variable(cx, decl)
}

function variable(cx: FunctionContext, decl: VarDecl): void {
  const { globals } = cx.module
  if (decl.scope === "global" || decl.storage === "extern") return
  if (decl.storage === "static") {
    globals.own(decl, cx.decl.name)
    return
  }
  cx.b.span = decl.span
  const place = { ...cx.temporary(decl.type, decl.name, decl.span, decl.align), volatile: isVolatile(decl.type) }
  cx.locals.set(decl, place)
  cx.declare(decl, place)
  if (decl.init !== undefined) initialise(cx, place, decl.init)
  // Writing one bit-field reads its neighbours: they must have been written.
  else if (hasBitField(decl)) zero(cx, place)
  if (decl.cleanup !== undefined) cx.cleanups.push(decl)
}

function hasBitField(decl: VarDecl): boolean {
  const t = canonical(decl.type)
  return t.kind === "record" && t.decl.complete && t.decl.fields.some(f => f.bitWidth !== undefined)
}

function lowerIf(cx: FunctionContext, s: IfStmt): void {
  const { b } = cx
  const known = constantCondition(s.cond)
  if (known !== undefined) {
    const [taken, dropped] = known ? [s.then, s.other] : [s.other, s.then]
    if (dropped === undefined || !containsLabel(dropped)) {
      if (taken !== undefined) statement(cx, taken)
      return
    }
  }
  const then = b.newBlock()
  const end = b.newBlock()
  const other = s.other === undefined ? end : b.newBlock()
  branch(cx, s.cond, then, other)
  b.start(then)
  statement(cx, s.then)
  b.jump(end)
  if (s.other !== undefined) {
    b.start(other)
    statement(cx, s.other)
  }
  b.start(end)
}

/** header: cond ? body : end; body: …; jump header */
function lowerWhile(cx: FunctionContext, s: WhileStmt): void {
  const { b } = cx
  const header = b.newBlock()
  const body = b.newBlock()
  const end = b.newBlock()
  header.unroll = s.unroll
  b.start(header)
  branch(cx, s.cond, body, end)
  b.start(body)
  cx.withJumps({ breakTo: end, continueTo: header }, () => statement(cx, s.body))
  b.jump(header)
  b.start(end)
}

/** header: …; latch: cond ? header : end */
function lowerDo(cx: FunctionContext, s: DoStmt): void {
  const { b } = cx
  const header = b.newBlock()
  const latch = b.newBlock()
  const end = b.newBlock()
  header.unroll = s.unroll
  b.start(header)
  cx.withJumps({ breakTo: end, continueTo: latch }, () => statement(cx, s.body))
  b.start(latch)
  b.span = s.cond.span
  branch(cx, s.cond, header, end)
  b.start(end)
}

/** init; header: cond ? body : end; body: …; latch: step; jump header */
function lowerFor(cx: FunctionContext, s: ForStmt): void {
  const { b } = cx
  if (s.init !== undefined) statement(cx, s.init)
  const header = b.newBlock()
  const latch = b.newBlock()
  const body = b.newBlock()
  const end = b.newBlock()
  header.unroll = s.unroll
  b.start(header)
  if (s.cond === undefined) b.jump(body)
  else branch(cx, s.cond, body, end)
  b.start(body)
  cx.withJumps({ breakTo: end, continueTo: latch }, () => statement(cx, s.body))
  b.start(latch)
  if (s.step !== undefined) effect(cx, s.step)
  b.jump(header)
  b.start(end)
}

function lowerReturn(cx: FunctionContext, s: ReturnStmt): void {
  const { b } = cx
  const { value } = s
  const { ret } = cx.decl.type
  const repr = reprOf(ret, s.span)
  if (value === undefined || repr === "void") {
    if (value !== undefined) effect(cx, value)
    leaveScopes(cx, 0)
    b.span = s.span
    fallOff(cx)
    return
  }
  if (cx.result !== undefined) {
    const to = { address: cx.result, type: ret, align: 8, volatile: false }
    if (repr === "memory") copyInto(cx, value, to)
    else storePlace(cx, to, scalar(cx, value))
    leaveScopes(cx, 0)
    b.span = s.span
    b.ret()
    return
  }
  const v = scalar(cx, value)
  leaveScopes(cx, 0)
  b.span = s.span
  b.ret(v.kind === "wide" ? v.lo : v)
}

/** Returns from the end of a function, or without a value: a function that should have one gives zero, for BPF needs a value. */
export function fallOff(cx: FunctionContext): void {
  const { b } = cx
  if (b.func.ret === "void") b.ret()
  else b.ret(b.func.ret === "i32" ? i32(0) : { kind: "const", type: b.func.ret, value: 0n })
}
