import { cutOff, failed } from "../error.ts"
import type { CaptureFormat } from "./format.ts"
import { type CapturedPacket, type CaptureInterface, emptyPacket } from "./packet.ts"
import { PCAP_HEADER, PCAP_MAGIC, PCAP_NANOSECOND_MAGIC, PCAP_PATCHED_MAGIC, PcapFormat } from "./pcap.ts"
import { PcapngFormat, SECTION } from "./pcapng.ts"
import { Window } from "./window.ts"

/**
 * Goes through a capture in pcap or pcapng format, of either byte order, that comes in pieces:
 *
 *     const reader = new CaptureReader()
 *     for (const chunk of chunks) {
 *       reader.push(chunk)
 *       while (reader.next()) console.log(reader.packet.length)
 *     }
 *     reader.end()
 *
 * No object is made for a packet: `packet` is moved from one to the next.
 */
export class CaptureReader {
  /** The packet that `next` found. */
  readonly packet: CapturedPacket = emptyPacket()
  /** Packets found so far. */
  count = 0
  readonly #window = new Window()
  #format: CaptureFormat | undefined

  /** What kind of file it is; undefined until its first bytes have been read. */
  get format(): "pcap" | "pcapng" | undefined {
    return this.#format?.name
  }

  /** The interfaces that the file described so far. */
  get interfaces(): readonly CaptureInterface[] {
    return this.#format?.interfaces ?? []
  }

  /** How many bytes of those that were given are not read yet. */
  get left(): number {
    return this.#window.left
  }

  /** Gives the next bytes of the file. They are kept until they are read, not copied; they must not change before. */
  push(chunk: Uint8Array): void {
    const { bytes, at, left } = this.#window
    if (left === 0) {
      this.#window.replace(chunk)
      return
    }
    const joined = new Uint8Array(left + chunk.length)
    joined.set(bytes.subarray(at))
    joined.set(chunk, left)
    this.#window.replace(joined)
  }

  /**
   * Goes on in other memory: `bytes` begins with the {@link left} bytes that are not read yet, which the caller has moved there, and goes on with
   * new ones. What `push` does, for callers who keep one piece of memory for all of a file.
   */
  replace(bytes: Uint8Array): void {
    this.#window.replace(bytes)
  }

  /**
   * Moves `packet` to the next packet; false where the bytes given so far hold no further one.
   * @throws SkepError PACKETS_NO_CAPTURE, PACKETS_BAD_CAPTURE
   */
  next(): boolean {
    const window = this.#window
    const format = (this.#format ??= this.#recognise())
    if (format === undefined) return false
    for (;;) {
      const size = format.record(window, this.packet)
      if (size === 0) return false
      window.at += size
      if (this.packet.captured >= 0) {
        this.count++
        return true
      }
    }
  }

  /**
   * Says that there are no more bytes.
   * @throws SkepError PACKETS_CUT_OFF, PACKETS_NO_CAPTURE
   */
  end(): void {
    const { left, position, base, end } = this.#window
    if (this.#format === undefined) throw noCapture(left === 0 ? "it is empty" : `it has only ${left} bytes`)
    if (left > 0) throw cutOff(position, base + end)
  }

  #recognise(): CaptureFormat | undefined {
    const window = this.#window
    if (window.left < 4) return undefined
    window.littleEndian = true
    if (window.u32(0) === SECTION) return new PcapngFormat()
    for (const magic of [PCAP_MAGIC, PCAP_NANOSECOND_MAGIC, PCAP_PATCHED_MAGIC]) {
      window.littleEndian = window.view.getUint32(window.at, true) === magic
      if (window.u32(0) !== magic) continue
      if (window.left < PCAP_HEADER) return undefined
      const format = new PcapFormat(window, magic)
      window.at += PCAP_HEADER
      return format
    }
    const first = window.view.getUint32(window.at, false)
    throw noCapture(`it begins with 0x${first.toString(16).padStart(8, "0")}`, first)
  }
}

function noCapture(why: string, first?: number): Error {
  const packed = first !== undefined && (first >>> 16 === 0x1f8b || first === 0x28b52ffd)
  return failed({
    code: "PACKETS_NO_CAPTURE",
    message: `this is no capture in pcap or pcapng format: ${why}`,
    hint: packed ? "it is compressed: unpack it first (gunzip, unzstd)" : "tcpdump -w and Wireshark write such files",
  })
}
