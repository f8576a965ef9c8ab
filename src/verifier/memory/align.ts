import type { Env } from "../env.ts"
import { formatBits } from "../formatBits.ts"
import { EACCES } from "../refuse.ts"
import { isPacket, Kind, type Reg } from "../reg.ts"
import { Tnum } from "../scalar/index.ts"

/** Bytes that the network header is shifted by, so that it is aligned behind an Ethernet header. */
const NET_IP_ALIGN = 2

const NAMES: Readonly<Record<number, string>> = {
  [Kind.flowKeys]: "flow keys ",
  [Kind.mapKey]: "key ",
  [Kind.mapValue]: "value ",
  [Kind.ctx]: "context ",
  [Kind.stack]: "stack ",
  [Kind.socket]: "sock ",
  [Kind.sockCommon]: "sock_common ",
  [Kind.tcpSock]: "tcp_sock ",
  [Kind.xdpSock]: "xdp_sock ",
}

/** Accesses of the stack are aligned, and atomic ones; all of them where that was asked for. */
export function checkAlignment(env: Env, reg: Reg, off: number, size: number, once: boolean): void {
  if (size === 1 || reg.kind === Kind.arena) return
  if (!env.strictAlignment && !once && reg.kind !== Kind.stack) return
  const shift = isPacket(reg.kind) ? NET_IP_ALIGN : 0
  const at = reg.scalar.bits.add(Tnum.constant(BigInt(shift + reg.off + off)))
  if (((at.value | at.mask) & BigInt(size - 1)) === 0n) return
  const sum = `${formatBits(reg.scalar.bits)}+${reg.off}+${off} size ${size}`
  if (isPacket(reg.kind)) env.refuse(EACCES, `misaligned packet access off ${shift}+${sum}`)
  env.refuse(EACCES, `misaligned ${NAMES[reg.kind] ?? ""}access off ${sum}`)
}
