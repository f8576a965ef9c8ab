import type { Env } from "../env.ts"
import { EINVAL, ENOTSUPP } from "../refuse.ts"
import { Kind, NOT_INIT, pointerReg, type Reg, UNKNOWN } from "../reg.ts"
import { Frame, State } from "../state.ts"
import { emptyRegs, enterFunction } from "./enter.ts"
import type { CallMeta } from "./meta.ts"

/** How a function is called by a helper or a kernel function. */
export interface CallbackCall {
  /** Number of the function. */
  readonly subprogram: number
  /** What it finds in R1 to R5. */
  readonly args: readonly Reg[]
  /** What it may return. */
  readonly range: readonly [number, number]
  /** It runs later, on its own. */
  readonly async?: boolean
  /** Of an asynchronous one: it may sleep. */
  readonly sleepable?: boolean
}

const WALKED_MAPS = new Set(["array", "percpu_array", "hash", "percpu_hash", "lru_hash", "lru_percpu_hash"])

/** A helper runs a function of the program. */
export function checkCallback(env: Env, meta: CallMeta): void {
  callBack(env, { subprogram: meta.callback, ...argumentsFor(env, meta) })
}

function argumentsFor(env: Env, meta: CallMeta): Omit<CallbackCall, "subprogram"> {
  const { regs } = env
  const { map } = meta
  switch (meta.name) {
    case "bpf_loop":
      return { args: [UNKNOWN, regs[3]], range: [0, 1] }
    case "bpf_for_each_map_elem": {
      if (map === undefined || !WALKED_MAPS.has(map.type)) {
        return env.refuse(ENOTSUPP, "callback function not allowed for map")
      }
      return { args: [...mapArguments(regs[1]), regs[3]], range: [0, 1] }
    }
    case "bpf_timer_set_callback":
      return { args: mapArguments(pointerReg(Kind.mapPtr, { ref: regs[1].map })), range: [0, 0], async: true }
    case "bpf_find_vma": {
      const btf = env.input.kernelBtf
      const type = btf?.find("vm_area_struct", "struct") ?? 0
      const area = btf === undefined || type === 0 ? UNKNOWN : pointerReg(Kind.btf, { ref: btf, aux: type })
      return { args: [regs[1], area, regs[4]], range: [0, 1] }
    }
    case "bpf_user_ringbuf_drain": {
      const record = pointerReg(Kind.dynptr, { object: { kind: "dynptr", type: "local", first: true } })
      return { args: [record, regs[3]], range: [0, 1] }
    }
    default:
      return env.refuse(EINVAL, `verifier bug: ${meta.name} calls no function`)
  }
}

/** A map, one of its keys, and the value of that. */
export function mapArguments(map: Reg): Reg[] {
  const of = { ref: map.ref, mapUid: map.mapUid }
  return [map, pointerReg(Kind.mapKey, of), pointerReg(Kind.mapValue, of)]
}

/** Keeps a run of a function as a way of its own; the call goes on as if it had run it not at all, or often enough. */
export function callBack(env: Env, call: CallbackCall): void {
  const { subprogram: number, range } = call
  const subprogram = env.subprograms[number]
  if (env.isGlobal(subprogram.start)) subprogram.called = true
  if (call.async) {
    callLater(env, call)
    return
  }
  const state = env.fork(subprogram.start, env.slot)
  const frame = enterFunction(env, state, number, env.slot)
  setArguments(frame, call.args)
  frame.callback = { range, async: false }
  state.callbackUnrollDepth++
  state.frames[state.frames.length - 2].callbackDepth++
  env.frame.callbackDepth = 0
}

function setArguments(frame: Frame, args: readonly Reg[]): void {
  for (let i = 0; i < 5; i++) frame.regs[i + 1] = args[i] ?? NOT_INIT
}

/** A function that a timer or work queue calls: on an empty stack, and nothing of its caller's is left. */
function callLater(env: Env, { subprogram: number, args, range, sleepable = false }: CallbackCall): void {
  const subprogram = env.subprograms[number]
  subprogram.asyncCallback = true
  const frame = new Frame(-1, 0, number, emptyRegs(env.framePointer(0)), [])
  setArguments(frame, args)
  frame.callback = { range, async: true }
  frame.asyncEntries = env.frame.asyncEntries + 1
  const state = new State([frame])
  state.sleepable = sleepable
  state.first = subprogram.start
  env.push(state, subprogram.start, env.slot)
}
