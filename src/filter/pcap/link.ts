import { always, and, type Condition, not, or } from "./condition.ts"
import type { Questions } from "./questions.ts"

/** Kinds of link-layer headers, by the names that libpcap gives them. */
export type LinkType = "EN10MB" | "RAW" | "NULL" | "LOOP" | "LINUX_SLL" | "LINUX_SLL2" | "PPP" | "IPV4" | "IPV6"

/** What a link layer's header is like. */
export interface LinkHeader {
  /** For people: `Ethernet`. */
  readonly name: string
  /** Numbers in capture files (LINKTYPE_…), and those that some systems write in their place. */
  readonly numbers: readonly number[]
  /** Bytes before the network header. */
  readonly size: number
  /** Where Ethernet's addresses are; undefined where there are none. */
  readonly addresses?: true
  /** An EtherType, or below 1,501 a service access point of 802.2, is what the header says. `at` is where the header begins. */
  readonly protocol: (ask: Questions, at: number, type: number) => Condition
  /** What the packet is to the host, where the header says it: bytes, offset. */
  readonly packetType?: readonly [bytes: number, offset: number]
  /** The same for the index of the device. */
  readonly ifindex?: readonly [bytes: number, offset: number]
}

const IP = 0x0800
const IP6 = 0x86dd
const IPX = 0x8137
const APPLETALK = 0x809b
const AARP = 0x80f3
/** Most that the field of Ethernet that is a type or a length can be as a length. */
const MAX_LENGTH = 1500
/** Service access points that 802.2 packets have twice, as source and as destination. */
const SAP_ISO = 0xfe
const SAP_NETBEUI = 0xf0
const SAP_IPX = 0xe0

/** The SNAP header at `at` says a type, of an organisation. */
const snap = (ask: Questions, at: number, organisation: number, type: number): Condition =>
  and(
    ask.equals(4, at + 4, ((organisation << 16) | type) >>> 0),
    ask.equals(4, at, (0xaaaa0300 | (organisation >>> 16)) >>> 0),
  )

/** EtherTypes that are also met with a SNAP header: the organisation. */
const SNAP_TYPES = new Map([
  [APPLETALK, 0x080007],
  [AARP, 0],
])

function ethernet(ask: Questions, at: number, type: number): Condition {
  const field = at + 12
  const llc = at + 14
  const isLength = not(ask.above(2, field, MAX_LENGTH))
  const organisation = SNAP_TYPES.get(type)
  if (organisation !== undefined) {
    return or(ask.equals(2, field, type), and(isLength, snap(ask, llc, organisation, type)))
  }
  if (type === SAP_ISO || type === SAP_NETBEUI) return and(isLength, ask.equals(2, llc, (type << 8) | type))
  if (type === SAP_IPX) {
    const framed = or(snap(ask, llc, 0, IPX), ask.equals(1, llc, SAP_IPX), ask.equals(2, llc, 0xffff))
    return or(ask.equals(2, field, IPX), and(isLength, framed))
  }
  return type <= MAX_LENGTH ? and(isLength, ask.equals(1, llc, type)) : ask.equals(2, field, type)
}

function cooked(ask: Questions, at: number, type: number): Condition {
  const field = at + 14
  const llc = at + 16
  const isLlc = ask.equals(2, field, 4)
  const organisation = SNAP_TYPES.get(type)
  if (organisation !== undefined) {
    return or(ask.equals(2, field, type), and(isLlc, snap(ask, llc, organisation, type)))
  }
  if (type === SAP_ISO || type === SAP_NETBEUI) return and(isLlc, ask.equals(2, llc, (type << 8) | type))
  if (type === SAP_IPX) {
    const framed = or(ask.equals(1, llc, SAP_IPX), snap(ask, llc, 0, IPX))
    return or(ask.equals(2, field, IPX), ask.equals(2, field, 1), and(isLlc, framed))
  }
  return type <= MAX_LENGTH ? and(isLlc, ask.equals(1, llc, type)) : ask.equals(2, field, type)
}

/** The version in the first byte tells which IP it is. */
function raw(ask: Questions, at: number, type: number): Condition {
  return type === IP || type === IP6 ? ask.equals(1, at, type === IP ? 0x40 : 0x60, 0xf0) : always(false)
}

/** An address family, of the system that captured: here Linux. */
const family = (swapped: boolean) => (ask: Questions, at: number, type: number) => {
  const number = type === IP ? 2 : type === IP6 ? 10 : undefined
  return number === undefined ? always(false) : ask.equals(4, at, swapped ? number * 0x0100_0000 : number)
}

/** Numbers of PPP for EtherTypes and service access points. */
const PPP_PROTOCOLS = new Map([
  [IP, 0x21],
  [IP6, 0x57],
  [0x6003, 0x27],
  [APPLETALK, 0x29],
  [0x0600, 0x25],
  [SAP_ISO, 0x23],
  [0x42, 0x31],
  [SAP_IPX, 0x2b],
  [0x8847, 0x281],
])

/** A header of PPP whose protocol is at an offset. */
export const pppAt = (offset: number, size: number): LinkHeader => ({
  name: "PPP",
  numbers: [9],
  size,
  protocol: (ask, at, type) => ask.equals(2, at + offset, PPP_PROTOCOLS.get(type) ?? type),
})

/** Every kind of link layer that expressions can be compiled for. */
export const LINK_HEADERS: Readonly<Record<LinkType, LinkHeader>> = {
  EN10MB: { name: "Ethernet", numbers: [1], size: 14, addresses: true, protocol: ethernet },
  RAW: { name: "raw IP", numbers: [101, 12, 14], size: 0, protocol: raw },
  NULL: { name: "BSD loopback", numbers: [0], size: 4, protocol: family(true) },
  LOOP: { name: "OpenBSD loopback", numbers: [108], size: 4, protocol: family(false) },
  LINUX_SLL: { name: "Linux cooked", numbers: [113], size: 16, protocol: cooked, packetType: [2, 0] },
  LINUX_SLL2: {
    name: "Linux cooked v2",
    numbers: [276],
    size: 20,
    protocol: (ask, at, type) => ask.equals(2, at, type),
    packetType: [1, 10],
    ifindex: [4, 4],
  },
  PPP: pppAt(2, 4),
  IPV4: { name: "raw IPv4", numbers: [228], size: 0, protocol: (_ask, _at, type) => always(type === IP) },
  IPV6: { name: "raw IPv6", numbers: [229], size: 0, protocol: (_ask, _at, type) => always(type === IP6) },
}

/** The link type that a capture file tells by its number; undefined for one that expressions cannot be compiled for. */
export function linkTypeOf(number: number): LinkType | undefined {
  const found = Object.entries(LINK_HEADERS).find(([, { numbers }]) => numbers.includes(number))
  return found?.[0] as LinkType | undefined
}
