import type { RecordBatch } from "./events.ts"

/** Copies of records, one after the other in memory that is used again for the next ones. */
export class BatchBuffer implements RecordBatch {
  count = 0
  bytes: Uint8Array
  view: DataView
  offsets: Uint32Array
  sizes: Uint32Array
  cpus: Int32Array
  /** When each was sent, in nanoseconds of CLOCK_MONOTONIC; 0 where that was not asked for. */
  times: Float64Array
  #used = 0

  constructor(bytes = 1 << 16, records = 1024) {
    this.bytes = new Uint8Array(bytes)
    this.view = new DataView(this.bytes.buffer)
    this.offsets = new Uint32Array(records)
    this.sizes = new Uint32Array(records)
    this.cpus = new Int32Array(records)
    this.times = new Float64Array(records)
  }

  clear(): void {
    this.count = 0
    this.#used = 0
  }

  /** Appends bytes that hold records, and returns where they are now. The records in them are announced by `add`. */
  append(bytes: Uint8Array): number {
    const at = this.#used
    this.#reserve(bytes.length)
    this.bytes.set(bytes, at)
    // Records begin at multiples of 8, as they do in the kernel's memory.
    this.#used = at + ((bytes.length + 7) & ~7)
    return at
  }

  add(offset: number, size: number, cpu: number, time = 0): void {
    const { count } = this
    if (count === this.offsets.length) this.#moreRecords()
    this.offsets[count] = offset
    this.sizes[count] = size
    this.cpus[count] = cpu
    this.times[count] = time
    this.count = count + 1
  }

  #reserve(length: number): void {
    const needed = this.#used + length + 8
    if (needed <= this.bytes.length) return
    const larger = new Uint8Array(Math.max(2 * this.bytes.length, needed))
    larger.set(this.bytes.subarray(0, this.#used))
    this.bytes = larger
    this.view = new DataView(larger.buffer)
  }

  #moreRecords(): void {
    const length = 2 * this.offsets.length
    const copy = <A extends Uint32Array | Int32Array | Float64Array>(to: A, from: A): A => {
      to.set(from)
      return to
    }
    this.offsets = copy(new Uint32Array(length), this.offsets)
    this.sizes = copy(new Uint32Array(length), this.sizes)
    this.cpus = copy(new Int32Array(length), this.cpus)
    this.times = copy(new Float64Array(length), this.times)
  }
}
