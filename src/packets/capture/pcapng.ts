import { badCapture } from "../error.ts"
import type { CaptureFormat } from "./format.ts"
import { type CapturedPacket, type CaptureInterface, LONGEST_PACKET } from "./packet.ts"
import { nanoseconds, wholeSeconds } from "./time.ts"
import type { Window } from "./window.ts"

/**
 * Files of pcapng, in either byte order, which may change from section to section. Source: draft-ietf-opsawg-pcapng.
 *
 *     block      u32 type, u32 length, body padded to 4 bytes, u32 length again
 *     section    u32 byte order, u16 major, u16 minor, i64 length of the section, options
 *     interface  u16 link type, u16 unused, u32 longest packet, options
 *     packet     u32 interface, u32 time (high), u32 time (low), u32 captured bytes, u32 bytes on the wire; the bytes, options
 *     simple     u32 bytes on the wire; the bytes
 *     obsolete   u16 interface, u16 drops, u32 time (high), u32 time (low), u32 captured bytes, u32 bytes on the wire; the bytes, options
 *     option     u16 code, u16 length; value padded to 4 bytes
 */
export const SECTION = 0x0a0d0d0a
export const BYTE_ORDER = 0x1a2b3c4d
export const INTERFACE = 1
export const OBSOLETE_PACKET = 2
export const SIMPLE_PACKET = 3
export const PACKET = 6

export const IF_NAME = 2
export const IF_TIME_RESOLUTION = 9
const IF_TIME_OFFSET = 14

/** A block that no packet needs: longer ones are damage. */
const LONGEST_BLOCK = 16 * 1024 * 1024
const NO_PACKET = -1

export class PcapngFormat implements CaptureFormat {
  readonly name = "pcapng"
  readonly interfaces: CaptureInterface[] = []
  /** Number of the section's first interface among all. */
  #first = 0

  record(window: Window, packet: CapturedPacket): number {
    packet.captured = NO_PACKET
    if (window.left < 12) return 0
    if (window.u32(0) === SECTION) this.#order(window)
    const length = window.u32(4)
    if (length < 12 || length % 4 !== 0 || length > LONGEST_BLOCK) {
      throw badCapture(`a block of ${length} bytes`, window.position)
    }
    if (window.left < length) return 0
    if (window.u32(length - 4) !== length) {
      throw badCapture(`a block of ${length} bytes that ends with length ${window.u32(length - 4)}`, window.position)
    }
    this.#block(window, window.u32(0), length, packet)
    return length
  }

  #order(window: Window): void {
    if (window.u32(8) === BYTE_ORDER) return
    window.littleEndian = !window.littleEndian
    if (window.u32(8) !== BYTE_ORDER) throw badCapture("a section of no known byte order", window.position)
  }

  #block(window: Window, type: number, length: number, packet: CapturedPacket): void {
    switch (type) {
      case SECTION:
        this.#section(window, length)
        break
      case INTERFACE:
        this.interfaces.push(this.#interface(window, length))
        break
      case PACKET:
        this.#packet(window, length, packet, 28, need(window, length, 32) ?? window.u32(8))
        break
      case OBSOLETE_PACKET:
        this.#packet(window, length, packet, 28, need(window, length, 32) ?? window.u16(8))
        break
      case SIMPLE_PACKET:
        this.#simple(window, length, packet)
        break
    }
  }

  #section(window: Window, length: number): void {
    need(window, length, 28)
    if (window.u16(12) !== 1) throw badCapture(`version ${window.u16(12)}.${window.u16(14)}`, window.position + 12)
    this.#first = this.interfaces.length
  }

  #interface(window: Window, length: number): CaptureInterface {
    need(window, length, 20)
    let name: string | undefined
    let unitsPerSecond = 1_000_000
    let timeOffset = 0
    for (let at = 16; at + 4 <= length - 4; ) {
      const code = window.u16(at)
      const size = window.u16(at + 2)
      if (code === 0) break
      if (at + 4 + size > length - 4) throw badCapture(`an option of ${size} bytes`, window.position + at)
      const start = window.at + at + 4
      if (code === IF_NAME) name = text(window.bytes.subarray(start, start + size))
      else if (code === IF_TIME_RESOLUTION && size > 0) unitsPerSecond = resolution(window, at)
      else if (code === IF_TIME_OFFSET && size === 8) {
        timeOffset = Number(window.view.getBigInt64(start, window.littleEndian))
      }
      at += 4 + ((size + 3) & ~3)
    }
    return { linkType: window.u16(8), snapLength: window.u32(12), name, unitsPerSecond, timeOffset }
  }

  #packet(window: Window, length: number, packet: CapturedPacket, header: number, number: number): void {
    const captured = window.u32(20)
    if (captured > length - header - 4 || captured > LONGEST_PACKET) {
      throw badCapture(`a packet of ${captured} bytes in a block of ${length}`, window.position)
    }
    const { linkType, unitsPerSecond, timeOffset } = this.#interfaceOf(window, number)
    const high = window.u32(12)
    const low = window.u32(16)
    packet.bytes = window.bytes
    packet.start = window.at + header
    packet.captured = captured
    packet.length = window.u32(24)
    packet.seconds = wholeSeconds(high, low, unitsPerSecond) + timeOffset
    packet.nanoseconds = nanoseconds(high, low, unitsPerSecond)
    packet.interface = this.#first + number
    packet.linkType = linkType
  }

  #simple(window: Window, length: number, packet: CapturedPacket): void {
    need(window, length, 16)
    const { linkType, snapLength } = this.#interfaceOf(window, 0)
    packet.bytes = window.bytes
    packet.start = window.at + 12
    packet.length = window.u32(8)
    packet.captured = Math.min(packet.length, snapLength || packet.length, length - 16)
    packet.seconds = 0
    packet.nanoseconds = 0
    packet.interface = this.#first
    packet.linkType = linkType
    if (packet.captured > LONGEST_PACKET) throw badCapture(`a packet of ${packet.captured} bytes`, window.position)
  }

  #interfaceOf(window: Window, number: number): CaptureInterface {
    const found = this.interfaces[this.#first + number]
    if (found === undefined)
      throw badCapture(`a packet of interface ${number}, which is not described,`, window.position)
    return found
  }
}

function need(window: Window, length: number, least: number): undefined {
  if (length < least) throw badCapture(`a block of ${length} bytes, and its type needs ${least},`, window.position)
}

/** `if_tsresol`: a negative power of ten or, with the top bit, of two. */
function resolution(window: Window, option: number): number {
  const value = window.bytes[window.at + option + 4]
  const power = value & 0x7f
  const units = value & 0x80 ? 2 ** power : 10 ** power
  if (units > 2 ** 53) throw badCapture(`a resolution of ${units} units a second`, window.position + option)
  return units
}

const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes).replace(/\0.*/s, "")
