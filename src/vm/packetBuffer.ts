import type { Memory } from "./memory.ts"

/**
 * A packet in linear memory, with room in front and behind:
 *
 *     head … meta … data … end … limit
 */
export interface PacketBuffer {
  /** First byte of the room. */
  readonly head: number
  /** Byte behind the room. */
  readonly limit: number
  /** First byte of metadata; `data` where there is none. */
  meta: number
  /** First byte of the packet. */
  data: number
  /** Byte behind the packet. */
  end: number
}

/** Puts a packet into memory. Programs may touch what is between `meta` and `end`. */
export function packetBuffer(memory: Memory, bytes: Uint8Array, room = { head: 256, tail: 512 }): PacketBuffer {
  const size = room.head + bytes.length + room.tail
  const head = memory.allocate(size, "packet", { access: "none" })
  const data = head + room.head
  const packet = { head, limit: head + size, meta: data, data, end: data + bytes.length }
  memory.u8.set(bytes, data)
  expose(memory, packet)
  return packet
}

/** Lets programs touch what is between `meta` and `end`, and nothing else of the room. To be called when these have moved. */
export function expose(memory: Memory, packet: PacketBuffer): void {
  memory.protect(packet.head & ~7, packet.limit - (packet.head & ~7), "none")
  // A granule in which the packet begins counts as a whole.
  const start = packet.meta & ~7
  if (packet.end > packet.meta) memory.protect(start, packet.end - start, "write")
}
