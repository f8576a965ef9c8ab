import { KERNEL } from "../../address.ts"
import type { Helper } from "../../code.ts"
import { EAFNOSUPPORT, EEXIST, EINVAL, ENOENT, EOPNOTSUPP, EPROTOTYPE, ESOCKTNOSUPPORT } from "../../errno.ts"
import { Skb } from "../../packet/skb.ts"
import { AF_INET, IPPROTO_TCP, IPPROTO_UDP, TCP_ESTABLISHED, TCP_LISTEN, type VmSocket } from "../../packet/socket.ts"
import { Xdp } from "../../packet/xdp.ts"
import type { Run } from "../../run.ts"
import { skbOf } from "./of.ts"

/** Bytes of `struct bpf_sock_tuple` for IPv4 and for IPv6. */
const TUPLE_IPV4 = 12
const TUPLE_IPV6 = 36
/** The user of sockets that have none. */
const OVERFLOW_UID = 65534

/** Looks up the socket that a tuple leads to, in this namespace: −1, of which the helper may have been given the low word only. */
const lookup =
  (protocol: number, isRight: (socket: VmSocket) => boolean = () => true): Helper =>
  (run, _ctx, _ctxHigh, tuple, tupleHigh, size, _sizeHigh, namespace, namespaceHigh, flags, flagsHigh) => {
    if (size !== TUPLE_IPV4 && size !== TUPLE_IPV6) return 0
    if ((flags | flagsHigh) !== 0 || !(namespace < 0 && (namespaceHigh === 0 || namespaceHigh === -1))) return 0
    const at = run.readable(tuple, tupleHigh, size)
    const { memory, packet } = run
    const length = size === TUPLE_IPV4 ? 4 : 16
    const ends = {
      source: memory.copy(at, length),
      destination: memory.copy(at + length, length),
      sourcePort: memory.view.getUint16(at + 2 * length, false),
      destinationPort: memory.view.getUint16(at + 2 * length + 2, false),
    }
    const device = packet instanceof Skb || packet instanceof Xdp ? packet.device.index : 0
    const socket = run.environment.network.socket(protocol, ends, device)
    return socket !== undefined && isRight(socket) ? run.pointer(socket.place(memory)) : 0
  }

/** `bpf_skc_lookup_tcp`: also what is left of a connection. */
export const skcLookupTcp = lookup(IPPROTO_TCP)
/** `bpf_sk_lookup_tcp` */
export const skLookupTcp = lookup(IPPROTO_TCP, socket => socket.isFull)
/** `bpf_sk_lookup_udp` */
export const skLookupUdp = lookup(IPPROTO_UDP)

/** `bpf_sk_release`: sockets stay as long as the network has them. */
export const skRelease: Helper = () => 0

const socketAt = (run: Run, address: number): VmSocket | undefined =>
  address === 0 ? undefined : run.environment.network.socketAt(run.memory, address)

/** `bpf_sk_fullsock` */
export const skFullsock: Helper = (run, address) => {
  const socket = socketAt(run, address)
  // A socket that the network does not have is the packet's own, which is whole.
  return run.pointer(socket === undefined || socket.isFull ? address : 0)
}

/** `bpf_tcp_sock` */
export const tcpSock: Helper = (run, address) => {
  const socket = socketAt(run, address)
  return run.pointer(socket?.isFull && socket.protocol === IPPROTO_TCP ? socket.tcpPlace(run.memory) : 0)
}

/** `bpf_get_listener_sock` */
export const getListenerSock: Helper = (run, address) => {
  const socket = socketAt(run, address)
  return run.pointer(socket?.state === TCP_LISTEN ? socket.place(run.memory) : 0)
}

/** `bpf_sk_assign`: the packet goes to a socket that it is not for. */
export const skAssign: Helper = (run, _skb, _s, socket, _h, flags, flagsHigh) => {
  if (run.program.type === "sk_lookup") return run.signed(assignLookup(run, socket, flags | flagsHigh))
  const skb = skbOf(run)
  if (socket === 0 || flags !== 0 || flagsHigh !== 0) return run.signed(-EINVAL)
  if (!skb.ingress) return run.signed(-EOPNOTSUPP)
  const found = socketAt(run, socket)
  if (found === undefined) return run.signed(-ENOENT)
  skb.socket = found.place(run.memory)
  skb.publish()
  return 0
}

/** Flags of `bpf_sk_assign` in a lookup: take the place of the socket that was chosen, and leave its group out of it. */
const REPLACE = 1
const NO_REUSEPORT = 2

/** `bpf_sk_assign` of a program that looks a socket up (`struct bpf_sk_lookup`): 0, or −errno. The context's first word is the socket. */
function assignLookup(run: Run, address: number, flags: number): number {
  if (flags & ~(REPLACE | NO_REUSEPORT)) return -EINVAL
  const { view } = run.memory
  const socket = socketAt(run, address)
  if (socket !== undefined) {
    if (socket.state === TCP_ESTABLISHED) return -ESOCKTNOSUPPORT
    if (socket.protocol !== view.getUint32(run.context + 12, true)) return -EPROTOTYPE
    const family = view.getUint32(run.context + 8, true)
    if (socket.family !== family && socket.family === AF_INET) return -EAFNOSUPPORT
  }
  if (view.getUint32(run.context, true) !== 0 && !(flags & REPLACE)) return -EEXIST
  view.setInt32(run.context, address, true)
  view.setInt32(run.context + 4, address === 0 ? 0 : KERNEL, true)
  return 0
}

/** The socket of the packet; undefined where it is of no network. */
export const packetSocket = (run: Run): VmSocket | undefined =>
  run.packet instanceof Skb ? socketAt(run, run.packet.socket) : undefined

/** `bpf_get_socket_cookie` of a packet, or of a socket. */
export const getSocketCookie: Helper = (run, context) => {
  const socket = run.packet === undefined ? socketAt(run, context) : packetSocket(run)
  return socket === undefined ? 0 : run.big(socket.cookie)
}

/** `bpf_get_socket_uid` */
export const getSocketUid: Helper = run => packetSocket(run)?.uid ?? OVERFLOW_UID

/** `bpf_get_netns_cookie`: there is one namespace. */
export const getNetnsCookie: Helper = () => 1

/** `bpf_skb_cgroup_id` */
export const skbCgroupId: Helper = run => run.big(packetSocket(run)?.cgroupId ?? 0n)

/** `bpf_skb_ancestor_cgroup_id`: control groups have no tree here; level 0 is the group itself. */
export const skbAncestorCgroupId: Helper = (run, _skb, _s, level) =>
  run.big(level === 0 ? (packetSocket(run)?.cgroupId ?? 0n) : 0n)

/** `bpf_sk_cgroup_id` */
export const skCgroupId: Helper = (run, address) => run.big(socketAt(run, address)?.cgroupId ?? 0n)

/** `bpf_sk_ancestor_cgroup_id` */
export const skAncestorCgroupId: Helper = (run, address, _high, level) =>
  run.big(level === 0 ? (socketAt(run, address)?.cgroupId ?? 0n) : 0n)

/** `bpf_skb_cgroup_classid` */
export const skbCgroupClassid: Helper = () => 0
