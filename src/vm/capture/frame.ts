import { type CapturedPacket, LINK_TYPES } from "../../packets/index.ts"
import { ETH_HLEN, ETH_P_IP, ETH_P_IPV6, putBe16 } from "../packet/link.ts"

/**
 * How many bytes of a captured packet a frame has in place of; −1 where no frame can be made. Ethernet stays as it is: 0 bytes less, and no header
 * is put in front.
 */
export function bytesInFront(linkType: number): number {
  switch (linkType) {
    case LINK_TYPES.ethernet:
    case LINK_TYPES.raw:
    case LINK_TYPES.ipv4:
    case LINK_TYPES.ipv6:
      return 0
    case LINK_TYPES.null:
    case LINK_TYPES.loop:
      return 4
    case LINK_TYPES.linuxSll:
      return 16
    case LINK_TYPES.linuxSll2:
      return 20
    default:
      return -1
  }
}

/** Bytes that are put in front of what is left of a captured packet. */
export const headerBytes = (linkType: number): number => (linkType === LINK_TYPES.ethernet ? 0 : ETH_HLEN)

/** Writes an Ethernet header in front of a packet that had none: addresses of zeros, and the type that the packet tells. */
export function putHeader(memory: Uint8Array, at: number, packet: CapturedPacket): void {
  // Read first: the header may take its place.
  const type = etherTypeOf(memory, at + ETH_HLEN, packet)
  memory.fill(0, at, at + ETH_HLEN)
  putBe16(memory, at + 12, type)
}

function etherTypeOf(memory: Uint8Array, at: number, { bytes, start, linkType }: CapturedPacket): number {
  const told = linkType === LINK_TYPES.linuxSll ? start + 14 : linkType === LINK_TYPES.linuxSll2 ? start : -1
  if (told >= 0) return (bytes[told] << 8) | bytes[told + 1]
  return memory[at] >> 4 === 6 ? ETH_P_IPV6 : ETH_P_IP
}
