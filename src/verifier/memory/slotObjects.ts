import type { Env } from "../env.ts"
import { EINVAL } from "../refuse.ts"
import { Kind, NOT_INIT } from "../reg.ts"
import { Byte, byteOf, changeRegs, EMPTY_SLOT, type Frame } from "../state.ts"

/** Kinds of dynptrs that hold a reference. */
const REFERENCED = new Set(["ringbuf", "file"])

/** A store to a dynptr ends it, and what was sliced from it. One that holds a reference cannot be lost like this. */
export function destroyDynptr(env: Env, frame: Frame, index: number): void {
  const slot = frame.stack[index]
  if (slot === undefined || byteOf(slot.types, 0) !== Byte.dynptr) return
  // The higher of its two slots is the one that tells what it is.
  const first = slot.reg.object?.first ? index : index + 1
  const { reg } = frame.stack[first]
  if (REFERENCED.has(reg.object?.type ?? "")) env.refuse(EINVAL, "cannot overwrite referenced dynptr")
  env.told.slot(frame, first)
  env.told.slot(frame, first - 1)
  frame.stack[first] = EMPTY_SLOT
  frame.stack[first - 1] = EMPTY_SLOT
  changeRegs(env.state, each => (each.kind === Kind.mem && each.mapUid === reg.id ? NOT_INIT : each))
}
