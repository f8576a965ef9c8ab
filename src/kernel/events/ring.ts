import type { BatchBuffer } from "../../machine/index.ts"
import { pageSize } from "../host/index.ts"
import { type Mapping, mapMemory, SharedPosition } from "./mmap.ts"

const HEADER = 8
const BUSY = 0x8000_0000
const DISCARD = 0x4000_0000
const NO_CPU = -1

/**
 * The reading end of a BPF ring buffer, over memory wherever it comes from. The data stands twice in a row so that no record is split:
 *
 *     record   u32 length | busy << 31 | discarded << 30;  u32 page;  length bytes, rounded up to 8
 *
 * The producer's position, and the word that says that a record is complete, are loaded with acquire semantics (`Atomics.load`), so that
 * the bytes behind them are those that were written before; our position is stored with release semantics after the bytes were copied.
 * A record that reaches past the producer's position cannot be the kernel's: what is there is given up, and counted as one loss.
 *
 * Source: Linux Documentation/bpf/ringbuf.rst.
 */
export class RingRecords {
  readonly #consumer: SharedPosition
  readonly #producer: SharedPosition
  readonly #data: Uint8Array
  readonly #words: Int32Array
  readonly #size: number

  /** `data` has 2 × `size` bytes. */
  constructor(consumer: SharedPosition, producer: SharedPosition, data: Uint8Array, size: number) {
    this.#consumer = consumer
    this.#producer = producer
    this.#data = data
    this.#words = new Int32Array(data.buffer, data.byteOffset, data.length / 4)
    this.#size = size
  }

  /** Moves at most `limit` complete records into the batch. */
  take(batch: BatchBuffer, limit: number, lost: (events: number) => void): void {
    const start = this.#consumer.load()
    const end = this.#producer.load()
    if (end <= start) return
    const size = this.#size
    if (end - start > size || start % HEADER !== 0) {
      this.#giveUp(end, lost)
      return
    }
    const words = this.#words
    // Positions go beyond 32 bits, places do not.
    const first = start % size
    const available = end - start
    const base = batch.append(NOTHING)
    let at = 0
    let damaged = false
    for (let left = limit; at < available && left > 0; ) {
      const word = Atomics.load(words, (first + at) >>> 2) >>> 0
      // A record that is still written holds up those behind it.
      if (word >= BUSY) break
      const length = word % DISCARD
      const next = at + HEADER + ((length + 7) & ~7)
      if (next > available) {
        damaged = true
        break
      }
      if (word < DISCARD) {
        batch.add(base + at + HEADER, length, NO_CPU)
        left--
      }
      at = next
    }
    if (at > 0) {
      batch.append(this.#data.subarray(first, first + at))
      this.#consumer.store(start + at)
    }
    if (damaged) this.#giveUp(end, lost)
  }

  #giveUp(end: number, lost: (events: number) => void): void {
    this.#consumer.store(end)
    lost(1)
  }
}

const NOTHING = new Uint8Array(0)

/**
 * The reading end of the kernel's ring buffer (Linux 5.8). The map's memory is a page with the consumer's position, a page with the
 * producer's, and the data, mapped twice in a row.
 */
export class RingReader {
  readonly #consumerPage: Mapping
  readonly #producerPage: Mapping
  readonly #records: RingRecords

  constructor(fd: number, size: number, what: string) {
    const page = pageSize()
    this.#consumerPage = mapMemory(fd, page, 0, true, what)
    try {
      this.#producerPage = mapMemory(fd, page + 2 * size, page, false, what)
    } catch (error) {
      this.#consumerPage.unmap()
      throw error
    }
    const consumer = new SharedPosition(this.#consumerPage.bytes, 0)
    const producer = new SharedPosition(this.#producerPage.bytes, 0)
    this.#records = new RingRecords(consumer, producer, this.#producerPage.bytes.subarray(page), size)
  }

  take(batch: BatchBuffer, limit: number, lost: (events: number) => void): void {
    this.#records.take(batch, limit, lost)
  }

  close(): void {
    this.#consumerPage.unmap()
    this.#producerPage.unmap()
  }
}
