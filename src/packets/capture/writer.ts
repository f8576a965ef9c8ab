import type { CapturedPacket, CaptureInterface } from "./packet.ts"
import { PCAP_HEADER, PCAP_MAGIC, PCAP_NANOSECOND_MAGIC } from "./pcap.ts"
import { BYTE_ORDER, IF_NAME, IF_TIME_RESOLUTION, INTERFACE, PACKET, SECTION } from "./pcapng.ts"

/** How a capture is written. */
export interface CaptureOptions {
  /** `pcap` without it. */
  readonly format?: "pcap" | "pcapng"
  /** Little-endian without it. */
  readonly bigEndian?: boolean
  /** Times in nanoseconds rather than microseconds; a pcapng file's interfaces say it themselves. */
  readonly nanoseconds?: boolean
  /** Bytes of a packet that are kept at most; 262,144 without it. */
  readonly snapLength?: number
  /** Devices: of a pcap file only the first counts. Ethernet without it. */
  readonly interfaces?: readonly (Pick<CaptureInterface, "linkType"> & Partial<CaptureInterface>)[]
}

/** Packets are gathered up to this size before they go on, in bytes. */
const BATCH = 256 * 1024

/**
 * Writes a capture. `sink` gets the bytes in pieces; they are valid during the call only. Nothing is made for a packet.
 */
export class CaptureWriter {
  /** Packets written. */
  count = 0
  readonly #sink: (bytes: Uint8Array) => void
  readonly #pcapng: boolean
  readonly #littleEndian: boolean
  readonly #snapLength: number
  /** Nanoseconds of a unit of time, by interface. */
  readonly #unit: number[] = []
  #bytes = new Uint8Array(BATCH)
  #view = new DataView(this.#bytes.buffer)
  #at = 0

  constructor(sink: (bytes: Uint8Array) => void, options: CaptureOptions = {}) {
    this.#sink = sink
    this.#pcapng = options.format === "pcapng"
    this.#littleEndian = options.bigEndian !== true
    this.#snapLength = options.snapLength ?? 262_144
    const given = options.interfaces?.length ? options.interfaces : [{ linkType: 1 }]
    if (this.#pcapng) {
      this.#section()
      for (const one of given) this.addInterface({ nanoseconds: options.nanoseconds, ...one })
    } else this.#fileHeader(given[0].linkType, options.nanoseconds === true)
  }

  /** Describes a further interface of a pcapng file, whose number is the next one. In a pcap file it does nothing. */
  addInterface(one: { linkType: number; name?: string; nanoseconds?: boolean; unitsPerSecond?: number }): void {
    if (!this.#pcapng) return
    const fine = one.nanoseconds ?? (one.unitsPerSecond ?? 0) > 1_000_000
    const name = new TextEncoder().encode(one.name ?? "")
    const padded = (name.length + 3) & ~3
    const options = (name.length > 0 ? 4 + padded : 0) + (fine ? 8 : 0)
    const length = 20 + (options > 0 ? options + 4 : 0)
    this.#unit.push(fine ? 1 : 1000)
    let at = this.#block(INTERFACE, length)
    this.#u16(at, one.linkType)
    this.#u32(at + 4, this.#snapLength)
    at += 8
    if (name.length > 0) {
      this.#u16(at, IF_NAME)
      this.#u16(at + 2, name.length)
      this.#bytes.set(name, at + 4)
      at += 4 + padded
    }
    if (fine) {
      this.#u16(at, IF_TIME_RESOLUTION)
      this.#u16(at + 2, 1)
      this.#bytes[at + 4] = 9
    }
  }

  /** Adds a packet. Of more bytes than the snap length the first are kept. */
  write(packet: Readonly<CapturedPacket>): void {
    const captured = Math.min(packet.captured, this.#snapLength)
    const at = this.#pcapng ? this.#packetBlock(packet, captured) : this.#record(packet, captured)
    // A call for each packet without an object for each: byte by byte where that is quick.
    const { bytes, start } = packet
    if (captured < 96) for (let i = 0; i < captured; i++) this.#bytes[at + i] = bytes[start + i]
    else this.#bytes.set(bytes.subarray(start, start + captured), at)
    this.count++
  }

  /** Passes on what is gathered. The file is complete after it; further packets may follow. */
  flush(): void {
    if (this.#at > 0) this.#sink(this.#bytes.subarray(0, this.#at))
    this.#at = 0
  }

  #fileHeader(linkType: number, nanoseconds: boolean): void {
    const at = this.#room(PCAP_HEADER)
    this.#unit.push(nanoseconds ? 1 : 1000)
    this.#u32(at, nanoseconds ? PCAP_NANOSECOND_MAGIC : PCAP_MAGIC)
    this.#u16(at + 4, 2)
    this.#u16(at + 6, 4)
    this.#u32(at + 16, this.#snapLength)
    this.#u32(at + 20, linkType)
  }

  #section(): void {
    const at = this.#block(SECTION, 28)
    this.#u32(at, BYTE_ORDER)
    this.#u16(at + 4, 1)
    // The section's length is not known: all bits set.
    this.#u32(at + 8, 0xffffffff)
    this.#u32(at + 12, 0xffffffff)
  }

  #record(packet: Readonly<CapturedPacket>, captured: number): number {
    const at = this.#room(16 + captured)
    this.#u32(at, packet.seconds)
    this.#u32(at + 4, Math.floor(packet.nanoseconds / this.#unit[0]))
    this.#u32(at + 8, captured)
    this.#u32(at + 12, packet.length)
    return at + 16
  }

  #packetBlock(packet: Readonly<CapturedPacket>, captured: number): number {
    const at = this.#block(PACKET, 32 + ((captured + 3) & ~3))
    const unit = this.#unit[packet.interface] ?? 1000
    // seconds * units, as two words: seconds stay below 2^33 and units below 2^30.
    const units = 1e9 / unit
    const low = (packet.seconds & 0xffff) * units + Math.floor(packet.nanoseconds / unit)
    const middle = Math.floor(packet.seconds / 65536) * units + Math.floor(low / 65536)
    this.#u32(at, packet.interface)
    this.#u32(at + 4, Math.floor(middle / 65536))
    this.#u32(at + 8, (middle % 65536) * 65536 + (low % 65536))
    this.#u32(at + 12, captured)
    this.#u32(at + 16, packet.length)
    return at + 20
  }

  /** Begins a block, whose lengths it writes; where its body goes. */
  #block(type: number, length: number): number {
    const at = this.#room(length)
    this.#u32(at, type)
    this.#u32(at + 4, length)
    this.#u32(at + length - 4, length)
    return at + 8
  }

  /** Zeroed room for a record. */
  #room(size: number): number {
    if (this.#at + size > this.#bytes.length) this.flush()
    if (size > this.#bytes.length) {
      this.#bytes = new Uint8Array(size)
      this.#view = new DataView(this.#bytes.buffer)
    }
    const at = this.#at
    this.#bytes.fill(0, at, at + size)
    this.#at += size
    return at
  }

  #u16(at: number, value: number): void {
    this.#view.setUint16(at, value, this.#littleEndian)
  }

  #u32(at: number, value: number): void {
    this.#view.setUint32(at, value, this.#littleEndian)
  }
}
