import { NLM_F_CREATE, NLM_F_EXCL, nested, text, u16, u32 } from "./message.ts"
import { type SocketCalls, withNetlink } from "./socket.ts"

/** Which way of a packet the program of a route sees: in to this machine, out from it, or out when its link's header is being made. */
export type EncapHook = "in" | "out" | "xmit"

/** A route whose packets a program sees. */
export interface EncapRoute {
  /** The network's address: 4 bytes or 16. */
  readonly address: Uint8Array
  /** Length of its prefix in bits. */
  readonly prefix: number
  /** Index of the device the packets go out by. */
  readonly index: number
  /** Address of the next hop, of the same family. */
  readonly gateway: Uint8Array | undefined
  /** Routing table; 254 is the main one. */
  readonly table: number
}

// Sources: Linux include/uapi/linux/rtnetlink.h, include/uapi/linux/lwtunnel.h.
const RTM_NEWROUTE = 24
const RTM_DELROUTE = 25
const RTA_DST = 1
const RTA_OIF = 4
const RTA_GATEWAY = 5
const RTA_TABLE = 15
const RTA_ENCAP_TYPE = 21
const RTA_ENCAP = 22
const LWTUNNEL_ENCAP_BPF = 6
const LWT_BPF = { in: 1, out: 2, xmit: 3 } as const
const LWT_BPF_PROG_FD = 1
const LWT_BPF_PROG_NAME = 2
const RTPROT_STATIC = 4
const RT_SCOPE_UNIVERSE = 0
const RT_SCOPE_LINK = 253
const RTN_UNICAST = 1

/** `struct rtmsg`: u8 family, prefixes of destination and source, tos, table, protocol, scope, type; u32 flags. */
function rtmsg({ address, prefix, table, gateway }: EncapRoute): Uint8Array {
  const family = address.length === 4 ? 2 : 10
  const scope = gateway === undefined && family === 2 ? RT_SCOPE_LINK : RT_SCOPE_UNIVERSE
  return Uint8Array.of(family, prefix, 0, 0, Math.min(table, 255), RTPROT_STATIC, scope, RTN_UNICAST, 0, 0, 0, 0)
}

function attributesOf({ address, index, gateway, table }: EncapRoute) {
  return [
    { type: RTA_DST, value: address },
    u32(RTA_OIF, index),
    u32(RTA_TABLE, table),
    ...(gateway === undefined ? [] : [{ type: RTA_GATEWAY, value: gateway }]),
  ]
}

/** Adds a route with a program (lightweight tunnel). Linux 4.10. */
export function addEncapRoute(
  calls: SocketCalls,
  route: EncapRoute,
  hook: EncapHook,
  program: { readonly fd: number; readonly name: string },
  what: string,
): void {
  const code = nested(LWT_BPF[hook], u32(LWT_BPF_PROG_FD, program.fd), text(LWT_BPF_PROG_NAME, program.name))
  const attributes = [...attributesOf(route), u16(RTA_ENCAP_TYPE, LWTUNNEL_ENCAP_BPF), nested(RTA_ENCAP, code)]
  const flags = NLM_F_CREATE | NLM_F_EXCL
  withNetlink(calls, ask => ask({ type: RTM_NEWROUTE, flags, header: rtmsg(route), attributes }, what))
}

export function deleteEncapRoute(calls: SocketCalls, route: EncapRoute, what: string): void {
  const request = { type: RTM_DELROUTE, flags: 0, header: rtmsg(route), attributes: attributesOf(route) }
  withNetlink(calls, ask => ask(request, what))
}
