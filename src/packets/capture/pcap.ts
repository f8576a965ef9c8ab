import { badCapture } from "../error.ts"
import type { CaptureFormat } from "./format.ts"
import { type CapturedPacket, type CaptureInterface, LONGEST_PACKET } from "./packet.ts"
import type { Window } from "./window.ts"

/**
 * Files of libpcap, version 2, in either byte order. Source: draft-ietf-opsawg-pcap.
 *
 *     file    u32 magic, u16 major, u16 minor, 8 unused bytes, u32 longest packet, u32 link type (low 16 bits)
 *     record  u32 seconds, u32 fraction of a second, u32 captured bytes, u32 bytes on the wire; the bytes
 */
export const PCAP_MAGIC = 0xa1b2c3d4
/** Fractions of a second are nanoseconds in place of microseconds. */
export const PCAP_NANOSECOND_MAGIC = 0xa1b23c4d
/** Records have 8 more bytes in front of the packet: what Alexey Kuznetsov's patched libpcap wrote. */
export const PCAP_PATCHED_MAGIC = 0xa1b2cd34

export const PCAP_HEADER = 24
const RECORD = 16

export class PcapFormat implements CaptureFormat {
  readonly name = "pcap"
  readonly interfaces: CaptureInterface[] = []
  #record = RECORD
  #nanoseconds = 1000

  /** `magic` in the file's own byte order, which the window has already. */
  constructor(window: Window, magic: number) {
    const major = window.u16(4)
    if (major !== 2) throw badCapture(`version ${major}.${window.u16(6)}, and 2.4 is the one there is,`, 4)
    if (magic === PCAP_PATCHED_MAGIC) this.#record = RECORD + 8
    if (magic === PCAP_NANOSECOND_MAGIC) this.#nanoseconds = 1
    const unitsPerSecond = 1e9 / this.#nanoseconds
    this.interfaces.push({
      linkType: window.u32(20) & 0xffff,
      snapLength: window.u32(16),
      unitsPerSecond,
      timeOffset: 0,
    })
  }

  record(window: Window, packet: CapturedPacket): number {
    const header = this.#record
    if (window.left < header) return 0
    const captured = window.u32(8)
    if (captured > LONGEST_PACKET) throw badCapture(`a packet of ${captured} bytes`, window.position)
    if (window.left < header + captured) return 0
    packet.bytes = window.bytes
    packet.start = window.at + header
    packet.captured = captured
    packet.length = window.u32(12)
    packet.seconds = window.u32(0)
    packet.nanoseconds = window.u32(4) * this.#nanoseconds
    packet.interface = 0
    packet.linkType = this.interfaces[0].linkType
    return header + captured
  }
}
