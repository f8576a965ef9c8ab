import type { LoadedProgram } from "./program.ts"

/** A network device by its name or its index. */
export type DeviceName = string | number

/** Which packets of a device: those that come in, or those that go out. */
export type Direction = "ingress" | "egress"

/** How XDP runs: in the driver, in the network stack for every device, or on the card itself. */
export type XdpMode = "native" | "generic" | "offload"

/** A place in the traffic control of a device. */
export interface TcTarget {
  readonly kind: "tc"
  /** The device, by name or by index. */
  readonly device: DeviceName
  /** Packets that come in, or that go out. */
  readonly direction: Direction
  /**
   * `tcx`: a link, which ends with its descriptor (Linux 6.6). `filter`: a bpf filter of the clsact qdisc (Linux 4.5). Without it a link where
   * the kernel has them and nothing is asked that only a filter has.
   */
  readonly method?: "tcx" | "filter"
  /** Filter: 1 is asked first; the kernel chooses without it. */
  readonly prio?: number
  /** Filter: its number among those of one priority; the kernel chooses without it. */
  readonly handle?: number
  /** Filter: EtherType of the packets, `0x0800` for IPv4; all packets without it. */
  readonly protocol?: number
  /** Filter: take the place of one with this priority and handle. */
  readonly replace?: boolean
  /** Filter: false makes the program's result a class and no verdict; true without it. */
  readonly directAction?: boolean
  /** Filter: a program of type sched_act that runs where the program matches (act_bpf). Goes with `directAction: false`. */
  readonly action?: LoadedProgram
  /** Link: run in front of a program, or of all. */
  readonly before?: LoadedProgram | "all"
  /** Link: run behind a program, or behind all. */
  readonly after?: LoadedProgram | "all"
}

/** A device whose packets a program sees before the network stack does. Linux 4.8. */
export interface XdpTarget {
  readonly kind: "xdp"
  /** The device, by name or by index. */
  readonly device: DeviceName
  /** Without it, native where the driver can, else generic. */
  readonly mode?: XdpMode
  /** Take the place of a program that another program attached; an error without it. Not for one that a link holds. */
  readonly replace?: boolean
}

/** A socket by its descriptor: packets that the program gives 0 for are dropped, of others it keeps as many bytes as it says. */
export interface SocketTarget {
  readonly kind: "socket"
  /** Descriptor of the socket. */
  readonly fd: number
}

/** A group of sockets that share a port (SO_REUSEPORT), by the descriptor of any of them: the program says which one gets a packet. */
export interface ReuseportTarget {
  readonly kind: "reuseport"
  /** Descriptor of any socket of the group. */
  readonly fd: number
}

/** A network namespace: this process's, or the one of a path (`/proc/PID/ns/net`, `/run/netns/NAME`). */
export interface NetnsTarget {
  readonly kind: "sk_lookup" | "flow_dissector"
  /** Path of the namespace; this process's without it. */
  readonly netns?: string
}

/** The hooks of netfilter, in the order in which a forwarded packet and one of this host meet them. */
export type NetfilterHook = "prerouting" | "input" | "forward" | "output" | "postrouting"

/** A hook of netfilter in this network namespace. Linux 6.4. */
export interface NetfilterTarget {
  readonly kind: "netfilter"
  /** The protocol of the packets. */
  readonly family: "ipv4" | "ipv6"
  /** Where on a packet's way. */
  readonly hook: NetfilterHook
  /** The lowest is asked first; 0 without it. The two ends of the range are the kernel's own. */
  readonly priority?: number
  /** Put fragments together first. Linux 6.6. */
  readonly defrag?: boolean
}

/** A route that is made for the program and goes with the link. Linux 4.10. */
export interface RouteTarget {
  readonly kind: "route"
  /** `10.1.0.0/16`, `fd00::/64`. */
  readonly prefix: string
  /** The device that packets of the route leave by. */
  readonly device: DeviceName
  /** Address of the next hop. */
  readonly via?: string
  /** Routing table; the main one without it. */
  readonly table?: number
}

/** The places on the network. */
export type NetworkTarget =
  | TcTarget
  | XdpTarget
  | SocketTarget
  | ReuseportTarget
  | NetnsTarget
  | NetfilterTarget
  | RouteTarget

/** A network device. */
export interface NetworkDevice {
  /** Its number in this network namespace. */
  readonly index: number
  /** Its name: `eth0`. */
  readonly name: string
  /** Kind where it is a software device: `veth`, `bridge`, … */
  readonly kind: string | undefined
  /** Whether it is switched on. */
  readonly up: boolean
  /** Largest packet in bytes, without the link's header. */
  readonly mtu: number
  /** Hardware address as text; empty where there is none. */
  readonly address: string
  /** The XDP program on it; `several` where two modes have one each. */
  readonly xdp: { readonly mode: XdpMode | "several"; readonly programId: number } | undefined
}

/** What runs at a direction of a device's traffic control. */
export interface TcEntry {
  /** By a link (`tcx`), or by a filter of a qdisc. */
  readonly method: "tcx" | "filter"
  /** Kind of classifier, `bpf` for programs. */
  readonly kind: string
  /** Name of the program. */
  readonly name: string
  /** Id of the program in the kernel; 0 for a filter of another kind. */
  readonly programId: number
  /** Priority and handle of a filter, 0 for a link. */
  readonly prio: number
  /** Number of the filter among those of its priority; 0 for a link. */
  readonly handle: number
  /** EtherType; `0x0003` is every packet. */
  readonly protocol: number
}

/** Which filter: all three as {@link TcEntry} has them. */
export type TcFilterName = Pick<TcEntry, "prio" | "handle" | "protocol">

/** A packet as a raw socket of a device sees it. */
export interface Packet {
  /** From the link's header on, up to the room there was. */
  readonly data: Uint8Array
  /** Bytes it had on the wire, as far as the program let it pass. */
  readonly length: number
  /** When the kernel saw it: nanoseconds since 1970. */
  readonly timestamp: bigint
  /** Index of the device. */
  readonly device: number
  /** EtherType. */
  readonly protocol: number
  /** To this host, to all, to a group, to another host, or sent by this host. */
  readonly direction: "host" | "broadcast" | "multicast" | "other" | "outgoing"
}

/** Which packets are read, and how much of them. */
export interface PacketOptions {
  /** Device to listen on; all devices without it. */
  readonly device?: DeviceName
  /** Room for a packet in bytes, 1 to 262144; 65536 without it. */
  readonly snapLength?: number
}

/** A raw socket. It listens from the first attach or read on. Leaving the loop, `close` and `using` stop it. */
export interface PacketReader extends AsyncIterableIterator<Packet>, Disposable, AsyncDisposable {
  /** Descriptor of the socket. */
  readonly fd: number
  /** Packets that the kernel dropped because nobody read them in time. */
  readonly lost: number
  /** Starts to listen. Filters that are attached before see the very first packet. */
  start(): void
  /** The next packet; it waits for one. */
  next(): Promise<IteratorResult<Packet, undefined>>
  /** Ends the loop and closes the socket. */
  return(): Promise<IteratorResult<Packet, undefined>>
  [Symbol.asyncIterator](): PacketReader
  /** Closes the socket. */
  close(): void
}

/** The network of a machine. */
export interface Network {
  /** The devices of this network namespace. */
  devices(): readonly NetworkDevice[]
  /** What runs at a device, in order: links first, as the kernel asks them first. */
  tc(device: DeviceName, direction: Direction): readonly TcEntry[]
  /** Takes a filter away, whoever put it there. */
  removeFilter(device: DeviceName, direction: Direction, filter: TcFilterName): void
  /** Takes the XDP program off a device that no link holds; which mode's, where there are several. */
  removeXdp(device: DeviceName, mode?: XdpMode): void
  /** Packets as a raw socket of a device, or of all, sees them. */
  packets(options?: PacketOptions): PacketReader
}
