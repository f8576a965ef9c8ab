import type { Env } from "../env.ts"
import { recordOf, type SpecialField } from "../fields/index.ts"
import { EINVAL } from "../refuse.ts"
import { Flag, Kind, type Reg } from "../reg.ts"
import { isConstant } from "../scalar/index.ts"
import type { ReferenceKind } from "../state.ts"
import { acquire, forget, invalidate } from "./references.ts"

/** What of a lock a call does. */
export interface LockUse {
  readonly locks: boolean
  /** A lock that may be refused (`bpf_res_spin_lock`). */
  readonly resilient: boolean
  /** With interrupts switched off. */
  readonly irq: boolean
}

/** The object that a lock is in: the map, or the types of an allocated object. */
const ownerOf = (reg: Reg): unknown => reg.ref

const kindOf = ({ resilient, irq }: LockUse): ReferenceKind => (irq ? "resLockIrq" : resilient ? "resLock" : "lock")

/** Takes or gives back the lock that a register points to. Source: `process_spin_lock`, Linux 6.1 to 6.18. */
export function useLock(env: Env, register: number, use: LockUse): void {
  const reg = env.regs[register]
  const word = use.resilient ? "bpf_res_spin" : "bpf_spin"
  checkPlace(env, register, word)
  if (use.locks) lock(env, reg, use)
  else unlock(env, reg, use, word)
}

function checkPlace(env: Env, register: number, word: string): void {
  const reg = env.regs[register]
  if (!isConstant(reg.scalar)) {
    env.refuse(EINVAL, `R${register} doesn't have constant offset. ${word}_lock has to be at the constant offset`)
  }
  const isMap = reg.kind === Kind.mapValue
  if (isMap && reg.map.btf === undefined) {
    env.refuse(EINVAL, `map '${reg.map.name}' has to have BTF in order to use ${word}_lock`)
  }
  const field = lockOf(reg, word)
  if (field === undefined) {
    env.refuse(EINVAL, `${isMap ? "map" : "local"} '${isMap ? reg.map.name : "kptr"}' has no valid ${word}_lock`)
  }
  const off = reg.off + Number(reg.scalar.bits.value)
  if (field!.offset !== off) {
    env.refuse(EINVAL, `off ${off} doesn't point to 'struct ${word}_lock' that is at ${field!.offset}`)
  }
}

const lockOf = (reg: Reg, word: string): SpecialField | undefined =>
  recordOf(reg).find(({ kind }) => kind === `${word}_lock`)

function lock(env: Env, reg: Reg, use: LockUse): void {
  const { state } = env
  const owner = ownerOf(reg)
  const held = state.references
  if (!use.resilient && held.some(({ kind }) => kind === "lock")) {
    env.refuse(EINVAL, "Locking two bpf_spin_locks are not allowed")
  }
  const same = held.some(
    ({ kind, id, owner: other }) => (kind === "resLock" || kind === "resLockIrq") && id === reg.id && other === owner,
  )
  if (use.resilient && same) env.refuse(EINVAL, "Acquiring the same lock again, AA deadlock detected")
  acquire(env, kindOf(use), owner, reg.id)
  state.activeLocks++
  state.activeLockId = reg.id
  state.activeLockOwner = owner
}

function unlock(env: Env, reg: Reg, use: LockUse, word: string): void {
  const { state } = env
  const owner = ownerOf(reg)
  const kind = kindOf(use)
  if (state.activeLocks === 0) env.refuse(EINVAL, `${word}_unlock without taking a lock`)
  const held = state.references.some(other => other.kind === kind && other.id === reg.id && other.owner === owner)
  if (!held) env.refuse(EINVAL, `${word}_unlock of different lock`)
  if (reg.id !== state.activeLockId || owner !== state.activeLockOwner) {
    env.refuse(EINVAL, `${word}_unlock cannot be out of order`)
  }
  forget(env.state, reg.id, kind)
  state.activeLocks--
  const last = state.references.findLast(({ kind }) => kind === "lock" || kind === "resLock" || kind === "resLockIrq")
  state.activeLockId = last?.id ?? 0
  state.activeLockOwner = last?.owner
  // What hangs in a tree or list is somebody else's from here on.
  invalidate(env, other => (other.flags & Flag.nonOwning) !== 0 && other.kind === Kind.btf)
}
