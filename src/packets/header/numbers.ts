import type { ProtocolName } from "./protocol.ts"

/** EtherTypes (IEEE registry) of the protocols that are known here. */
export const ETHER_TYPES = { ipv4: 0x0800, arp: 0x0806, vlan: 0x8100, ipv6: 0x86dd } as const
/** 802.1ad, the outer of two tags. */
export const SERVICE_TAG = 0x88a8
/** GRE's payload type for Ethernet frames, "transparent Ethernet bridging". */
export const BRIDGED_ETHERNET = 0x6558

/** The protocol with an EtherType. */
export function ofEtherType(type: number): ProtocolName | undefined {
  if (type === SERVICE_TAG) return "vlan"
  for (const [name, number] of Object.entries(ETHER_TYPES)) if (number === type) return name as ProtocolName
  return undefined
}

/** The EtherType of a protocol; undefined where it is no payload of a link. */
export const etherType = (name: ProtocolName): number | undefined =>
  (ETHER_TYPES as Partial<Record<ProtocolName, number>>)[name]

/** Numbers in IPv4's protocol field and IPv6's next header (IANA registry). */
export const IP_PROTOCOLS = {
  icmp: 1,
  ipv4: 4,
  tcp: 6,
  udp: 17,
  ipv6: 41,
  fragment: 44,
  gre: 47,
  icmpv6: 58,
} as const

/** Extension headers of IPv6 with a length in units of 8 bytes: hop-by-hop, routing and destination options. */
const EXTENSIONS = new Set([0, 43, 60])

/** The protocol with a number. */
export function ofIpProtocol(number: number, version: 4 | 6): ProtocolName | undefined {
  if (version === 6 && EXTENSIONS.has(number)) return "extension"
  for (const [name, value] of Object.entries(IP_PROTOCOLS)) {
    if (value === number && (version === 6 || name !== "fragment")) return name as ProtocolName
  }
  return undefined
}

/** The number of a protocol; undefined where it is no payload of IP. */
export const ipProtocol = (name: ProtocolName): number | undefined =>
  name === "extension" ? 60 : (IP_PROTOCOLS as Partial<Record<ProtocolName, number>>)[name]
