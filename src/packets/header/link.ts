import { hex, ipv4Address, mac, number } from "./field.ts"
import { ETHER_TYPES, etherType, ofEtherType, SERVICE_TAG } from "./numbers.ts"
import type { Protocol } from "./protocol.ts"

/** Types below this are lengths (IEEE 802.3). */
const FIRST_TYPE = 0x600

const ethernetFields = {
  destination: mac(0),
  source: mac(48),
  /** EtherType of what follows. */
  type: hex(96, 16),
}

export const ethernet: Protocol<typeof ethernetFields> = {
  name: "ethernet",
  fields: ethernetFields,
  minimum: 14,
  size: () => 14,
  next: (bytes, at) => payload(ethernetFields.type.read(bytes, at)),
  complete({ bytes, at, next }) {
    const type = next && etherType(next.protocol)
    if (type !== undefined) ethernetFields.type.write(bytes, at, type)
  },
}

const payload = (type: number) => (type < FIRST_TYPE ? undefined : ofEtherType(type))

const vlanFields = {
  /** Priority code point. */
  priority: number(0, 3),
  /** Drop eligible indicator. */
  dropEligible: number(3, 1),
  id: number(4, 12),
  type: hex(16, 16),
}

/** An 802.1Q tag behind the addresses of an Ethernet frame. The type in front of it says which kind of tag it is. */
export const vlan: Protocol<typeof vlanFields> = {
  name: "vlan",
  fields: vlanFields,
  minimum: 4,
  size: () => 4,
  next: (bytes, at) => payload(vlanFields.type.read(bytes, at)),
  complete({ bytes, at, next, outer }) {
    const type = next && etherType(next.protocol)
    if (type !== undefined) vlanFields.type.write(bytes, at, type)
    // The outer of two tags is a service tag.
    if (outer?.protocol === "ethernet" && next?.protocol === "vlan") {
      ethernetFields.type.write(bytes, outer.start, SERVICE_TAG)
    }
  },
}

const arpFields = {
  hardware: number(0, 16),
  protocol: hex(16, 16),
  hardwareSize: number(32, 8),
  protocolSize: number(40, 8),
  /** 1 asks, 2 answers. */
  operation: number(48, 16),
  senderMac: mac(64),
  senderIp: ipv4Address(112),
  targetMac: mac(144),
  targetIp: ipv4Address(192),
}

/** ARP for IPv4 over Ethernet (RFC 826). */
export const arp: Protocol<typeof arpFields> = {
  name: "arp",
  fields: arpFields,
  minimum: 28,
  size: () => 28,
  next: () => undefined,
  complete({ bytes, at }) {
    arpFields.hardware.write(bytes, at, 1)
    arpFields.protocol.write(bytes, at, ETHER_TYPES.ipv4)
    arpFields.hardwareSize.write(bytes, at, 6)
    arpFields.protocolSize.write(bytes, at, 4)
    arpFields.operation.write(bytes, at, 1)
  },
}
