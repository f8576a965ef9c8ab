import type { CapturedPacket, CaptureInterface } from "./packet.ts"
import { CaptureReader } from "./reader.ts"
import { type CaptureOptions, CaptureWriter } from "./writer.ts"

/** A packet that is kept, as a value of its own. */
export interface Packet {
  readonly data: Uint8Array
  /** How long it was on the wire, in bytes; as long as `data` without it. */
  readonly length?: number
  /** Seconds since 1970 and nanoseconds; 0 without it. */
  readonly time?: { readonly seconds: number; readonly nanoseconds: number }
  /** Number of its interface; 0 without it. */
  readonly interface?: number
}

/** A capture that is in memory as a whole. */
export interface Capture {
  readonly format: "pcap" | "pcapng"
  readonly interfaces: readonly CaptureInterface[]
  readonly packets: readonly (Required<Packet> & { readonly linkType: number })[]
}

/**
 * Reads a whole capture.
 * @throws SkepError PACKETS_NO_CAPTURE, PACKETS_BAD_CAPTURE, PACKETS_CUT_OFF
 */
export function readCapture(bytes: Uint8Array): Capture {
  const reader = new CaptureReader()
  reader.push(bytes)
  const packets = []
  while (reader.next()) packets.push(kept(reader.packet))
  reader.end()
  return { format: reader.format ?? "pcap", interfaces: reader.interfaces, packets }
}

const kept = (packet: CapturedPacket) => ({
  // A copy also of what lies in a Buffer of Node.
  data: new Uint8Array(packet.bytes.subarray(packet.start, packet.start + packet.captured)),
  length: packet.length,
  time: { seconds: packet.seconds, nanoseconds: packet.nanoseconds },
  interface: packet.interface,
  linkType: packet.linkType,
})

/** Writes a whole capture. */
export function writeCapture(packets: Iterable<Packet | Uint8Array>, options: CaptureOptions = {}): Uint8Array {
  const parts: Uint8Array[] = []
  const writer = new CaptureWriter(bytes => parts.push(bytes.slice()), options)
  for (const given of packets) {
    const packet: Packet = given instanceof Uint8Array ? { data: given } : given
    writer.write({
      bytes: packet.data,
      start: 0,
      captured: packet.data.length,
      length: packet.length ?? packet.data.length,
      seconds: packet.time?.seconds ?? 0,
      nanoseconds: packet.time?.nanoseconds ?? 0,
      interface: packet.interface ?? 0,
      linkType: 0,
    })
  }
  writer.flush()
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.length
  }
  return whole
}
