import type { Env } from "../env.ts"
import { ADD_CONST, Kind, NOT_INIT, type Reg, UNKNOWN } from "../reg.ts"
import { includes, same } from "../scalar/index.ts"
import { allBytes, Byte, byteOf, type Frame, frameSlot, type Slot, type State } from "../state.ts"
import { IdMap } from "./ids.ts"

/** How like each other two states have to be. */
export const Exactness = {
  /** The old state covers the new one; numbers that never mattered are not looked at. */
  loose: 0,
  /** They say the same of everything. */
  exact: 1,
  /** The old state covers the new one, in all numbers, too. */
  within: 2,
} as const
export type Exactness = (typeof Exactness)[keyof typeof Exactness]

const ids = new IdMap()

/** Whether what was proven of an old state holds for a new one. */
export function statesEqual(env: Env, old: State, now: State, exact: Exactness): boolean {
  if (old.frames.length !== now.frames.length || old.sleepable !== now.sleepable) return false
  if (old.speculative && !now.speculative) return false
  ids.reset()
  if (!sameReferences(old, now)) return false
  for (let i = 0; i < old.frames.length; i++) {
    if (old.frames[i].callSite !== now.frames[i].callSite) return false
    const live = env.marks.liveBefore[frameSlot(old, i)]
    if (!framesEqual(env, old.frames[i], now.frames[i], live, exact)) return false
  }
  return true
}

function sameReferences(old: State, now: State): boolean {
  if (old.references.length !== now.references.length) return false
  if (old.preemptLocks !== now.preemptLocks || old.rcuLocks !== now.rcuLocks) return false
  if (old.activeLocks !== now.activeLocks) return false
  if (!ids.match(old.activeIrq, now.activeIrq)) return false
  if (!ids.match(old.activeLockId, now.activeLockId) || old.activeLockOwner !== now.activeLockOwner) return false
  for (let i = 0; i < old.references.length; i++) {
    const [a, b] = [old.references[i], now.references[i]]
    if (a.kind !== b.kind || a.owner !== b.owner || !ids.match(a.id, b.id)) return false
  }
  return true
}

function framesEqual(env: Env, old: Frame, now: Frame, live: number, exact: Exactness): boolean {
  if (old.callbackDepth > now.callbackDepth) return false
  for (let i = 0; i < 11; i++) {
    if (live & (1 << i) && !regSafe(env, old.regs[i], now.regs[i], exact)) return false
  }
  return stackSafe(env, old, now, exact)
}

/** Everything but ids: kind, offsets, what is pointed to, ranges. */
const sameValue = (a: Reg, b: Reg): boolean =>
  a.kind === b.kind &&
  a.flags === b.flags &&
  a.off === b.off &&
  a.aux === b.aux &&
  a.ref === b.ref &&
  a.mapUid === b.mapUid &&
  same(a.scalar, b.scalar)

export const regsExact = (old: Reg, now: Reg, map: IdMap = ids): boolean =>
  sameValue(old, now) && map.match(old.id, now.id) && map.match(old.refId, now.refId)

/** Whether what was proven with one register holds with another in its place. */
function regSafe(env: Env, old: Reg, now: Reg, exact: Exactness): boolean {
  if (old === now && old.id === 0 && old.refId === 0) return true
  if (exact === Exactness.exact) return regsExact(old, now)
  if (old.kind === Kind.notInit && (exact === Exactness.loose || now.kind === Kind.notInit)) return true
  if (old.kind !== now.kind || old.flags !== now.flags) return false
  switch (old.kind) {
    case Kind.scalar:
      if (env.exploresLimits)
        return old.off === now.off && same(old.scalar, now.scalar) && ids.matchScalar(old.id, now.id)
      if (!old.precise && exact === Exactness.loose) return true
      if ((old.id & ADD_CONST) !== (now.id & ADD_CONST)) return false
      if (old.id & ADD_CONST && old.off !== now.off) return false
      return includes(old.scalar, now.scalar) && ids.matchScalar(old.id, now.id)
    case Kind.mapKey:
    case Kind.mapValue:
    case Kind.mem:
    case Kind.buf:
    case Kind.tpBuffer:
      if (old.off !== now.off || old.aux !== now.aux || old.ref !== now.ref || old.mapUid !== now.mapUid) return false
      return includes(old.scalar, now.scalar) && ids.match(old.id, now.id) && ids.match(old.refId, now.refId)
    case Kind.packetMeta:
    case Kind.packet:
      if (old.aux < 0 || now.aux < 0 ? old.aux !== now.aux : old.aux > now.aux) return false
      return old.off === now.off && ids.match(old.id, now.id) && includes(old.scalar, now.scalar)
    case Kind.arena:
      return true
    default:
      return regsExact(old, now)
  }
}

/** A slot as one number, where that is what a load of it gives. */
function numberIn(env: Env, slot: Slot): Reg | undefined {
  if (slot.isFullSpill) return slot.reg.kind === Kind.scalar ? slot.reg : undefined
  return nothingMatters(env, slot) ? UNKNOWN : undefined
}

function stackSafe(env: Env, old: Frame, now: Frame, exact: Exactness): boolean {
  for (let i = 0; i < old.stack.length; i++) {
    const a = old.stack[i]
    const b = now.stack[i]
    if (exact === Exactness.exact && (b === undefined || a.types !== b.types)) return false
    if (a === b && a.reg === NOT_INIT) continue
    if (nothingMatters(env, a) && !(exact !== Exactness.loose && b?.isFullSpill)) continue
    if (b === undefined) return false
    const [x, y] = [numberIn(env, a), numberIn(env, b)]
    if (x !== undefined && y !== undefined) {
      if (!regSafe(env, x, y, exact)) return false
      continue
    }
    if (!bytesSafe(env, a, b)) return false
    if (byteOf(a.types, 7) === byteOf(b.types, 7) && !objectSafe(env, a, b, exact)) return false
  }
  return true
}

/** No byte was written, or is more than any number. */
const nothingMatters = (env: Env, { types }: Slot): boolean =>
  (env.perfmon ? types & ~allBytes(Byte.misc) : types) === 0

function bytesSafe(env: Env, old: Slot, now: Slot): boolean {
  if (old.types === now.types) return true
  for (let i = 0; i < 8; i++) {
    const a = byteOf(old.types, i)
    if (a === Byte.invalid || (a === Byte.misc && env.perfmon)) continue
    const b = byteOf(now.types, i)
    if (a === Byte.misc && b === Byte.zero) continue
    if (a !== b) return false
  }
  return true
}

/** What lies in two slots of the same kind: a spilled register, an iterator, a dynptr. */
function objectSafe(env: Env, old: Slot, now: Slot, exact: Exactness): boolean {
  const [a, b] = [old.reg.object, now.reg.object]
  switch (byteOf(old.types, 7)) {
    case Byte.spill:
      return regSafe(env, old.reg, now.reg, exact)
    case Byte.dynptr:
      return a?.type === b?.type && a?.first === b?.first && ids.match(old.reg.refId, now.reg.refId)
    case Byte.iter:
      return a?.type === b?.type && a?.active === b?.active && ids.match(old.reg.refId, now.reg.refId)
    case Byte.irq:
      return a?.lockKind === b?.lockKind && ids.match(old.reg.refId, now.reg.refId)
    default:
      return true
  }
}
