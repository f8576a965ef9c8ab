import type { Device } from "./device.ts"

/** Bytes of an Ethernet header. */
export const ETH_HLEN = 14
/** Bytes of a VLAN tag. */
export const VLAN_HLEN = 4

export const ETH_P_IP = 0x0800
export const ETH_P_IPV6 = 0x86dd
export const ETH_P_8021Q = 0x8100
export const ETH_P_8021AD = 0x88a8
/** Inner protocol of tunnels that carry frames. */
export const ETH_P_TEB = 0x6558
/** Frames that tell a length in place of a type: Novell's, which have no header of their own, … */
const ETH_P_802_3 = 1
/** … and all others. */
const ETH_P_802_2 = 4

/** Values of `pkt_type`. Source: include/uapi/linux/if_packet.h. */
export const PACKET_HOST = 0
export const PACKET_BROADCAST = 1
export const PACKET_MULTICAST = 2
export const PACKET_OTHERHOST = 3

export const isVlan = (protocol: number): boolean => protocol === ETH_P_8021Q || protocol === ETH_P_8021AD

/** Two bytes in network order. */
export const be16 = (bytes: Uint8Array, at: number): number => (bytes[at] << 8) | bytes[at + 1]
export const putBe16 = (bytes: Uint8Array, at: number, value: number): void => {
  bytes[at] = value >> 8
  bytes[at + 1] = value & 255
}
/** A number of 16 bits with its bytes the other way round: as contexts have what is in network order. */
export const swap16 = (value: number): number => ((value & 0xff) << 8) | ((value >> 8) & 0xff)

/** The protocol that a type field at `at` stands for; what follows decides where it is a length. Source: `eth_type_trans`. */
export function protocolAt(bytes: Uint8Array, at: number, end: number): number {
  const type = be16(bytes, at)
  if (type >= 0x600) return type
  return at + 4 <= end && be16(bytes, at + 2) === 0xffff ? ETH_P_802_3 : ETH_P_802_2
}

/** Whom a frame that begins at `at` is for, seen from a device. Source: `eth_skb_pkt_type`. */
export function packetType(bytes: Uint8Array, at: number, device: Device): number {
  if (sameAddress(bytes, at, device.address)) return PACKET_HOST
  if ((bytes[at] & 1) === 0) return PACKET_OTHERHOST
  return sameAddress(bytes, at, device.broadcast) ? PACKET_BROADCAST : PACKET_MULTICAST
}

function sameAddress(bytes: Uint8Array, at: number, address: Uint8Array): boolean {
  for (let i = 0; i < 6; i++) if (bytes[at + i] !== address[i]) return false
  return true
}
