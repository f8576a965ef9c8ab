import * as o from "../../isa/index.ts"
import { leaks } from "../alu/check.ts"
import type { Env } from "../env.ts"
import { markPrecise } from "../prune/precision.ts"
import { EACCES, EINVAL } from "../refuse.ts"
import { isPointer, Kind, mayBeNull, type Reg, UNKNOWN } from "../reg.ts"
import { isConstant, type Refined } from "../scalar/index.ts"
import type { State } from "../state.ts"
import { compared } from "./compare.ts"
import { linkedTo, syncLinked } from "./linked.ts"
import { mayGoto } from "./mayGoto.ts"
import { isNotNull, notNull, settleNull } from "./nulls.ts"
import { comparePacket, isPacketTaken } from "./packets.ts"

/** The condition that says the same of the sides in the other order. */
const FLIPPED: Readonly<Record<number, number>> = {
  [o.BPF_JGT]: o.BPF_JLT,
  [o.BPF_JLT]: o.BPF_JGT,
  [o.BPF_JGE]: o.BPF_JLE,
  [o.BPF_JLE]: o.BPF_JGE,
  [o.BPF_JSGT]: o.BPF_JSLT,
  [o.BPF_JSLT]: o.BPF_JSGT,
  [o.BPF_JSGE]: o.BPF_JSLE,
  [o.BPF_JSLE]: o.BPF_JSGE,
}

/** The condition with its sides swapped. */
export const flipped = (condition: number): number => FLIPPED[condition] ?? condition

const isAnyPacket = ({ kind }: Reg): boolean =>
  kind === Kind.packet || kind === Kind.packetMeta || kind === Kind.packetEnd

/** A constant zero. */
export const isZero = (reg: Reg): boolean =>
  reg.kind === Kind.scalar && isConstant(reg.scalar) && reg.scalar.bits.value === 0n

/** A conditional jump: gives the slot where the walk goes on; the other way is kept for later. */
export function checkCondition(env: Env): number {
  const { code, slot } = env
  const op = code.op[slot]
  const condition = op & o.BPF_OP_MASK
  const narrow = (op & o.BPF_CLASS_MASK) === o.BPF_JMP32
  if (condition === 0xf0) env.refuse(EINVAL, `invalid BPF_JMP/JMP32 opcode ${condition.toString(16)}`)
  if (condition === o.BPF_JCOND) return mayGoto(env)

  const [dst, src, imm] = [code.dst[slot], code.src[slot], code.imm[slot]]
  const byRegister = (op & o.BPF_SRC_MASK) === o.BPF_X
  let left = env.read(dst)
  if ((byRegister ? imm : src) !== 0) env.refuse(EINVAL, "BPF_JMP/JMP32 uses reserved fields")
  let right = byRegister ? env.read(src) : env.immediate(slot)
  if (byRegister && !(isAnyPacket(left) && isAnyPacket(right)) && leaks(env, right)) {
    env.refuse(EACCES, `R${src} pointer comparison prohibited`)
  }
  const sides = (left.kind === Kind.stack ? 1 : 0) | (byRegister && right.kind === Kind.stack ? 2 : 0)
  if (sides !== 0) env.record(-1, undefined, sides)

  const target = slot + code.off[slot] + 1
  const taken = predict(env, condition, left, right, narrow)
  if (taken !== undefined) {
    if (left.kind === Kind.scalar) markPrecise(env, dst)
    if (byRegister && right.kind === Kind.scalar) markPrecise(env, src)
    if (!env.perfmon) {
      const { regs } = env.speculate(taken ? slot + 1 : target).current
      regs[dst] = UNKNOWN
      if (byRegister) regs[src] = UNKNOWN
    }
    env.told.changes()
    return taken ? target : slot + 1
  }

  const linked: number[] = []
  if (byRegister && right.kind === Kind.scalar && right.id !== 0) linkedTo(env, right.id, linked)
  if (left.kind === Kind.scalar && left.id !== 0) linkedTo(env, left.id, linked)
  if (linked.length > 1) env.record(-1, linked)
  // Too many linked registers lose their links.
  left = env.regs[dst]
  if (byRegister) right = env.regs[src]

  const other = env.fork(target, slot)
  const sidesOf = { condition, narrow, dst, src: byRegister ? src : undefined, left, right }
  if (left.kind === Kind.scalar && right.kind === Kind.scalar) compareScalars(env, other, sidesOf, linked)
  if (byRegister && !narrow) comparePointers(env, other, sidesOf)
  const equality = condition === o.BPF_JEQ || condition === o.BPF_JNE
  if (!narrow && equality && mayBeNull(left) && isZero(right)) {
    settleNull(env.state, dst, condition === o.BPF_JNE)
    settleNull(other, dst, condition === o.BPF_JEQ)
  } else if (
    !(byRegister && !narrow && comparePacket({ condition, dst, src, left, right, here: env.state, other })) &&
    leaks(env, left)
  ) {
    env.refuse(EACCES, `R${dst} pointer comparison prohibited`)
  }
  env.told.changes()
  return slot + 1
}

interface Sides {
  readonly condition: number
  readonly narrow: boolean
  readonly dst: number
  /** Undefined for an immediate. */
  readonly src: number | undefined
  readonly left: Reg
  readonly right: Reg
}

/** Whether the jump is taken, where that is known. */
function predict(env: Env, condition: number, left: Reg, right: Reg, narrow: boolean): boolean | undefined {
  if (isAnyPacket(left) && isAnyPacket(right) && !narrow) return isPacketTaken(condition, left, right)
  if (!isPointer(left) && !isPointer(right)) {
    if (!canPredict(env, left, right, narrow)) return undefined
    return compared(env, condition, left.scalar, right.scalar, narrow).taken
  }
  const [pointer, number] = isZeroOf(right, narrow) ? [left, right] : [right, left]
  if (!isZeroOf(number, narrow) || !isPointer(pointer) || !isNotNull(pointer)) return undefined
  if (condition === o.BPF_JEQ) return false
  return condition === o.BPF_JNE ? true : undefined
}

/** What a comparison of numbers needs to be decided: a constant on the right; on one of the sides (Linux 6.4); their ranges (6.8). */
function canPredict(env: Env, left: Reg, right: Reg, narrow: boolean): boolean {
  if (env.atLeast(6, 8) || isKnown(right, narrow)) return true
  return env.atLeast(6, 4) && isKnown(left, narrow)
}

const isKnown = ({ scalar }: Reg, narrow: boolean): boolean => (narrow ? scalar.bits.low32() : scalar.bits).mask === 0n

function isZeroOf(reg: Reg, narrow: boolean): boolean {
  if (reg.kind !== Kind.scalar) return false
  const bits = narrow ? reg.scalar.bits.low32() : reg.scalar.bits
  return bits.mask === 0n && bits.value === 0n
}

/** Both ways learn of both sides, and of all that share a value with them. */
function compareScalars(env: Env, other: State, sides: Sides, linked: readonly number[]): void {
  const { condition, narrow, left, right } = sides
  const { holds, fails } = compared(env, condition, left.scalar, right.scalar, narrow)
  learn(env.state, sides, fails, linked)
  learn(other, sides, holds, linked)
}

function learn(
  state: State,
  { dst, src, left, right }: Sides,
  learned: Refined | undefined,
  linked: readonly number[],
): void {
  const { regs } = state.current
  if (src !== dst && learned !== undefined) {
    regs[dst] = left.withScalar(learned.a)
    if (src !== undefined) regs[src] = right.withScalar(learned.b)
  }
  if (src !== undefined && right.id !== 0) syncLinked(state, regs[src], linked)
  if (left.id !== 0) syncLinked(state, regs[dst], linked)
}

/** A pointer that equals one that is not null is not null. */
function comparePointers(env: Env, other: State, { condition, dst, src, left, right }: Sides): void {
  if (src === undefined || !isPointer(left) || !isPointer(right) || mayBeNull(left) === mayBeNull(right)) return
  if (left.kind === Kind.btf || right.kind === Kind.btf) return
  const state = condition === o.BPF_JEQ ? other : condition === o.BPF_JNE ? env.state : undefined
  if (state === undefined) return
  const register = mayBeNull(right) ? src : dst
  state.current.regs[register] = notNull(state.current.regs[register])
}
