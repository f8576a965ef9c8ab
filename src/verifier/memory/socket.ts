import { socketRead } from "../contexts/index.ts"
import type { Env } from "../env.ts"
import { EACCES } from "../refuse.ts"
import { Kind, type Reg, typeName, UNKNOWN } from "../reg.ts"
import type { Access } from "./access.ts"

const NAMES: Readonly<Record<number, string>> = {
  [Kind.socket]: "socket",
  [Kind.sockCommon]: "sock_common",
  [Kind.tcpSock]: "tcp_sock",
  [Kind.xdpSock]: "xdp_sock",
}

/** A field of a socket; they are only read. */
export function accessSocket(env: Env, { register, size, write }: Access, off: number): Reg {
  const reg = env.regs[register]
  const name = typeName(reg.kind, reg.flags)
  if (write) env.refuse(EACCES, `R${register} cannot write into ${name}`)
  if (reg.scalar.smin < 0n) {
    const hint = "either use unsigned index or do a if (index >=0) check."
    env.refuse(EACCES, `R${register} min value is negative, ${hint}`)
  }
  if (!socketRead(NAMES[reg.kind], off, size)) {
    env.refuse(EACCES, `R${register} invalid ${name} access off=${off} size=${size}`)
  }
  return UNKNOWN
}
