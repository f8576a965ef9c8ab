import type { Helper } from "../../code.ts"
import { EAFNOSUPPORT, EINVAL, ENODEV } from "../../errno.ts"
import type { Device } from "../../packet/device.ts"
import { ETH_HLEN } from "../../packet/link.ts"
import { MAIN_TABLE, type Route } from "../../packet/routes.ts"
import { Skb } from "../../packet/skb.ts"
import { Xdp } from "../../packet/xdp.ts"
import type { Run } from "../../run.ts"

/** Flags of `bpf_fib_lookup`. Source: include/uapi/linux/bpf.h. */
const DIRECT = 1
const OUTPUT = 2
const SKIP_NEIGHBOUR = 4
const TABLE_ID = 8
const SOURCE = 16
/** Linux 6.11. */
const MARK = 32
const KNOWN = DIRECT | OUTPUT | SKIP_NEIGHBOUR | TABLE_ID | SOURCE | MARK

/** What it answers. */
const SUCCESS = 0
const BLACKHOLE = 1
const UNREACHABLE = 2
const PROHIBIT = 3
const NOT_FORWARDED = 4
const FORWARDING_DISABLED = 5
const NO_NEIGHBOUR = 7
const FRAGMENTATION_NEEDED = 8
const NO_SOURCE = 9

/** Offsets in `struct bpf_fib_lookup`. */
const FAMILY = 0
const TOTAL_LENGTH = 6
const IFINDEX = 8
const METRIC = 12
const SOURCE_ADDRESS = 16
const DESTINATION_ADDRESS = 32
const TABLE = 48
const SOURCE_MAC = 52
const DESTINATION_MAC = 58
const PARAMS_BYTES = 64

const AF_INET = 2
const AF_INET6 = 10

/** `bpf_fib_lookup`: the route, the next router and its hardware address for a packet that is to be forwarded. */
export const fibLookup: Helper = (run, _ctx, _c, params, paramsHigh, size, _s, flags) => {
  if (size < PARAMS_BYTES || flags & ~KNOWN) return run.signed(-EINVAL)
  const at = run.writable(params, paramsHigh, PARAMS_BYTES)
  const { view } = run.memory
  const family = run.memory.u8[at + FAMILY]
  if (family !== AF_INET && family !== AF_INET6) return run.signed(-EAFNOSUPPORT)
  const given = view.getUint16(at + TOTAL_LENGTH, true)
  const skb = run.packet instanceof Skb ? run.packet : undefined
  const checksLength = skb === undefined || given > 0
  const answer = lookup(run, at, flags, checksLength ? given : undefined)
  if (answer === SUCCESS && !checksLength && skb !== undefined) {
    const device = run.environment.network.device(view.getUint32(at + IFINDEX, true))
    if (device === undefined) return answer
    view.setUint16(at + TOTAL_LENGTH, device.mtu & 0xffff, true)
    if (skb.length > device.mtu + ETH_HLEN + VLAN_ROOM && !skb.isGso) return FRAGMENTATION_NEEDED
  }
  return run.signed(answer)
}

/** Devices take frames that are longer by a VLAN tag. */
const VLAN_ROOM = 4

function lookup(run: Run, at: number, flags: number, length: number | undefined): number {
  const { memory } = run
  const { u8, view } = memory
  const { network } = run.environment
  const size = u8[at + FAMILY] === AF_INET ? 4 : 16
  const destination = memory.copy(at + DESTINATION_ADDRESS, size)
  if (size === 16 && (isLinkLocal(destination) || isLinkLocal(memory.copy(at + SOURCE_ADDRESS, size)))) {
    return NOT_FORWARDED
  }
  const input = network.device(view.getUint32(at + IFINDEX, true))
  if (input === undefined) return -ENODEV
  if (!input.forwards) return FORWARDING_DISABLED
  let table: number | undefined
  if (flags & DIRECT) {
    table = MAIN_TABLE
    if (flags & TABLE_ID) {
      table = view.getUint32(at + TABLE, true)
      view.setUint32(at + TABLE, 0, true)
    }
  }
  const route = network.route(destination, { table, device: flags & OUTPUT ? input.index : undefined })
  const refused = refusal(route)
  if (route === undefined || refused !== SUCCESS) return refused
  const device = network.device(route.device)
  if (device === undefined) return NOT_FORWARDED
  const mtu = route.mtu ?? device.mtu
  if (length !== undefined && length > mtu) {
    view.setUint16(at + TOTAL_LENGTH, mtu, true)
    return FRAGMENTATION_NEEDED
  }
  return forward(run, at, flags, route, device, length === undefined ? 0 : mtu)
}

function refusal(route: Route | undefined): number {
  switch (route?.type) {
    case "unicast":
      return SUCCESS
    case "blackhole":
      return BLACKHOLE
    case "unreachable":
      return UNREACHABLE
    case "prohibit":
      return PROHIBIT
    default:
      return NOT_FORWARDED
  }
}

/** Fills in how a packet is forwarded. */
function forward(run: Run, at: number, flags: number, route: Route, device: Device, mtu: number): number {
  const { memory } = run
  const { u8, view } = memory
  view.setUint32(at + METRIC, route.metric, true)
  view.setUint32(at + IFINDEX, device.index, true)
  if (flags & SOURCE) {
    if (route.source !== undefined) u8.set(route.source, at + SOURCE_ADDRESS)
    else if (u8[at + FAMILY] === AF_INET6) return NO_SOURCE
    else view.setUint32(at + SOURCE_ADDRESS, 0, true)
  }
  if (route.gateway !== undefined) {
    if (route.gateway.length === 16) u8[at + FAMILY] = AF_INET6
    u8.set(route.gateway, at + DESTINATION_ADDRESS)
  }
  if (!(flags & SKIP_NEIGHBOUR)) {
    const next = memory.copy(at + DESTINATION_ADDRESS, u8[at + FAMILY] === AF_INET ? 4 : 16)
    const neighbour = run.environment.network.neighbour(device.index, next)
    if (neighbour === undefined) return NO_NEIGHBOUR
    u8.set(neighbour, at + DESTINATION_MAC)
    u8.set(device.address, at + SOURCE_MAC)
  }
  view.setUint32(at + TABLE, 0, true)
  if (mtu > 0) view.setUint16(at + TOTAL_LENGTH, mtu & 0xffff, true)
  return SUCCESS
}

/** fe80::/10 and ff00::/8 stay on their link. */
const isLinkLocal = (address: Uint8Array): boolean =>
  (address[0] === 0xfe && (address[1] & 0xc0) === 0x80) || address[0] === 0xff

/** Flag of `bpf_check_mtu`: look at the segments that a packet stands for. */
const SEGMENTS = 1
const MTU_SUCCESS = 0
const MTU_TOO_LONG = 1
const MTU_SEGMENTS_TOO_LONG = 2

/** `bpf_check_mtu`. The result stays as it is after an error (since Linux 6.12; before, it was 0). */
export const checkMtu: Helper = (run, _ctx, _c, index, _i, result, resultHigh, difference, _d, flags, flagsHigh) => {
  const at = run.writable(result, resultHigh, 4)
  const { view } = run.memory
  const { packet } = run
  const skb = packet instanceof Skb ? packet : undefined
  const own = skb?.device ?? (packet instanceof Xdp ? packet.device : undefined)
  const given = view.getUint32(at, true)
  const bad =
    flagsHigh !== 0 ||
    (skb === undefined ? flags !== 0 : (flags & ~SEGMENTS) !== 0 || (flags !== 0 && (difference !== 0 || given !== 0)))
  if (bad) return run.signed(-EINVAL)
  const device = index === 0 ? own : run.environment.network.device(index)
  if (device === undefined || packet === undefined) return run.signed(-ENODEV)
  const { mtu } = device
  const header = device.hasLinkHeader ? ETH_HLEN : 0
  // As a C int: what the program gives may be more.
  const length = ((given > 0 ? given + header : packet.end - packet.data) + difference) | 0
  if (skb?.isGso && flags & SEGMENTS && skb.transport === 0 && length > mtu + header) return run.signed(-EINVAL)
  view.setUint32(at, mtu, true)
  if (length <= mtu + header) return MTU_SUCCESS
  if (!skb?.isGso) return MTU_TOO_LONG
  if (!(flags & SEGMENTS)) return MTU_SUCCESS
  return skb.segmentLength > mtu ? MTU_SEGMENTS_TOO_LONG : MTU_SUCCESS
}
