import { EALREADY, EFAULT, EINVAL, ENOMEM, ENOTSUPP } from "../errno.ts"
import { ETH_HLEN, ETH_P_IP, ETH_P_IPV6 } from "./link.ts"
import { SKB_MAX_LENGTH, type Skb } from "./skb.ts"
import { SKB_GSO_SEGS, SKB_GSO_SIZE } from "./skbContext.ts"

/** Flags of `bpf_skb_adjust_room`. Source: include/uapi/linux/bpf.h. */
const FIXED_GSO = 1
const ENCAP_L3_IPV4 = 2
const ENCAP_L3_IPV6 = 4
const ENCAP_L4_GRE = 8
const ENCAP_L4_UDP = 16
const NO_CSUM_RESET = 32
const ENCAP_L2_ETH = 64
const DECAP_L3_IPV4 = 128
const DECAP_L3_IPV6 = 256
const ENCAP_L3 = ENCAP_L3_IPV4 | ENCAP_L3_IPV6
const DECAP_L3 = DECAP_L3_IPV4 | DECAP_L3_IPV6
/** High word: length of an inner link header, from bit 56 of the flags on. */
const ENCAP_L2_SHIFT = 24
const ENCAP_L2 = 0xff << ENCAP_L2_SHIFT
const KNOWN = FIXED_GSO | ENCAP_L3 | ENCAP_L4_GRE | ENCAP_L4_UDP | NO_CSUM_RESET | ENCAP_L2_ETH | DECAP_L3

/** Mode of `bpf_skb_adjust_room`: behind the network header, or behind the link header (Linux 5.2). */
const ROOM_NET = 0
const ROOM_MAC = 1

const IPV4_HEADER = 20
const IPV6_HEADER = 40
/** Packets that stand for several may become this long. */
const LONGEST_SEGMENTS = 1 << 20
/** Bytes that may come or go at once. */
const MOST = 0xfff

const isIp = (protocol: number): boolean => protocol === ETH_P_IP || protocol === ETH_P_IPV6
const baseLength = (protocol: number): number => (protocol === ETH_P_IP ? IPV4_HEADER : IPV6_HEADER)

/** Puts zeros into a packet behind its link or network header, or takes bytes out: 0, or −errno. Source: `bpf_skb_adjust_room`. */
export function adjustRoom(skb: Skb, difference: number, mode: number, flags: number, flagsHigh: number): number {
  const shrink = difference < 0
  const size = Math.abs(difference)
  if ((flags & ~KNOWN) !== 0 || (flagsHigh & ~ENCAP_L2) !== 0) return -EINVAL
  if (size > MOST) return -EFAULT
  if (!isIp(skb.protocol)) return -ENOTSUPP
  let offset = skb.network - skb.mac
  if (mode === ROOM_NET) offset += baseLength(skb.protocol)
  else if (mode !== ROOM_MAC) return -ENOTSUPP
  let least = baseLength(skb.protocol)
  if (flags & DECAP_L3) {
    if (!shrink || (flags & DECAP_L3) === DECAP_L3) return -EINVAL
    least = flags & DECAP_L3_IPV4 ? IPV4_HEADER : IPV6_HEADER
  }
  const behind = skb.end - skb.network
  if (shrink ? size >= behind || behind - size < least : skb.length + size > SKB_MAX_LENGTH && !skb.isGso) {
    return -ENOTSUPP
  }
  const error = shrink
    ? shrinkNetwork(skb, offset, size, flags, flagsHigh)
    : growNetwork(skb, offset, size, flags, flagsHigh >>> ENCAP_L2_SHIFT)
  if (error === 0 && !(flags & NO_CSUM_RESET)) resetUnnecessary(skb)
  return error
}

/** Segments of UDP have bounds of their own: only a fixed size leaves them as they are. */
const segmentsFit = (skb: Skb, flags: number): boolean =>
  !skb.isGso || skb.segments === "tcp" || (skb.segments === "udp" && (flags & FIXED_GSO) !== 0)

function growNetwork(skb: Skb, offset: number, size: number, flags: number, innerMac: number): number {
  if (!segmentsFit(skb, flags)) return -ENOTSUPP
  const encapsulates = (flags & ENCAP_L3) !== 0
  if (encapsulates) {
    if ((flags & ENCAP_L3) === ENCAP_L3) return -EINVAL
    if (flags & ENCAP_L4_GRE && flags & ENCAP_L4_UDP) return -EINVAL
    if (flags & ENCAP_L2_ETH && innerMac < ETH_HLEN) return -EINVAL
    if (skb.encapsulated) return -EALREADY
    if (innerMac > size) return -EINVAL
  }
  const macLength = skb.network - skb.mac
  pushNetwork(skb, offset, size)
  if (encapsulates) {
    skb.encapsulated = true
    skb.network = skb.data + macLength
    if (flags & (ENCAP_L4_GRE | ENCAP_L4_UDP)) {
      skb.transport = skb.network + (flags & ENCAP_L3_IPV6 ? IPV6_HEADER : IPV4_HEADER)
    }
    skb.setProtocol(flags & ENCAP_L3_IPV6 ? ETH_P_IPV6 : ETH_P_IP)
  }
  if (skb.isGso) {
    skb.setField(SKB_GSO_SEGS, 0)
    if (!(flags & FIXED_GSO)) skb.setField(SKB_GSO_SIZE, skb.field(SKB_GSO_SIZE) - size)
  }
  return 0
}

function shrinkNetwork(skb: Skb, offset: number, size: number, flags: number, flagsHigh: number): number {
  if (flags & ~(FIXED_GSO | DECAP_L3 | NO_CSUM_RESET) || flagsHigh !== 0) return -EINVAL
  if (!segmentsFit(skb, flags)) return -ENOTSUPP
  const error = popNetwork(skb, offset, size)
  if (error < 0) return error
  if (flags & DECAP_L3) skb.setProtocol(flags & DECAP_L3_IPV6 ? ETH_P_IPV6 : ETH_P_IP)
  if (skb.isGso) {
    if (!(flags & FIXED_GSO)) skb.setField(SKB_GSO_SIZE, skb.field(SKB_GSO_SIZE) + size)
    skb.setField(SKB_GSO_SEGS, 0)
  }
  return 0
}

/** Puts zeros in; link and network header move to the front. */
function pushNetwork(skb: Skb, offset: number, size: number): void {
  const same = skb.transport === skb.network
  skb.insert(offset, size)
  skb.mac -= size
  skb.network -= size
  if (same) skb.transport = skb.network
}

function popNetwork(skb: Skb, offset: number, size: number): number {
  const same = skb.transport === skb.network
  const error = skb.remove(offset, size)
  if (error < 0) return error
  skb.mac += size
  skb.network += size
  if (same) skb.transport = skb.network
  return 0
}

/** Makes an IPv4 packet one of IPv6 or the other way round, as far as room goes: the program fills the header in. Source: `bpf_skb_change_proto`. */
export function changeProtocol(skb: Skb, protocol: number): number {
  const size = IPV6_HEADER - IPV4_HEADER
  const offset = skb.network - skb.mac
  if (skb.protocol === ETH_P_IP && protocol === ETH_P_IPV6) pushNetwork(skb, offset, size)
  else if (skb.protocol === ETH_P_IPV6 && protocol === ETH_P_IP) {
    const error = popNetwork(skb, offset, size)
    if (error < 0) return error
  } else return -ENOTSUPP
  skb.setProtocol(protocol)
  skb.hash = 0
  return 0
}

/** Makes a packet shorter, or longer by zeros at its end. Source: `bpf_skb_change_tail`. */
export function changeTail(skb: Skb, length: number, flags: number): number {
  if (flags !== 0 || length > SKB_MAX_LENGTH || length < leastLength(skb)) return -EINVAL
  if (skb.encapsulated) return -ENOTSUPP
  const { length: before } = skb
  // A sum over all of it is of no use any more.
  if (length !== before && skb.checksum === "complete") skb.checksum = "none"
  if (length > before) {
    skb.reserveTail(length - before)
    skb.memory.u8.fill(0, skb.end, skb.data + length)
  }
  skb.end = skb.data + length
  if (skb.isGso) {
    skb.setField(SKB_GSO_SIZE, 0)
    skb.setField(SKB_GSO_SEGS, 0)
  }
  return 0
}

/** What a packet has to keep: all in front of its transport header, as far as that is known. */
function leastLength(skb: Skb): number {
  const network = Math.max(0, skb.network - skb.data)
  const transport = skb.transport - skb.data
  return skb.transport > 0 && transport > 0 ? transport : network
}

/** Puts zeros in front of a packet, for a link header. Source: `bpf_skb_change_head`. */
export function changeHead(skb: Skb, size: number, flags: number): number {
  const length = skb.length + size
  if (flags !== 0 || (!skb.isGso && length > SKB_MAX_LENGTH) || length > 0xffffffff) return -EINVAL
  if (length > LONGEST_SEGMENTS) return -ENOMEM
  skb.insert(0, size)
  skb.mac = skb.data
  skb.macLength = skb.network - skb.mac
  return 0
}

/** A device's word on a checksum does not hold any more. Source: `__skb_reset_checksum_unnecessary`. */
export function resetUnnecessary(skb: Skb): void {
  if (skb.checksum !== "unnecessary") return
  skb.checksum = "none"
  skb.checksumLevel = 0
}
