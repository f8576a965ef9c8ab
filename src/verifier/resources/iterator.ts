import type { Btf } from "../../btf/index.ts"
import type { Env } from "../env.ts"
import { checkStackBounds } from "../memory/stackBounds.ts"
import { EINVAL } from "../refuse.ts"
import { Flag, Kind, pointerReg, type Reg } from "../reg.ts"
import { Byte, type Frame, Slot } from "../state.ts"
import { inReadSection } from "../typed/trust.ts"
import { acquire, release } from "./references.ts"
import { areAll, clear, fill, isAny, type SlotRange, slotRange } from "./slots.ts"

/** The type of an iterator: `struct bpf_iter_num` and its size in slots. */
export interface IteratorType {
  readonly btf: Btf
  /** Id of the structure. */
  readonly id: number
  /** Name without `bpf_iter_`: `num`. */
  readonly name: string
  readonly slots: number
}

const rangeOf = (env: Env, register: number, type: IteratorType, then: string): SlotRange =>
  slotRange(env, register, "iter", type.slots, then)

/** Puts a new iterator on the stack. `rcuProtected` ones are good until the read section ends. Source: `process_iter_arg`, Linux 6.4 to 6.18. */
export function makeIterator(env: Env, register: number, type: IteratorType, rcuProtected: boolean): void {
  const wrong = `expected uninitialized iter_${type.name} as arg #${register - 1}`
  const range = rangeOf(env, register, type, wrong)
  const { first } = range
  if (isAny(range, Byte.iter)) env.refuse(EINVAL, wrong)
  const off = -8 * (first + 1) - Number(BigInt.asIntN(64, env.regs[register].scalar.bits.value))
  checkStackBounds(env, register, off, 8 * type.slots, true)
  const refId = acquire(env)
  const trust = rcuProtected ? (inReadSection(env) ? Flag.rcu : Flag.untrusted) : Flag.trusted
  fill(env, range, Byte.iter, isFirst =>
    pointerReg(Kind.btf, {
      flags: isFirst ? trust : 0,
      refId: isFirst ? refId : 0,
      ref: type.btf,
      aux: type.id,
      object: { kind: "iter", type: type.name, first: isFirst, active: true, depth: 0 },
    }),
  )
}

/** Checks the iterator that a register points to; where it is. */
export function passIterator(env: Env, register: number, type: IteratorType): SlotRange {
  const missing = `expected an initialized iter_${type.name} as arg #${register - 1}`
  const range = rangeOf(env, register, type, missing)
  const told = range.exists ? range.frame.stack[range.first].reg : undefined
  const isOne =
    areAll(range, Byte.iter) && told?.object?.first === true && told.object.kind === "iter" && told.aux === type.id
  if (!isOne) env.refuse(EINVAL, missing)
  if (told!.flags & Flag.untrusted) env.refuse(EINVAL, `expected an RCU CS when using bpf_iter_${type.name}_next`)
  return range
}

/** Takes an iterator off the stack. */
export function destroyIterator(env: Env, range: SlotRange): void {
  release(env, range.frame.stack[range.first].reg.refId)
  clear(env, range)
}

/** What is told of the iterator in a slot. */
export const iteratorIn = (frame: Frame, first: number): Reg => frame.stack[first].reg

/** Sets the state of the iterator in a slot. */
export function setIterator(frame: Frame, first: number, change: { active: boolean; depth: number }): void {
  const { types, reg } = frame.stack[first]
  frame.stack[first] = new Slot(types, reg.with({ object: { ...reg.object!, ...change } }))
}
