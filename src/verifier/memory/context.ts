import { type ContextValue, contextAccess, hasContext } from "../contexts/index.ts"
import type { Env } from "../env.ts"
import { EACCES } from "../refuse.ts"
import { Flag, Kind, pointerReg, type Reg, UNKNOWN } from "../reg.ts"
import type { Access } from "./access.ts"
import { checkUnmoved } from "./offset.ts"
import { typedContext } from "./typedContext.ts"

const KINDS: Readonly<Record<string, Kind>> = {
  packet: Kind.packet,
  packet_meta: Kind.packetMeta,
  packet_end: Kind.packetEnd,
  socket: Kind.socket,
  sock_common: Kind.sockCommon,
  flow_keys: Kind.flowKeys,
  tp_buffer: Kind.tpBuffer,
  btf: Kind.btf,
}

/** A load from or a store to the program's context. */
export function accessContext(env: Env, access: Access, off: number): Reg {
  const { register, size, write, signed } = access
  checkUnmoved(env, env.regs[register], register, false)
  const { programType: type } = env
  if (!hasContext(type)) return typedContext(env, access, off)
  const place = { type, attachType: env.attachType, kernel: env.version }
  const value = off < 0 ? undefined : contextAccess(place, { offset: off, size, write, signed })
  if (value === undefined) {
    env.told.line(env.slot, "; ")
    env.refuse(EACCES, `invalid bpf_context access off=${off} size=${size}`)
  }
  return contextReg(env, value as ContextValue)
}

function contextReg(env: Env, { kind, nullable, type }: ContextValue): Reg {
  if (kind === "scalar") return UNKNOWN
  const id = nullable ? env.newId() : 0
  const flags = nullable ? Flag.maybeNull : 0
  if (kind !== "btf") return pointerReg(KINDS[kind], { id, flags })
  const btf = env.input.kernelBtf
  const found = btf?.find(type, "struct") ?? 0
  if (btf === undefined || found === 0) return UNKNOWN
  return pointerReg(Kind.btf, { id, flags: flags | Flag.trusted, ref: btf, aux: found })
}
