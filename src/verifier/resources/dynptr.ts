import type { Env } from "../env.ts"
import { checkStackBounds } from "../memory/stackBounds.ts"
import { EACCES, EINVAL } from "../refuse.ts"
import { Kind, pointerReg, type Reg } from "../reg.ts"
import { Byte, byteOf, changeRegs, type Frame } from "../state.ts"
import { acquire, invalidReg, release } from "./references.ts"
import { areAll, clear, fill, type SlotRange, slotRange } from "./slots.ts"

/** Kinds of memory that a dynptr can be of. */
export type DynptrType = "local" | "ringbuf" | "skb" | "xdp" | "skb_meta"

const SLOTS = 2

/** What a call wants of a dynptr. */
export interface DynptrUse {
  /** The call makes it, of a kind. */
  readonly makes?: DynptrType
  /** It has to be of a kind. */
  readonly type?: DynptrType
  /** Only read: dynptrs that a callback was given will do. */
  readonly readOnly: boolean
  /** Of a clone: the reference that the original holds. */
  readonly cloned?: number
}

/** Checks a dynptr that a call takes, or puts the one that it makes on the stack. Source: `process_dynptr_func`, Linux 6.2 to 6.18. */
export function passDynptr(env: Env, register: number, use: DynptrUse): void {
  const reg = env.regs[register]
  const argument = env.atLeast(6, 8) ? register - 1 : register
  if (reg.kind !== Kind.stack && reg.kind !== Kind.dynptr) {
    env.refuse(EINVAL, `arg#${register - 1} expected pointer to stack or const struct bpf_dynptr`)
  }
  if (use.makes !== undefined) {
    make(env, register, use.makes, use.cloned)
    return
  }
  if (reg.kind === Kind.dynptr && !use.readOnly) {
    env.refuse(EINVAL, "cannot pass pointer to const bpf_dynptr, the helper mutates it")
  }
  const missing = `Expected an initialized dynptr as arg #${argument}`
  if (dynptrOf(env, register, missing) === undefined) env.refuse(EINVAL, missing)
  if (use.type !== undefined && dynptrOf(env, register)?.object?.type !== use.type) {
    env.refuse(EINVAL, `Expected a dynptr of type ${use.type} as arg #${argument}`)
  }
}

/** What is known of the initialised dynptr that a register points to; undefined where there is none. */
export function dynptrOf(env: Env, register: number, missing = ""): Reg | undefined {
  const reg = env.regs[register]
  if (reg.kind === Kind.dynptr) return reg
  const range = slotRange(env, register, "dynptr", SLOTS, missing)
  if (!areAll(range, Byte.dynptr)) return undefined
  const told = range.frame.stack[range.first].reg
  return told.object?.first ? told : undefined
}

function make(env: Env, register: number, type: DynptrType, cloned: number | undefined): void {
  const wrong = "Dynptr has to be an uninitialized dynptr"
  if (env.regs[register].kind === Kind.dynptr) env.refuse(EINVAL, wrong)
  const range = slotRange(env, register, "dynptr", SLOTS, wrong)
  const off = -8 * (range.first + 1)
  checkStackBounds(env, register, off - Number(BigInt.asIntN(64, env.regs[register].scalar.bits.value)), 16, true)
  for (let i = 0; i < SLOTS; i++) destroyDynptrAt(env, range.frame, range.first - i)
  const id = env.newId()
  const refId = type === "ringbuf" ? (cloned ?? acquire(env)) : 0
  fill(env, range, Byte.dynptr, first =>
    pointerReg(Kind.dynptr, { id, refId, object: { kind: "dynptr", type, first } }),
  )
}

/** The call releases the dynptr, with its clones and all slices of them. */
export function releaseDynptr(env: Env, register: number): void {
  const range = slotRange(env, register, "dynptr", SLOTS, "")
  const { refId } = range.frame.stack[range.first].reg
  if (refId === 0) {
    forgetDynptr(env, range)
    return
  }
  release(env, refId)
  for (const frame of env.state.frames) {
    for (let first = frame.stack.length - 1; first > 0; first--) {
      const slot = frame.stack[first]
      if (byteOf(slot.types, 7) !== Byte.dynptr || slot.reg.refId !== refId || !slot.reg.object?.first) continue
      forgetDynptr(env, { frame, first, count: SLOTS, exists: true })
    }
  }
}

/** A write to a slot ends the dynptr that lies there, unless that holds the last reference to a record. */
export function destroyDynptrAt(env: Env, frame: Frame, index: number): void {
  const slot = frame.stack[index]
  if (slot === undefined || byteOf(slot.types, 7) !== Byte.dynptr) return
  const first = slot.reg.object?.first ? index : index + 1
  const { refId } = slot.reg
  if (refId !== 0 && holders(env, refId) <= 1) env.refuse(EINVAL, "cannot overwrite referenced dynptr")
  forgetDynptr(env, { frame, first, count: SLOTS, exists: true })
}

/** How many dynptrs hold a reference. */
function holders(env: Env, refId: number): number {
  let count = 0
  for (const { stack } of env.state.frames) {
    for (const { types, reg } of stack) {
      if (byteOf(types, 7) === Byte.dynptr && reg.object?.first && reg.refId === refId) count++
    }
  }
  return count
}

/** Clears the slots, and ends the slices that were taken of it. */
function forgetDynptr(env: Env, range: SlotRange): void {
  const { id } = range.frame.stack[range.first].reg
  clear(env, range)
  const left = invalidReg(env)
  changeRegs(env.state, reg => (reg.kind === Kind.mem && reg.mapUid === id ? left : reg))
}

/** Refuses accesses of a stack range in which a dynptr lies. */
export function checkNoDynptr(env: Env, frame: Frame, from: number, to: number): void {
  for (let at = from; at < to; at++) {
    const slot = frame.stack[(-at - 1) >> 3]
    if (slot !== undefined && byteOf(slot.types, (-at - 1) & 7) === Byte.dynptr) {
      env.refuse(EACCES, `potential write to dynptr at off=${at} disallowed`)
    }
  }
}
