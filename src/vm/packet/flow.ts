import { be16, ETH_P_IP, ETH_P_IPV6 } from "./link.ts"
import type { Skb } from "./skb.ts"

const TCP = 6
const UDP = 17

/**
 * A number for the flow that a packet belongs to, the same in both directions, never 0. The kernel's is keyed by a secret that it draws at boot, so that
 * nobody can rely on its values; this one is always the same for the same flow.
 */
export function flowHash(bytes: Uint8Array, skb: Skb): number {
  const { network, end, protocol } = skb
  let hash = 0x811c9dc5
  const add = (value: number): void => {
    hash = Math.imul(hash ^ value, 0x01000193)
  }
  add(protocol & 255)
  add(protocol >> 8)
  const size = protocol === ETH_P_IP ? 4 : protocol === ETH_P_IPV6 ? 16 : 0
  const source = network + (size === 4 ? 12 : 8)
  if (size > 0 && source + 2 * size <= end) {
    const next = bytes[network + (size === 4 ? 9 : 6)]
    const body = network + (size === 4 ? (bytes[network] & 15) * 4 : 40)
    // Both ends count alike, so that answers get the same number.
    for (let i = 0; i < size; i++) add(bytes[source + i] + bytes[source + size + i])
    add(next)
    if ((next === TCP || next === UDP) && body + 4 <= end) {
      const ports = be16(bytes, body) + be16(bytes, body + 2)
      add(ports & 255)
      add(ports >> 8)
    }
  }
  hash ^= hash >>> 16
  hash = Math.imul(hash, 0x85ebca6b)
  hash ^= hash >>> 13
  return hash === 0 ? 1 : hash | 0
}
