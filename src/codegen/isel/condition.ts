import { type Block, type Inst, type Predicate, swappedPredicate, type Value } from "../../ir/index.ts"
import * as o from "../../isa/index.ts"
import { type MBlock, type MTerm, makeTerm, NO_REG, type Reg } from "../mir/mir.ts"
import { type Condition, matchCompound, matchCondition, plainCondition } from "./match.ts"
import { immediate, type Selector } from "./selector.ts"

const JUMP: Record<Predicate, number> = {
  eq: o.BPF_JEQ,
  ne: o.BPF_JNE,
  ult: o.BPF_JLT,
  ule: o.BPF_JLE,
  ugt: o.BPF_JGT,
  uge: o.BPF_JGE,
  slt: o.BPF_JSLT,
  sle: o.BPF_JSLE,
  sgt: o.BPF_JSGT,
  sge: o.BPF_JSGE,
}

/** Level 1 has no "less" jumps. */
const OPPOSITE_OF_LESS: Partial<Record<Predicate, Predicate>> = { ult: "uge", ule: "ugt", slt: "sge", sle: "sgt" }

/**
 * Ends the current block with a jump to `then` when `v` is not zero, else to `other`. A condition of several goes on in blocks of its own, each
 * of which may lead to both.
 */
export function branch(s: Selector, v: Value, then: MBlock, other: MBlock): void {
  const compound = matchCompound(v, s.plan.uses)
  if (compound !== undefined) {
    const second = s.newBlock()
    if (compound.negated) [then, other] = [other, then]
    if (compound.op === "and") branch(s, compound.a, second, other)
    else branch(s, compound.a, then, second)
    s.enter(second)
    branch(s, compound.b, then, other)
    return
  }
  if (v.kind === "const" || v.kind === "undef") {
    s.block.term = makeTerm("jump", [v.kind === "const" && v.value !== 0n ? then : other], s.span)
    return
  }
  const condition = plainCondition(matchCondition(v, s.plan.uses, s.plan.plain))
  const targets = condition.negated ? [other, then] : [then, other]
  s.block.term = condition.pred === "set" ? bitTest(s, condition, targets) : comparison(s, condition, targets)
}

function makeBranch(
  s: Selector,
  op: number,
  wide: boolean,
  dst: Reg,
  right: Reg | { imm: number },
  to: MBlock[],
): MTerm {
  const term = makeTerm("br", to, s.span)
  term.op = op
  term.wide = wide
  term.dst = dst
  if (typeof right === "number") term.src = right
  else term.imm = right.imm
  return term
}

/** `if a & b goto`: the bits of an immediate are extended by its sign. */
function bitTest(s: Selector, { a, b }: Condition, targets: MBlock[]): MTerm {
  const imm = immediate(b)
  const clear = a.type === "i32" && s.isClear(a) && (imm === undefined ? s.isClear(b) : true)
  const wide = a.type !== "i32" || s.cpu < 3 || (clear && (imm === undefined || imm >= 0))
  const fits = imm !== undefined && (imm >= 0 || s.cpu >= 3 || a.type !== "i32")
  return makeBranch(s, o.BPF_JSET, wide, s.reg(a), fits ? { imm: imm! } : s.reg(b), targets)
}

function comparison(s: Selector, condition: Condition, targets: MBlock[]): MTerm {
  let { a, b } = condition
  let pred = condition.pred as Predicate
  if (!s.hasReg(a) && s.hasReg(b)) {
    ;[a, b] = [b, a]
    pred = swappedPredicate(pred)
  }
  if (pred[0] === "s" && s.plan.isNotNegative(a) && s.plan.isNotNegative(b)) pred = `u${pred.slice(1)}` as Predicate
  const signed = pred[0] === "s"
  let imm = immediate(b)
  if (imm === 0 && (pred === "eq" || pred === "ne") && s.plan.isLowered(a)) {
    // Verifiers before Linux 6.8 learn no bound from "is not zero", but they do from "is above zero".
    if (pred === "eq") imm = 1
    pred = pred === "eq" ? "ult" : "ugt"
  }
  let wide = true
  let left: Reg
  let right: Reg = NO_REG
  const extended = a.type === "i32" ? s.extensionOf(a) : undefined
  const other = imm === undefined && extended !== undefined ? s.extensionOf(b) : undefined
  if (extended !== undefined && (imm !== undefined || other !== undefined)) {
    // Extension by the sign keeps every order. What the branch tells the verifier then holds for the 64-bit value, which indexes and sizes use.
    left = extended
    if (other !== undefined) right = other
  } else if (a.type === "i32" && s.cpu < 3 && signed) {
    left = s.signExtended(s.reg(a), 32)
    if (imm === undefined) right = s.signExtended(s.reg(b), 32)
  } else {
    if (a.type === "i32") {
      // With clear upper halves an unsigned comparison of 64 bits says the same, and every kernel's verifier learns the most from it.
      wide = !signed && s.isClear(a) && s.isClear(b) && (imm === undefined || imm >= 0)
      if (s.cpu < 3) {
        wide = true
        if (imm !== undefined && imm < 0) imm = undefined
      }
    }
    left = s.reg(a)
    if (imm === undefined) right = s.reg(b)
  }
  const less = s.cpu === 1 ? OPPOSITE_OF_LESS[pred] : undefined
  if (less !== undefined) {
    if (imm === undefined) {
      ;[left, right] = [right, left]
      pred = swappedPredicate(pred)
    } else {
      pred = less
      targets = [targets[1], targets[0]]
    }
  }
  return makeBranch(s, JUMP[pred], wide, left, imm === undefined ? right : { imm }, targets)
}

/** A comparison whose result is kept: `d = 1; if a op b goto join; d = 0; join:` */
export function selectCompare(s: Selector, v: Inst): void {
  const r = s.newReg()
  diamond(
    s,
    v,
    () => s.aluImm(o.BPF_ALU64, o.BPF_MOV, r, 1),
    () => s.aluImm(o.BPF_ALU64, o.BPF_MOV, r, 0),
    false,
  )
  s.bind(v, r)
}

/**
 * Selects on one condition in a row share the branch: `d = a; if c goto join; d = b; join:`. The value that is made on the spot comes second
 * (the condition inverted), so that the other one's copy can go away.
 */
export function selectSelects(s: Selector, group: readonly (Inst & { op: "select" })[]): void {
  const [cond] = group[0].args
  const regs = group.map(() => s.newReg())
  const fill = (which: 1 | 2) => () => {
    for (let i = 0; i < group.length; i++) put(s, group[i], regs[i], group[i].args[which])
  }
  const swap = !s.hasReg(group[0].args[1]) && s.hasReg(group[0].args[2])
  diamond(s, cond, fill(swap ? 2 : 1), fill(swap ? 1 : 2), swap)
  group.forEach((v, i) => {
    s.bind(v, regs[i])
  })
}

function put(s: Selector, v: Inst, r: Reg, value: Value): void {
  if (v.type === "i32" && s.plan.needsZero(v) && !s.isClear(value)) s.zeroExtendInto(r, s.reg(value))
  else s.moveInto(r, value)
}

/** `before(); if cond goto join; otherwise(); join:` (jumps when not `cond`, with `inverted`). */
function diamond(s: Selector, cond: Value, before: () => void, otherwise: () => void, inverted: boolean): void {
  const second = s.newBlock()
  const join = s.newBlock()
  before()
  branch(s, cond, inverted ? second : join, inverted ? join : second)
  s.enter(second)
  otherwise()
  second.term = makeTerm("jump", [join], s.span)
  s.enter(join)
}

/** The selects that follow each other on one condition from `at` on, none of them an operand of another. */
export function selectGroup(insts: Block["insts"], at: number): (Inst & { op: "select" })[] {
  const first = insts[at] as Inst & { op: "select" }
  const group = [first]
  for (let i = at + 1; i < insts.length; i++) {
    const next = insts[i]
    if (next.op !== "select" || next.args[0] !== first.args[0]) break
    if (group.some(v => next.args.includes(v))) break
    group.push(next)
  }
  return group
}
