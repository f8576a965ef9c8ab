import type { Span } from "../../base/index.ts"
import type { CaseStmt, DefaultStmt, Stmt, SwitchStmt, Type } from "../../c/index.ts"
import type { Block, Value } from "../ir.ts"
import { constant } from "../values.ts"
import { compare } from "./arithmetic.ts"
import type { FunctionContext } from "./context.ts"
import { scalar } from "./expr.ts"
import { constantOf, type Scalar } from "./repr.ts"
import { statement } from "./stmt.ts"

/** Values that go to one block, both ends included. */
interface Range {
  readonly low: bigint
  high: bigint
  readonly target: Block
}

/** What the switch is on. */
interface Selector {
  readonly value: Scalar
  readonly type: Type
  readonly span: Span
}

/** So many ranges are tested one after the other; more are halved first. */
const LINEAR = 4

/**
 * A switch: the cases, sorted and joined where neighbours share a block, are found by binary search with short chains of comparisons at its
 * ends. BPF has no jump tables.
 */
export function lowerSwitch(cx: FunctionContext, s: SwitchStmt): void {
  const { b } = cx
  const selector: Selector = { value: scalar(cx, s.value), type: s.value.type, span: s.value.span }
  const cases = new Map<CaseStmt | DefaultStmt, Block>()
  const labels: (CaseStmt | DefaultStmt)[] = []
  collect(s.body, labels)
  const end = b.newBlock()
  let other = end
  // Backwards, so that a case that leads straight into another shares its block.
  for (let i = labels.length - 1; i >= 0; i--) {
    const label = labels[i]
    const { body } = label
    const inner = body.kind === "case" || body.kind === "default" ? cases.get(body) : undefined
    const block = inner ?? b.newBlock()
    cases.set(label, block)
    if (label.kind === "default") other = block
  }
  const ranges: Range[] = []
  for (const label of labels) {
    if (label.kind === "case" && label.low <= label.high) {
      ranges.push({ low: label.low, high: label.high, target: cases.get(label)! })
    }
  }
  ranges.sort((x, y) => (x.low < y.low ? -1 : 1))
  search(cx, selector, join(ranges, other), other)
  // What stands before the first case is not reached.
  b.start(b.newBlock())
  cx.withJumps({ breakTo: end, cases }, () => statement(cx, s.body))
  b.start(end)
}

/** Joins ranges that follow each other and go to the same block; those that go where the rest goes are not needed. */
function join(ranges: readonly Range[], other: Block): Range[] {
  const joined: Range[] = []
  for (const range of ranges) {
    if (range.target === other) continue
    const last = joined.at(-1)
    if (last !== undefined && last.target === range.target && last.high + 1n === range.low) last.high = range.high
    else joined.push({ ...range })
  }
  return joined
}

function search(cx: FunctionContext, on: Selector, ranges: readonly Range[], other: Block): void {
  const { b } = cx
  if (ranges.length > LINEAR) {
    const middle = ranges.length >> 1
    const below = b.newBlock()
    const above = b.newBlock()
    b.br(compareWith(cx, "<", on, ranges[middle].low), below, above)
    b.start(below)
    search(cx, on, ranges.slice(0, middle), other)
    b.start(above)
    search(cx, on, ranges.slice(middle), other)
    return
  }
  for (const range of ranges) {
    const next = b.newBlock()
    b.br(within(cx, on, range), range.target, next)
    b.start(next)
  }
  b.jump(other)
}

function compareWith(cx: FunctionContext, op: "<" | "==" | "<=" | ">=", on: Selector, bound: bigint): Value {
  return compare(cx, op, on.value, on.type, constantOf(on.type, bound, on.span), on.type)
}

function within(cx: FunctionContext, on: Selector, { low, high }: Range): Value {
  const { b } = cx
  const v = on.value
  if (low === high) return compareWith(cx, "==", on, low)
  if (v.kind === "wide") return b.binary("and", compareWith(cx, ">=", on, low), compareWith(cx, "<=", on, high))
  const type = v.type as "i32" | "i64"
  return b.cmp("ule", b.binary("sub", v, constant(type, low)), constant(type, high - low))
}

/** The cases of a switch in order, those of inner switches left out. */
function collect(s: Stmt, into: (CaseStmt | DefaultStmt)[]): void {
  switch (s.kind) {
    case "case":
    case "default":
      into.push(s)
      collect(s.body, into)
      return
    case "block":
      for (const inner of s.body) collect(inner, into)
      return
    case "if":
      collect(s.then, into)
      if (s.other !== undefined) collect(s.other, into)
      return
    case "while":
    case "do":
    case "for":
    case "label":
      collect(s.body, into)
      return
  }
}

/** Whether a jump may lead into a statement, so that it must be lowered even where it is not reached from above. */
export function containsLabel(s: Stmt, inSwitch = false): boolean {
  switch (s.kind) {
    case "case":
    case "default":
      return !inSwitch || containsLabel(s.body, inSwitch)
    case "label":
      return true
    case "block":
      return s.body.some(inner => containsLabel(inner, inSwitch))
    case "if":
      return containsLabel(s.then, inSwitch) || (s.other !== undefined && containsLabel(s.other, inSwitch))
    case "while":
    case "do":
    case "for":
      return containsLabel(s.body, inSwitch)
    case "switch":
      return containsLabel(s.body, true)
    default:
      return false
  }
}
