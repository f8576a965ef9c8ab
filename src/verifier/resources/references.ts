import type { Env } from "../env.ts"
import { NOT_INIT, type Reg, UNKNOWN } from "../reg.ts"
import { changeRegs, type Reference, type ReferenceKind, type State } from "../state.ts"

/** Notes that the program has something to give back; the id that registers refer to it by. */
export function acquire(env: Env, kind: ReferenceKind = "pointer", owner?: unknown, id: number = env.newId()): number {
  const { state } = env
  state.references = [...state.references, { kind, id, slot: env.slot, owner }]
  return id
}

/** The reference of an id that is held; undefined where there is none. */
export function heldReference(env: Env, id: number, kind: ReferenceKind = "pointer"): Reference | undefined {
  return env.state.references.find(reference => reference.id === id && reference.kind === kind)
}

/** Takes a reference off the list, and leaves the registers that hold it. Whether there was one. */
export function forget(state: State, id: number, kind: ReferenceKind = "pointer"): boolean {
  const held = state.references
  const index = held.findIndex(reference => reference.id === id && reference.kind === kind)
  if (index < 0) return false
  state.references = [...held.slice(0, index), ...held.slice(index + 1)]
  return true
}

/** Gives a reference back: no register holds it any more. Whether there was one. */
export function release(env: Env, id: number): boolean {
  if (!forget(env.state, id)) return false
  invalidate(env, reg => reg.refId === id)
  return true
}

/** What is left of a pointer that is no longer good: a number for who may see addresses, else nothing. */
export const invalidReg = (env: Env): Reg => (env.perfmon ? UNKNOWN : NOT_INIT)

/** Makes the registers that a test picks no longer good. */
export function invalidate(env: Env, test: (reg: Reg) => boolean): void {
  const left = invalidReg(env)
  changeRegs(env.state, reg => (test(reg) ? left : reg))
}
