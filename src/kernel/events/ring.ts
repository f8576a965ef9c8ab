import { pageSize } from "../host/index.ts"
import { type Mapping, mapMemory, SharedPosition } from "./mmap.ts"

const HEADER = 8
const BUSY = 0x8000_0000
const DISCARD = 0x4000_0000

/**
 * The reading end of a BPF ring buffer (Linux 5.8). The map's memory is a page with the consumer's position, a page with
 * the producer's, and the data, mapped twice in a row so that no record is split:
 *
 *     record   u32 length | busy << 31 | discarded << 30;  u32 page;  length bytes, rounded up to 8
 *
 * Source: Linux Documentation/bpf/ringbuf.rst.
 */
export class RingReader {
  readonly #consumerPage: Mapping
  readonly #producerPage: Mapping
  readonly #consumer: SharedPosition
  readonly #producer: SharedPosition
  readonly #data: Uint8Array
  readonly #words: Int32Array
  readonly #mask: number

  constructor(fd: number, size: number, what: string) {
    const page = pageSize()
    this.#consumerPage = mapMemory(fd, page, 0, true, what)
    try {
      this.#producerPage = mapMemory(fd, page + 2 * size, page, false, what)
    } catch (error) {
      this.#consumerPage.unmap()
      throw error
    }
    this.#consumer = new SharedPosition(this.#consumerPage.bytes, 0)
    this.#producer = new SharedPosition(this.#producerPage.bytes, 0)
    this.#data = this.#producerPage.bytes.subarray(page)
    this.#words = new Int32Array(this.#data.buffer, this.#data.byteOffset, this.#data.length / 4)
    this.#mask = size - 1
  }

  /** Hands over the records that are complete; their bytes are valid during the call only. */
  read(take: (data: Uint8Array) => void): void {
    let at = this.#consumer.load()
    const end = this.#producer.load()
    while (at < end) {
      // Positions go beyond 32 bits, the mask does not.
      const place = at % (this.#mask + 1)
      const length = Atomics.load(this.#words, place / 4) >>> 0
      // A record that is still written holds up those behind it.
      if (length >= BUSY) break
      const size = length % DISCARD
      at += HEADER + ((size + 7) & ~7)
      try {
        if (length < DISCARD) take(this.#data.subarray(place + HEADER, place + HEADER + size))
      } finally {
        this.#consumer.store(at)
      }
    }
  }

  close(): void {
    this.#consumerPage.unmap()
    this.#producerPage.unmap()
  }
}
