import type { Btf, FuncProtoType, FuncType } from "../../btf/index.ts"
import type { Env } from "../env.ts"
import { EACCES, EINVAL } from "../refuse.ts"
import { isKfuncCall } from "../structure/subprograms.ts"
import { findKfunc, type Kfunc } from "./find.ts"
import { type Parameter, parametersOf } from "./parameters.ts"
import { contextStructs } from "./program.ts"

/** A function of the kernel as a call names it. */
export interface Callee {
  readonly btf: Btf
  /** Id of the function. */
  readonly id: number
  readonly name: string
  readonly prototype: FuncProtoType
  readonly kfunc: Kfunc
  readonly parameters: readonly Parameter[]
}

const callees = new WeakMap<Env, Map<number, Callee>>()

/** The function that the call at hand names; refused where programs of this kind may not call it. */
export function calleeOf(env: Env): Callee {
  const { code, slot } = env
  const id = code.imm[slot]
  const key = id + code.off[slot] * 0x1_0000_0000
  let known = callees.get(env)
  if (known === undefined) callees.set(env, (known = new Map()))
  let callee = known.get(key)
  if (callee === undefined) known.set(key, (callee = read(env, id, code.off[slot])))
  return callee
}

/** Every call of a kernel function names one, also where no way of the program leads. Source: `add_kfunc_call`, Linux 5.13 to 6.18. */
export function checkKfuncNames(env: Env): void {
  const { code } = env
  for (let slot = 0; slot < code.count; slot++) {
    // A function that this kernel does not have is 0: it must not be got to.
    if (!isKfuncCall(code, slot) || (code.imm[slot] === 0 && code.off[slot] === 0)) continue
    env.slot = slot
    functionNamed(env, code.imm[slot], code.off[slot])
  }
}

function functionNamed(env: Env, id: number, offset: number): { readonly btf: Btf; readonly func: FuncType } {
  const { input } = env
  const btf = offset === 0 ? input.kernelBtf : input.modules?.get(input.fdArray?.[offset] ?? -1)
  if (btf === undefined)
    return env.refuse(EINVAL, "calling kernel function is not supported without CONFIG_DEBUG_INFO_BTF")
  const func = id > 0 && id < btf.count ? btf.type(id) : undefined
  if (func?.kind !== "func") return env.refuse(EINVAL, `kernel btf_id ${id} is not a function`)
  return { btf, func }
}

function read(env: Env, id: number, offset: number): Callee {
  const { input, programType } = env
  const { btf, func } = functionNamed(env, id, offset)
  const { name } = func
  const { attachTo } = input
  const target = attachTo?.btf.name(attachTo.type)
  const kfunc = findKfunc(name, { type: programType, attachType: input.attachType, target, kernel: env.version })
  if (kfunc === undefined) return env.refuse(EACCES, `calling kernel function ${name} is not allowed`)
  const prototype = btf.type(func.type) as FuncProtoType
  return {
    btf,
    id,
    name,
    prototype,
    kfunc,
    parameters: parametersOf(btf, prototype, kfunc, contextStructs(programType)),
  }
}
