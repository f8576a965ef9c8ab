import type { Device } from "../packet/device.ts"
import { ETH_HLEN, ETH_P_IP, putBe16 } from "../packet/link.ts"
import type { Network } from "../packet/network.ts"
import type { Skb } from "../packet/skb.ts"

/**
 * Writes the link header that a packet has on its way out by a device, as `bpf_redirect_neigh` leaves it to the stack: false where the
 * network does not know the hardware address of the next hop.
 */
export function addressToNeighbour(skb: Skb, device: Device, network: Network): boolean {
  const { memory } = skb
  const size = skb.protocol === ETH_P_IP ? 4 : 16
  const destination = memory.copy(skb.network + (size === 4 ? 16 : 24), size)
  const route = network.route(destination, { device: device.index })
  const address = network.neighbour(device.index, route?.gateway ?? destination)
  if (address === undefined) return false
  const header = skb.network - ETH_HLEN
  memory.u8.set(address, header)
  memory.u8.set(device.address, header + 6)
  putBe16(memory.u8, header + 12, skb.protocol)
  return true
}
