import type { Env } from "../env.ts"
import { checkStackBounds } from "../memory/stackBounds.ts"
import { EACCES, EINVAL } from "../refuse.ts"
import { Kind, pointerReg } from "../reg.ts"
import { Byte } from "../state.ts"
import { acquire, forget } from "./references.ts"
import { areAll, clear, fill, isAny, slotRange } from "./slots.ts"

/** What saves and gives back the state of interrupts: a flag of a lock is not one of the processor. */
const KINDS: Readonly<Record<string, { readonly saves: boolean; readonly lock: boolean }>> = {
  bpf_local_irq_save: { saves: true, lock: false },
  bpf_local_irq_restore: { saves: false, lock: false },
  bpf_res_spin_lock_irqsave: { saves: true, lock: true },
  bpf_res_spin_unlock_irqrestore: { saves: false, lock: true },
}

const className = (lock: boolean): string => (lock ? "lock" : "native")

/** Saves the state of interrupts on the stack, or gives it back. Source: `process_irq_flag`, Linux 6.14 to 6.18. */
export function passIrqFlag(env: Env, register: number, call: string): void {
  const { saves, lock } = KINDS[call]
  const wrong = `expected ${saves ? "uninitialized" : "an initialized"} irq flag as arg#${register - 1}`
  const range = slotRange(env, register, "irq_flag", 1, wrong)
  const { frame, first } = range
  if (saves) {
    if (isAny(range, Byte.irq)) env.refuse(EINVAL, wrong)
    const off = -8 * (first + 1) - Number(BigInt.asIntN(64, env.regs[register].scalar.bits.value))
    checkStackBounds(env, register, off, 8, true)
    const refId = acquire(env, "irq")
    env.state.activeIrq = refId
    fill(env, range, Byte.irq, () =>
      pointerReg(Kind.stack, { refId, object: { kind: "irq", type: "", first: true, lockKind: lock ? 1 : 0 } }),
    )
    return
  }
  if (!areAll(range, Byte.irq)) env.refuse(EINVAL, wrong)
  const { refId, object } = frame.stack[first].reg
  const wasLock = object?.lockKind === 1
  if (wasLock !== lock) {
    const [was, is] = [wasLock, lock].map(className)
    env.refuse(EINVAL, `irq flag acquired by ${was} kfuncs cannot be restored with ${is} kfuncs`)
  }
  const { state } = env
  if (refId !== state.activeIrq) {
    const held = state.references.find(reference => reference.id === state.activeIrq)
    env.refuse(
      EACCES,
      `cannot restore irq state out of order, expected id=${state.activeIrq} acquired at insn_idx=${held?.slot ?? -1}`,
    )
  }
  forget(env.state, refId, "irq")
  state.activeIrq = state.references.findLast(({ kind }) => kind === "irq")?.id ?? 0
  clear(env, range)
}
