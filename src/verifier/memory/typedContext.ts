import type { Env } from "../env.ts"
import { EACCES } from "../refuse.ts"
import { Flag, Kind, pointerReg, type Reg, UNKNOWN } from "../reg.ts"
import type { Access } from "./access.ts"

/** The context of a program that is called with the arguments of a function of the kernel: 8 bytes each. */
export function typedContext(env: Env, { size, write }: Access, off: number): Reg {
  const refuse = (): never => env.refuse(EACCES, `invalid bpf_context access off=${off} size=${size}`)
  if (write || off < 0 || off % 8 !== 0 || size > 8) return refuse()
  const target = env.input.attachTo
  if (target === undefined) return UNKNOWN
  const { btf } = target
  const parameters = parametersOf(env)
  if (parameters === undefined) return UNKNOWN
  const index = off / 8
  if (index >= parameters.length) return refuse()
  const type = btf.resolved(parameters[index])
  if (type.kind !== "ptr") return UNKNOWN
  const pointed = btf.resolve(type.type)
  const { kind } = btf.type(pointed)
  if (kind !== "struct" && kind !== "union") return UNKNOWN
  return pointerReg(Kind.btf, { flags: Flag.trusted, ref: btf, aux: pointed })
}

/** Types of the values that the program finds in its context. */
function parametersOf(env: Env): readonly number[] | undefined {
  const { attachTo, attachType } = env.input
  if (attachTo === undefined) return undefined
  const { btf, type } = attachTo
  const target = btf.resolved(type)
  const pointed = target.kind === "ptr" ? btf.resolved(target.type) : target
  const proto = pointed.kind === "func" ? btf.resolved(pointed.type) : pointed
  if (proto.kind !== "func_proto") return undefined
  const parameters = proto.params.map(p => p.type)
  // The first parameter of a tracepoint is its own.
  if (attachType === "trace_raw_tp") return parameters.slice(1)
  if (attachType === "trace_fexit" || attachType === "modify_return") return [...parameters, proto.type]
  return parameters
}
