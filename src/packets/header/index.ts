import { extension, fragment, ipv4, ipv6 } from "./ip.ts"
import { arp, ethernet, vlan } from "./link.ts"
import type { Protocol, ProtocolName } from "./protocol.ts"
import { icmp, icmpv6, tcp, udp } from "./transport.ts"
import { gre, vxlan } from "./tunnel.ts"

/** Every protocol by its name. */
export const protocols = {
  ethernet,
  vlan,
  arp,
  ipv4,
  ipv6,
  fragment,
  extension,
  tcp,
  udp,
  icmp,
  icmpv6,
  gre,
  vxlan,
} as const satisfies Record<ProtocolName, Protocol>

export type { Field, Fields, Values } from "./field.ts"
export * from "./numbers.ts"
export type { Building, Place, Protocol, ProtocolName } from "./protocol.ts"
export { flagLetters, TCP_FLAGS } from "./transport.ts"
