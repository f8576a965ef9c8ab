import type { BatchBuffer } from "../../machine/index.ts"
import type { MapSpec } from "../../object/index.ts"
import type { Core } from "../core.ts"
import { EAGAIN, EINVAL } from "../errno.ts"
import { VmMap } from "./map.ts"
import { Listeners, type RecordSource } from "./recordQueue.ts"

const HEADER = 8
const BUSY = 0x80000000 | 0
const DISCARDED = 0x40000000
const LENGTH = 0x3fffffff

/** Flags of the helpers. */
const BPF_RB_NO_WAKEUP = 1
const BPF_RB_FORCE_WAKEUP = 2

/**
 * A ring buffer. Each record has a header of 8 bytes, whose first word is its length, whether it is still being written (bit 31) and whether it is
 * skipped (bit 30). The ring is followed by as many bytes again, into which the last record before its end runs over: no record is split.
 */
export class RingbufMap extends VmMap implements RecordSource {
  readonly #data: number
  readonly #listeners = new Listeners()
  /** Where the reader is, and where the next record goes; they only grow. */
  #consumed = 0
  #produced = 0

  constructor(core: Core, spec: MapSpec) {
    super(core, spec)
    this.#data = this.memory.allocate(this.maxEntries * 2, `the records of map ${this.name}`, { access: "none" })
  }

  /** Room for a record that a program writes: its address, 0 where there is none. */
  reserve(size: number): number {
    const total = HEADER + ((size + 7) & ~7)
    if (size < 0 || size > LENGTH || total > this.maxEntries) return 0
    if (this.#produced + total - this.#consumed >= this.maxEntries) return 0
    const header = this.#data + (this.#produced % this.maxEntries)
    this.#produced += total
    this.memory.i32[header >> 2] = size | BUSY
    this.memory.protect(header + HEADER, size, "write")
    return header + HEADER
  }

  /** Whether a record was reserved at an address and is not finished. */
  isReserved(record: number): boolean {
    const header = record - HEADER
    return (
      header >= this.#data &&
      header < this.#data + this.maxEntries &&
      (header & 7) === 0 &&
      (this.memory.i32[header >> 2] & BUSY) !== 0 &&
      this.memory.readable(record, 1)
    )
  }

  /** Length of a reserved record. */
  sizeOf(record: number): number {
    return this.memory.i32[(record - HEADER) >> 2] & LENGTH
  }

  /** Lets the reader have a record, or skip it. */
  finish(record: number, discard: boolean, flags: number): void {
    const header = record - HEADER
    const size = this.sizeOf(record)
    this.memory.i32[header >> 2] = size | (discard ? DISCARDED : 0)
    this.memory.protect(record, size, "none")
    if ((flags & BPF_RB_NO_WAKEUP) === 0 || (flags & BPF_RB_FORCE_WAKEUP) !== 0) this.#listeners.tell()
  }

  /** Copies a record in: 0, or −errno. */
  output(data: number, size: number, flags: number): number {
    if ((flags & ~(BPF_RB_NO_WAKEUP | BPF_RB_FORCE_WAKEUP)) !== 0) return -EINVAL
    const record = this.reserve(size)
    if (record === 0) return -EAGAIN
    this.memory.u8.copyWithin(record, data, data + size)
    this.finish(record, false, flags)
    return 0
  }

  /** What `bpf_ringbuf_query` tells: bytes to be read, bytes of the ring, the reader's and the writers' position. */
  query(flag: number): number {
    return [this.#produced - this.#consumed, this.maxEntries, this.#consumed, this.#produced][flag] ?? 0
  }

  takeRecords(batch: BatchBuffer, limit: number): void {
    const { i32, u8 } = this.memory
    while (this.#consumed < this.#produced && batch.count < limit) {
      const header = this.#data + (this.#consumed % this.maxEntries)
      const word = i32[header >> 2]
      if ((word & BUSY) !== 0) return
      const size = word & LENGTH
      if ((word & DISCARDED) === 0) {
        batch.add(batch.append(u8.subarray(header + HEADER, header + HEADER + size)), size, -1)
      }
      this.#consumed += HEADER + ((size + 7) & ~7)
    }
  }

  listen(ready: () => void): () => void {
    return this.#listeners.add(ready)
  }

  protected override dispose(): void {
    this.memory.protect(this.#data, this.maxEntries * 2, "none")
    this.memory.free(this.#data)
  }
}
