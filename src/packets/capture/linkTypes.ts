/**
 * What the bytes of a captured packet begin with, by number: the registry of LINKTYPE_ values of tcpdump.org, which pcap and pcapng share.
 * Numbers that are not here are carried through as they are.
 */
export const LINK_TYPES = {
  /** BSD loopback: a 32-bit address family in the byte order of the machine that captured. */
  null: 0,
  ethernet: 1,
  ppp: 9,
  /** An IPv4 or IPv6 packet with nothing in front; the version's nibble tells which. */
  raw: 101,
  ieee802_11: 105,
  /** OpenBSD loopback: a 32-bit address family in network order. */
  loop: 108,
  /** Linux "cooked": 16 bytes with the direction, the sender and the EtherType. */
  linuxSll: 113,
  ipv4: 228,
  ipv6: 229,
  /** Linux "cooked", second form, of 20 bytes with the device's index. */
  linuxSll2: 276,
} as const

const NAMES = new Map<number, string>(Object.entries(LINK_TYPES).map(([name, number]) => [number, name]))

/** A link type's name, or its number as text where it has none here. */
export const linkTypeName = (type: number): string => NAMES.get(type) ?? String(type)
