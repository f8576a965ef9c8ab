import { checksum } from "../checksum.ts"
import { givenOptions, hex, ipv4Address, ipv6Address, number } from "./field.ts"
import { ipProtocol, ofIpProtocol } from "./numbers.ts"
import type { Protocol } from "./protocol.ts"

const ipv4Fields = {
  version: number(0, 4),
  /** In units of 4 bytes. */
  headerLength: number(4, 4),
  /** Differentiated services code point. */
  dscp: number(8, 6),
  /** Explicit congestion notification. */
  ecn: number(14, 2),
  /** Of header and payload, in bytes. */
  totalLength: number(16, 16),
  id: number(32, 16),
  dontFragment: number(49, 1),
  moreFragments: number(50, 1),
  /** In units of 8 bytes. */
  fragmentOffset: number(51, 13),
  ttl: number(64, 8),
  protocol: number(72, 8),
  checksum: hex(80, 16),
  source: ipv4Address(96),
  destination: ipv4Address(128),
}

/** RFC 791. */
export const ipv4: Protocol<typeof ipv4Fields> = {
  name: "ipv4",
  fields: ipv4Fields,
  minimum: 20,
  size: (bytes, at) => ipv4Fields.headerLength.read(bytes, at) * 4,
  options: givenOptions,
  end: (bytes, at) => at + ipv4Fields.totalLength.read(bytes, at),
  next: (bytes, at) =>
    ipv4Fields.fragmentOffset.read(bytes, at) > 0 ? undefined : ofIpProtocol(ipv4Fields.protocol.read(bytes, at), 4),
  complete({ bytes, at, body, end, next }) {
    ipv4Fields.version.write(bytes, at, 4)
    ipv4Fields.headerLength.write(bytes, at, (body - at) / 4)
    ipv4Fields.totalLength.write(bytes, at, end - at)
    ipv4Fields.ttl.write(bytes, at, 64)
    ipv4Fields.source.write(bytes, at, "10.0.0.1")
    ipv4Fields.destination.write(bytes, at, "10.0.0.2")
    ipv4Fields.protocol.write(bytes, at, (next && ipProtocol(next.protocol)) ?? 253)
  },
  seal({ bytes, at, body }) {
    ipv4Fields.checksum.write(bytes, at, 0)
    ipv4Fields.checksum.write(bytes, at, checksum(bytes, at, body))
  },
}

const ipv6Fields = {
  version: number(0, 4),
  trafficClass: number(4, 8),
  flowLabel: hex(12, 20),
  /** In bytes. */
  payloadLength: number(32, 16),
  nextHeader: number(48, 8),
  hopLimit: number(56, 8),
  source: ipv6Address(64),
  destination: ipv6Address(192),
}

/** RFC 8200. */
export const ipv6: Protocol<typeof ipv6Fields> = {
  name: "ipv6",
  fields: ipv6Fields,
  minimum: 40,
  size: () => 40,
  end: (bytes, at) => at + 40 + ipv6Fields.payloadLength.read(bytes, at),
  next: (bytes, at) => ofIpProtocol(ipv6Fields.nextHeader.read(bytes, at), 6),
  complete({ bytes, at, body, end, next }) {
    ipv6Fields.version.write(bytes, at, 6)
    ipv6Fields.payloadLength.write(bytes, at, end - body)
    ipv6Fields.hopLimit.write(bytes, at, 64)
    ipv6Fields.source.write(bytes, at, "fd00::1")
    ipv6Fields.destination.write(bytes, at, "fd00::2")
    // 253 is for experiments (RFC 3692).
    ipv6Fields.nextHeader.write(bytes, at, (next && ipProtocol(next.protocol)) ?? 253)
  },
}

const fragmentFields = {
  nextHeader: number(0, 8),
  /** In units of 8 bytes. */
  offset: number(16, 13),
  more: number(31, 1),
  id: hex(32, 32),
}

/** IPv6's fragment header. */
export const fragment: Protocol<typeof fragmentFields> = {
  name: "fragment",
  fields: fragmentFields,
  minimum: 8,
  size: () => 8,
  next: (bytes, at) =>
    fragmentFields.offset.read(bytes, at) > 0 ? undefined : ofIpProtocol(fragmentFields.nextHeader.read(bytes, at), 6),
  complete({ bytes, at, next }) {
    fragmentFields.nextHeader.write(bytes, at, (next && ipProtocol(next.protocol)) ?? 253)
  },
}

const extensionFields = {
  nextHeader: number(0, 8),
  /** In units of 8 bytes, without the first. */
  length: number(8, 8),
}

/** One of IPv6's headers of options: hop-by-hop, routing, destination. */
export const extension: Protocol<typeof extensionFields> = {
  name: "extension",
  fields: extensionFields,
  minimum: 8,
  size: (bytes, at) => (extensionFields.length.read(bytes, at) + 1) * 8,
  next: (bytes, at) => ofIpProtocol(extensionFields.nextHeader.read(bytes, at), 6),
  complete({ bytes, at, body, next }) {
    extensionFields.nextHeader.write(bytes, at, (next && ipProtocol(next.protocol)) ?? 253)
    extensionFields.length.write(bytes, at, (body - at) / 8 - 1)
    // One option that only fills: PadN.
    bytes[at + 2] = 1
    bytes[at + 3] = body - at - 4
  },
}
