import { endianness } from "node:os"
import { type ClassicInsn, encodeClassic } from "../../filter/index.ts"
import { attachClassic } from "../../kernel/index.ts"
import { descriptorOf, type NodeSocket } from "./descriptor.ts"

/** A classic filter of a socket. */
export interface ClassicFilter extends Disposable {
  /** Takes it away: all packets come again. */
  detach(): void
}

/**
 * Lets only those packets come to a socket that a classic filter takes (SO_ATTACH_FILTER): `compileFilter("udp port 53", { linkType: "RAW" })` makes one.
 * No rights are needed, and no program is loaded. A socket of Node (`node:dgram`, `node:net`) sees packets from the header of UDP or TCP on; a raw socket, by
 * its descriptor, from that of the device on.
 *
 *     const filter = attachClassicFilter(socket, parseClassic("ld #pktlen\njge #100 jt take jf drop\ntake: ret #-1\ndrop: ret #0"))
 *
 * @throws SkepError BPF_OPTION, KERNEL_NO_SOCKET, KERNEL_CALL
 */
export function attachClassicFilter(socket: NodeSocket | number, insns: readonly ClassicInsn[]): ClassicFilter {
  const detach = attachClassic(descriptorOf(socket), encodeClassic(insns, { bigEndian: endianness() === "BE" }))
  return { detach, [Symbol.dispose]: detach }
}
