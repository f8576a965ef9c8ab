import { ENOMEM } from "../errno.ts"
import { be16, ETH_HLEN, isVlan, protocolAt, putBe16, VLAN_HLEN } from "./link.ts"
import type { Skb } from "./skb.ts"

/** Bytes of both addresses of a frame. */
const ADDRESSES = 12

/**
 * Adds a VLAN tag. The outermost tag stands beside the packet, as devices hand it over; one that stood there moves into the bytes.
 * Source: `skb_vlan_push`.
 */
export function pushVlan(skb: Skb, protocol: number, tci: number): number {
  if (skb.vlanPresent) {
    skb.insert(ADDRESSES, VLAN_HLEN)
    skb.mac -= VLAN_HLEN
    putBe16(skb.memory.u8, skb.data + ADDRESSES, skb.vlanProtocol)
    putBe16(skb.memory.u8, skb.data + ADDRESSES + 2, skb.vlanTci)
    skb.protocol = skb.vlanProtocol
    // What was the type of the frame begins the network's part now.
    skb.network -= VLAN_HLEN
    skb.deposit(skb.data + ADDRESSES, VLAN_HLEN, 0)
  }
  tag(skb, protocol, tci)
  return 0
}

/** Takes the outermost VLAN tag off; the next one moves out of the bytes beside the packet. Source: `skb_vlan_pop`. */
export function popVlan(skb: Skb): number {
  if (skb.vlanPresent) {
    skb.vlanPresent = false
    skb.vlanProtocol = 0
    skb.vlanTci = 0
  } else {
    if (!isVlan(skb.protocol)) return 0
    const error = takeOut(skb)
    if (error < 0) return error
  }
  if (!isVlan(skb.protocol)) return 0
  const protocol = skb.protocol
  const tci = takeOut(skb)
  if (tci < 0) return tci
  tag(skb, protocol, tci)
  return 0
}

function tag(skb: Skb, protocol: number, tci: number): void {
  skb.vlanPresent = true
  skb.vlanProtocol = protocol
  skb.vlanTci = tci
}

/** Takes a tag out of the bytes: its value, or −ENOMEM where the packet is too short. */
function takeOut(skb: Skb): number {
  if (skb.length < ETH_HLEN + VLAN_HLEN) return -ENOMEM
  const { u8 } = skb.memory
  const tci = be16(u8, skb.data + ADDRESSES + 2)
  const protocol = protocolAt(u8, skb.data + ADDRESSES + VLAN_HLEN, skb.end)
  skb.remove(ADDRESSES, VLAN_HLEN)
  skb.protocol = protocol
  skb.mac += VLAN_HLEN
  if (skb.network - skb.data < ETH_HLEN) skb.network = skb.data + ETH_HLEN
  skb.macLength = skb.network - skb.mac
  return tci
}
