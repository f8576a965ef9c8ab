import { be16, ETH_P_IP, ETH_P_IPV6 } from "../packet/link.ts"
import type { Skb } from "../packet/skb.ts"
import { type Ends, IPPROTO_TCP, IPPROTO_UDP } from "../packet/socket.ts"

/** The protocol and both ends of a packet of TCP or UDP; undefined for others, and for what is no first fragment. */
export function endsOf(skb: Skb): { readonly protocol: number; readonly ends: Ends } | undefined {
  const { memory, network, end } = skb
  const { u8 } = memory
  const size = skb.protocol === ETH_P_IP ? 4 : skb.protocol === ETH_P_IPV6 ? 16 : 0
  const addresses = network + (size === 4 ? 12 : 8)
  if (size === 0 || addresses + 2 * size > end) return undefined
  if (size === 4 && (be16(u8, network + 6) & 0x1fff) !== 0) return undefined
  const protocol = u8[network + (size === 4 ? 9 : 6)]
  const ports = network + (size === 4 ? (u8[network] & 15) * 4 : 40)
  if ((protocol !== IPPROTO_TCP && protocol !== IPPROTO_UDP) || ports + 4 > end) return undefined
  return {
    protocol,
    ends: {
      source: memory.copy(addresses, size),
      sourcePort: be16(u8, ports),
      destination: memory.copy(addresses + size, size),
      destinationPort: be16(u8, ports + 2),
    },
  }
}
