import { ethernet, type PacketBuilder } from "../../../src/packets/index.ts"
import type { PacketTestInput } from "../../../src/vm/index.ts"
import type { Random } from "../../support/random.ts"

const tcp = { sourcePort: 1234, destinationPort: 80, flags: "syn", sequence: 1000 } as const

/** Packets of the kinds that programs meet. */
export const packets: Readonly<Record<string, PacketBuilder>> = {
  tcp4: ethernet().ipv4({ dscp: 10, ecn: 1, id: 7 }).tcp(tcp).payload(20),
  tcp4Options: ethernet()
    .ipv4({ options: Uint8Array.of(1, 1, 1, 0) })
    .tcp({ ...tcp, options: Uint8Array.of(2, 4, 5, 0xb4) })
    .payload(7),
  udp4: ethernet().ipv4({ ecn: 2, ttl: 1 }).udp({ sourcePort: 53, destinationPort: 5353 }).payload(33),
  udp4NoSum: ethernet().ipv4({ ecn: 3 }).udp({ sourcePort: 53, destinationPort: 7, checksum: 0 }).payload(8),
  udp6: ethernet().ipv6({ trafficClass: 2 }).udp({ sourcePort: 1, destinationPort: 2 }).payload(11),
  tcp6: ethernet().ipv6({ trafficClass: 0xff, flowLabel: 0xabcde }).tcp(tcp).payload(64),
  icmp4: ethernet({ destination: "ff:ff:ff:ff:ff:ff" }).ipv4().icmp({ id: 1, sequence: 2 }).payload(56),
  icmp6: ethernet({ destination: "33:33:00:00:00:01" }).ipv6().icmpv6({ id: 1 }).payload(8),
  arp: ethernet({ destination: "00:00:00:00:00:00" }).arp({ senderIp: "10.0.0.1", targetIp: "10.0.0.2" }),
  vlan4: ethernet().vlan({ id: 42, priority: 3 }).ipv4().udp().payload(9),
  vlan6: ethernet().vlan({ id: 4094 }).ipv6().tcp(tcp),
  doubleVlan: ethernet().vlan({ id: 1 }).vlan({ id: 2 }).ipv4().tcp(tcp).payload(3),
  gre: ethernet().ipv4().gre().ipv4().udp().payload(40),
  vxlan: ethernet().ipv4().udp().vxlan({ vni: 9 }).ethernet().ipv4().tcp(tcp),
  length: ethernet({ type: 100 }).payload(100),
  novell: ethernet({ type: 60 }).payload(Uint8Array.of(0xff, 0xff, 1, 2, 3)),
  bare: ethernet({ type: 0x88cc }),
  shortIp: ethernet({ type: 0x800 }).payload(20),
  large: ethernet().ipv4().udp().payload(1400),
}

/** A context with some of the fields set that callers may set. */
export function skbContext(random: Random): Uint8Array {
  const context = new Uint8Array(192)
  const view = new DataView(context.buffer)
  view.setUint32(8, random.below(2 ** 32), true)
  view.setUint32(32, random.below(2 ** 32), true)
  for (let i = 0; i < 20; i++) context[48 + i] = random.below(256)
  view.setUint32(152, random.below(2 ** 32), true)
  view.setUint32(156, random.below(2 ** 20), true)
  if (random.chance(0.3)) view.setUint32(176, 100 + random.below(1000), true)
  if (random.chance(0.3)) view.setUint32(164, random.below(100), true)
  return context
}

/** A packet with some bytes changed, or some taken off. */
export function damaged(bytes: Uint8Array, random: Random): Uint8Array {
  const copy = bytes.slice()
  for (let i = random.below(4); i > 0; i--) copy[random.below(copy.length)] = random.below(256)
  return random.chance(0.2) ? copy.slice(0, 14 + random.below(copy.length - 13)) : copy
}

/** What a program is run on; packets of several pages where they may have fragments. */
export function randomInput(random: Random, kind: "skb" | "xdp", fragments = false): PacketTestInput {
  const long = fragments && random.chance(0.7)
  const whole = long
    ? ethernet().ipv4().udp().payload(random.below(14_000)).bytes()
    : random.pick(Object.values(packets)).bytes()
  const data = random.chance(0.4) ? damaged(whole, random) : whole
  if (kind === "skb") {
    const context = random.chance(0.5) ? skbContext(random) : undefined
    return { data, context, checksumComplete: random.chance(0.3) }
  }
  if (random.chance(0.6)) return { data }
  const metadata = 4 * random.below(9)
  const withMetadata = Uint8Array.from([...Array.from({ length: metadata }, (_, i) => i), ...data])
  const context = new Uint8Array(24)
  new DataView(context.buffer).setUint32(0, metadata, true)
  new DataView(context.buffer).setUint32(4, withMetadata.length, true)
  return { data: withMetadata, context }
}
