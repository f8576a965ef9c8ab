import * as o from "../../isa/index.ts"
import { checkAlu } from "../alu/check.ts"
import { checkCondition } from "../branch/condition.ts"
import { checkHelperCall, clearCallerSaved } from "../calls/helper.ts"
import { checkKfuncCall, isThrow, mayCallWithLock } from "../calls/kfunc.ts"
import { checkNoLeaks } from "../calls/references.ts"
import { checkSections } from "../calls/sections.ts"
import { checkSubprogramCall, mayReturn } from "../calls/subprogram.ts"
import type { Env } from "../env.ts"
import { checkAccess } from "../memory/access.ts"
import { checkUnmoved } from "../memory/offset.ts"
import { EINVAL } from "../refuse.ts"
import { Kind, UNKNOWN, ZERO_REG } from "../reg.ts"
import { isKfuncCall, isSubprogramCall, isTailCall } from "../structure/subprograms.ts"
import { checkAtomic } from "./atomic.ts"
import { checkConstant } from "./constant.ts"
import { checkExit } from "./exit.ts"
import { notePointer } from "./pointerKinds.ts"

/** Checks the instruction that the walk is at; gives the slot where it goes on, undefined where the way ends. */
export function checkInstruction(env: Env): number | undefined {
  const { code, slot } = env
  const op = code.op[slot]
  switch (op & o.BPF_CLASS_MASK) {
    case o.BPF_ALU:
    case o.BPF_ALU64:
      checkAlu(env)
      return slot + 1
    case o.BPF_LDX:
      checkLoad(env)
      return slot + 1
    case o.BPF_STX:
      if ((op & o.BPF_MODE_MASK) === o.BPF_ATOMIC) checkAtomic(env)
      else checkStore(env)
      return slot + 1
    case o.BPF_ST:
      checkStoreImmediate(env)
      return slot + 1
    case o.BPF_LD:
      if ((op & o.BPF_MODE_MASK) === o.BPF_IMM) {
        checkConstant(env)
        return slot + 2
      }
      checkPacketLoad(env)
      return mayReturn(env, ZERO_REG) ?? slot + 1
    default:
      env.jumps++
      return checkJump(env)
  }
}

function checkLoad(env: Env): void {
  const { code, slot } = env
  const op = code.op[slot]
  const [dst, src] = [code.dst[slot], code.src[slot]]
  const address = env.read(src)
  env.checkWritable(dst)
  const signed = (op & o.BPF_MODE_MASK) === o.BPF_MEMSX
  checkAccess(env, { register: src, off: code.off[slot], size: o.sizeBytes(op), write: false, value: dst, signed })
  notePointer(env, address, true)
}

function checkStore(env: Env): void {
  const { code, slot } = env
  const op = code.op[slot]
  if ((op & o.BPF_MODE_MASK) !== o.BPF_MEM || code.imm[slot] !== 0) env.refuse(EINVAL, "BPF_STX uses reserved fields")
  const [dst, src] = [code.dst[slot], code.src[slot]]
  env.read(src)
  const address = env.read(dst)
  checkAccess(env, { register: dst, off: code.off[slot], size: o.sizeBytes(op), write: true, value: src })
  notePointer(env, address, false)
}

function checkStoreImmediate(env: Env): void {
  const { code, slot } = env
  const op = code.op[slot]
  if ((op & o.BPF_MODE_MASK) !== o.BPF_MEM || code.src[slot] !== 0) env.refuse(EINVAL, "BPF_ST uses reserved fields")
  const dst = code.dst[slot]
  const address = env.read(dst)
  checkAccess(env, { register: dst, off: code.off[slot], size: o.sizeBytes(op), write: true, value: undefined })
  notePointer(env, address, false)
}

const HAVE_PACKET_LOADS = new Set(["socket_filter", "sched_cls", "sched_act"])

/** A load of classic BPF: from the packet of the context in R6. */
function checkPacketLoad(env: Env): void {
  const { code, slot } = env
  const op = code.op[slot]
  const mode = op & o.BPF_MODE_MASK
  if (!HAVE_PACKET_LOADS.has(env.programType)) {
    env.refuse(EINVAL, "BPF_LD_[ABS|IND] instructions not allowed for this program type")
  }
  const source = mode === o.BPF_ABS && code.src[slot] !== 0
  if (code.dst[slot] !== 0 || code.off[slot] !== 0 || (op & o.BPF_SIZE_MASK) === o.BPF_DW || source) {
    env.refuse(EINVAL, "BPF_LD_[ABS|IND] uses reserved fields")
  }
  const context = env.read(6)
  checkNoLeaks(env)
  checkSections(env, "BPF_LD_[ABS|IND]")
  if (context.kind !== Kind.ctx) env.refuse(EINVAL, "at the time of BPF_LD_ABS|IND R6 != pointer to skb")
  if (mode === o.BPF_IND) env.read(code.src[slot])
  checkUnmoved(env, context, 6, false)
  clearCallerSaved(env)
  env.set(0, UNKNOWN)
}

function checkJump(env: Env): number | undefined {
  const { code, slot } = env
  const op = code.op[slot]
  const wide = (op & o.BPF_CLASS_MASK) === o.BPF_JMP
  const byRegister = (op & o.BPF_SRC_MASK) === o.BPF_X
  const [dst, src, off, imm] = [code.dst[slot], code.src[slot], code.off[slot], code.imm[slot]]
  switch (op & o.BPF_OP_MASK) {
    case o.BPF_CALL: {
      const kfunc = src === o.BPF_PSEUDO_KFUNC_CALL
      if (byRegister || (!kfunc && off !== 0) || src > o.BPF_PSEUDO_KFUNC_CALL || dst !== 0 || !wide) {
        env.refuse(EINVAL, "BPF_CALL uses reserved fields")
      }
      return checkCall(env)
    }
    case o.BPF_JA:
      if (byRegister || src !== 0 || dst !== 0 || (wide ? imm : off) !== 0) {
        env.refuse(EINVAL, "BPF_JA uses reserved fields")
      }
      return slot + 1 + (wide ? off : imm)
    case o.BPF_EXIT:
      if (byRegister || imm !== 0 || src !== 0 || dst !== 0 || !wide) {
        env.refuse(EINVAL, "BPF_EXIT uses reserved fields")
      }
      return checkExit(env)
    default:
      return checkCondition(env)
  }
}

/** Helpers that may be called while a lock is held: bpf_spin_unlock, bpf_kptr_xchg. */
const WITH_LOCK = new Set([94, 194])

function checkCall(env: Env): number | undefined {
  const { code, slot, state } = env
  if (state.activeLocks > 0 && !isSubprogramCall(code, slot)) {
    const fine = isKfuncCall(code, slot) ? mayCallWithLock(env) : WITH_LOCK.has(code.imm[slot])
    if (!fine) env.refuse(EINVAL, "function calls are not allowed while holding a lock")
  }
  env.told.regs |= 1
  if (isSubprogramCall(code, slot)) return checkSubprogramCall(env)
  if (isKfuncCall(code, slot)) {
    checkKfuncCall(env)
    if (!isThrow(env)) return slot + 1
    checkNoLeaks(env)
    checkSections(env, "bpf_throw")
    return undefined
  }
  checkHelperCall(env)
  return (isTailCall(code, slot) ? mayReturn(env, UNKNOWN) : undefined) ?? slot + 1
}
