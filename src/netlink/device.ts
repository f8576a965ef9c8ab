import { Attributes, NLM_F_DUMP, nested, type Received, u32 } from "./message.ts"
import { type SocketCalls, withNetlink } from "./socket.ts"

/** A network device of this namespace. */
export interface Device {
  readonly index: number
  readonly name: string
  /** Kind where it is a software device: `veth`, `bridge`, `vlan`, … */
  readonly kind: string | undefined
  readonly up: boolean
  /** Largest packet in bytes, without the link's header. */
  readonly mtu: number
  /** Hardware address: `02:00:00:00:00:01`; empty where there is none. */
  readonly address: string
  /** The XDP program on it, if any. */
  readonly xdp: AttachedXdp | undefined
}

export interface AttachedXdp {
  /** Several: one in each of two modes. */
  readonly mode: "native" | "generic" | "offload" | "several"
  /** Id of the program in the kernel; 0 where there are several. */
  readonly programId: number
}

// Sources: Linux include/uapi/linux/rtnetlink.h, include/uapi/linux/if_link.h.
const RTM_NEWLINK = 16
const RTM_GETLINK = 18
const RTM_SETLINK = 19
const IFINFO = 16
const IFF_UP = 1
const IFLA_ADDRESS = 1
const IFLA_IFNAME = 3
const IFLA_MTU = 4
const IFLA_LINKINFO = 18
const IFLA_INFO_KIND = 1
const IFLA_XDP = 43
const IFLA_XDP_FD = 1
const IFLA_XDP_ATTACHED = 2
const IFLA_XDP_FLAGS = 3
const IFLA_XDP_PROG_ID = 4
const XDP_MODES = [undefined, "native", "generic", "offload", "several"] as const

/** `struct ifinfomsg`: u8 family, pad; u16 type; i32 index; u32 flags, change. */
export function ifinfo(index: number, flags = 0, change = 0): Uint8Array {
  return new Uint8Array(Uint32Array.of(0, index, flags, change).buffer)
}

/** The devices of this network namespace. */
export function listDevices(calls: SocketCalls): Device[] {
  return withNetlink(calls, ask =>
    ask({ type: RTM_GETLINK, flags: NLM_F_DUMP, header: ifinfo(0), attributes: [] }, "listing network devices")
      .filter(({ type, body }) => type === RTM_NEWLINK && body.length >= IFINFO)
      .map(device),
  )
}

function device({ body }: Received): Device {
  const view = new DataView(body.buffer, body.byteOffset)
  const attributes = new Attributes(body, IFINFO)
  const xdp = attributes.nested(IFLA_XDP)
  const mode = XDP_MODES[xdp.number(IFLA_XDP_ATTACHED) ?? 0]
  return {
    index: view.getInt32(4, true),
    name: attributes.text(IFLA_IFNAME) ?? "",
    kind: attributes.nested(IFLA_LINKINFO).text(IFLA_INFO_KIND),
    up: (view.getUint32(8, true) & IFF_UP) !== 0,
    mtu: attributes.number(IFLA_MTU) ?? 0,
    address: Array.from(attributes.bytes(IFLA_ADDRESS) ?? [], byte => byte.toString(16).padStart(2, "0")).join(":"),
    xdp: mode && { mode, programId: xdp.number(IFLA_XDP_PROG_ID) ?? 0 },
  }
}

/** Flags of an XDP attachment. */
export const XDP_FLAGS = { ifAbsent: 1, generic: 2, native: 4, offload: 8 } as const

/** Puts an XDP program on a device, in place of the one there is; −1 as descriptor takes it off. Linux 4.8. */
export function setXdp(calls: SocketCalls, index: number, programFd: number, flags: number, what: string): void {
  const attributes = [nested(IFLA_XDP, u32(IFLA_XDP_FD, programFd), u32(IFLA_XDP_FLAGS, flags))]
  withNetlink(calls, ask => ask({ type: RTM_SETLINK, flags: 0, header: ifinfo(index), attributes }, what))
}
