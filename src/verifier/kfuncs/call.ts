import { callBack, mapArguments } from "../calls/callback.ts"
import { clearCallerSaved } from "../calls/helper.ts"
import type { Env } from "../env.ts"
import { Flag, Kind, pointerReg, type Reg } from "../reg.ts"
import type { CallTraits } from "../structure/flow.ts"
import { type Callee, calleeOf } from "./callee.ts"
import { checkArguments, type Given } from "./check.ts"
import { advanceIterator, changeSections, checkPlace, releaseGiven } from "./effects.ts"
import { kfuncByName } from "./find.ts"
import { resultOf } from "./result.ts"

/**
 * A call of a function of the kernel.
 *
 * Source: `check_kfunc_call`, Linux 6.1 to 6.18.
 */
export function checkKfuncCall(env: Env): void {
  const callee = calleeOf(env)
  checkPlace(env, callee)
  const given = checkArguments(env, callee)
  callFunction(env, callee, given)
  changeSections(env, callee)
  releaseGiven(env, callee, given)
  const result = resultOf(env, callee, given)
  clearCallerSaved(env)
  if (result !== undefined) env.set(0, result)
  if (callee.kfunc.iterator === "next") advanceIterator(env, given)
}

/** Functions that call one of the program's. */
function callFunction(env: Env, { name }: Callee, given: Given): void {
  if (given.callback === undefined) return
  const subprogram = given.callback.aux
  if (name === "bpf_rbtree_add_impl") {
    const node = nodeInTree(env.regs[2])
    callBack(env, { subprogram, args: [node, node], range: [0, 1] })
  } else if (given.map !== undefined) {
    const args = mapArguments(pointerReg(Kind.mapPtr, { ref: given.map.map, mapUid: given.map.mapUid }))
    callBack(env, { subprogram, args, range: [0, 0], async: true, sleepable: true })
  }
}

/** A node as a comparison sees it: it belongs to the tree. */
const nodeInTree = (reg: Reg): Reg =>
  pointerReg(Kind.btf, { flags: Flag.alloc | Flag.nonOwning, off: reg.off, ref: reg.ref, aux: reg.aux })

/** Whether the call at hand never comes back. */
export const isThrow = (env: Env): boolean => calleeOf(env).name === "bpf_throw"

/** Functions that are for use under a lock, and iterators of numbers, which do nothing else. */
const WITH_LOCK = /^bpf_(list_(push|pop|front|back)|rbtree_|refcount_acquire_impl|iter_num_|res_spin_)/

/** Whether the function at hand may be called while a lock is held. */
export const mayCallWithLock = (env: Env): boolean => WITH_LOCK.test(calleeOf(env).name)

/** What a call of a kernel function at a slot does to the flow of the program. */
export function kfuncTraits(env: Env, slot: number): CallTraits {
  const { kernelBtf } = env.input
  const id = env.code.imm[slot]
  const known = kernelBtf !== undefined && env.code.off[slot] === 0 && id > 0 && id < kernelBtf.count
  const name = known ? kernelBtf.name(id) : ""
  const kfunc = kfuncByName(name)
  return {
    syncCallback: name === "bpf_rbtree_add_impl",
    asyncCallback: /^bpf_(wq_set_callback|task_work_schedule_\w+)_impl$/.test(name),
    iterNext: kfunc?.iterator === "next",
    mightSleep: kfunc?.sleeps === true,
    changesPacket: name === "bpf_xdp_pull_data",
  }
}

/** How many arguments the kernel's function takes that a call names; undefined where there is none of that id. */
export function kfuncArity({ code, input }: Env, slot: number): number | undefined {
  const [id, offset] = [code.imm[slot], code.off[slot]]
  const btf = offset === 0 ? input.kernelBtf : input.modules?.get(input.fdArray?.[offset] ?? -1)
  const func = btf !== undefined && id > 0 && id < btf.count ? btf.type(id) : undefined
  const prototype = func?.kind === "func" ? btf?.type(func.type) : undefined
  return prototype?.kind === "func_proto" ? prototype.params.length : undefined
}
