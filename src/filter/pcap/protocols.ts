import { and, type Condition, not, or } from "./condition.ts"
import type { Complaints, Place } from "./error.ts"
import type { Layers } from "./layers.ts"
import { ETHER_TYPES, type Protocol, protocolName } from "./names.ts"
import type { Questions } from "./questions.ts"

const IP = 0x0800
const IP6 = 0x86dd
/** Number of the header that a fragment of IPv6 has. */
const FRAGMENT = 44

/** Protocols over IP: their number, and the version where they have only one. */
export const OVER_IP: { readonly [protocol in Protocol]?: readonly [number: number, version?: 4 | 6] } = {
  tcp: [6],
  udp: [17],
  sctp: [132],
  icmp: [1, 4],
  icmp6: [58, 6],
  igmp: [2, 4],
  igrp: [9, 4],
  pim: [103],
  vrrp: [112, 4],
  carp: [112, 4],
  ah: [51],
  esp: [50],
}

/** Conditions that a packet is of a protocol. */
export class Protocols {
  readonly ask: Questions
  readonly layers: Layers
  readonly complaints: Complaints

  constructor(ask: Questions, layers: Layers, complaints: Complaints) {
    this.ask = ask
    this.layers = layers
    this.complaints = complaints
  }

  /** The packet is of a protocol of its own: `tcp`, `arp`. */
  of(protocol: Protocol, place: Place): Condition {
    const overIp = OVER_IP[protocol]
    if (overIp !== undefined) {
      const [number, version] = overIp
      if (version === 4) return this.overIp4(number, place)
      if (version === 6) return this.overIp6(number, place)
      return this.overIp(number, place)
    }
    if (Object.hasOwn(ETHER_TYPES, protocol)) return this.layers.protocol(ETHER_TYPES[protocol], place)
    const name = protocolName(protocol)
    throw this.complaints.error(
      "FILTER_QUALIFIER",
      place,
      `'${name}' alone says nothing: every packet has a link layer`,
      `write '${name} host …', '${name} proto …' or '${name}[…]'`,
    )
  }

  ip4(place: Place): Condition {
    return this.layers.protocol(IP, place)
  }

  ip6(place: Place): Condition {
    return this.layers.protocol(IP6, place)
  }

  /** A protocol over either IP. */
  overIp(number: number, place: Place): Condition {
    return or(this.overIp4(number, place), this.overIp6(number, place))
  }

  overIp4(number: number, place: Place): Condition {
    return and(this.ip4(place), this.ip4Protocol(number))
  }

  /** The protocol of a whole packet, or of one in fragments. */
  overIp6(number: number, place: Place): Condition {
    const { network } = this.layers
    const inFragment = and(this.ip6Protocol(FRAGMENT), this.ask.equals(1, network + 40, number))
    return and(this.ip6(place), or(this.ip6Protocol(number), inFragment))
  }

  /** The IPv4 header names a protocol. */
  ip4Protocol(number: number): Condition {
    return this.ask.equals(1, this.layers.network + 9, number)
  }

  /** The next header of IPv6 is a protocol. */
  ip6Protocol(number: number): Condition {
    return this.ask.equals(1, this.layers.network + 6, number)
  }

  /** The IPv4 packet is whole, or the first of its fragments: its protocol's header is there. */
  hasTransport(): Condition {
    return not(this.ask.anySet(2, this.layers.network + 6, 0x1fff))
  }
}
