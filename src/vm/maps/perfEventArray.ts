import type { BatchBuffer } from "../../machine/index.ts"
import { E2BIG, ENOENT, ENOSPC } from "../errno.ts"
import { VmMap } from "./map.ts"
import { Listeners, type RecordSource } from "./recordQueue.ts"

/** A reader's buffers: records in the order in which they were sent. */
export class PerfBuffer implements RecordSource {
  readonly #room: number
  readonly #listeners = new Listeners()
  readonly #close: (buffer: PerfBuffer) => void
  #records: { readonly bytes: Uint8Array; readonly cpu: number }[] = []
  /** Bytes in use of each CPU's buffer, with the header that each record has in the kernel. */
  readonly #used: number[] = []
  /** Told of each record for which there is no room. */
  onLost: (cpu: number) => void = () => {}

  /** `room` is how many bytes each CPU's buffer has. */
  constructor(room: number, close: (buffer: PerfBuffer) => void) {
    this.#room = room
    this.#close = close
  }

  /** Adds a record. It is the buffer's from now on. False where it is full. */
  add(bytes: Uint8Array, cpu: number): boolean {
    const size = bytes.length + HEADER
    const used = this.#used[cpu] ?? 0
    if (used + size > this.#room) {
      this.onLost(cpu)
      return false
    }
    this.#used[cpu] = used + size
    this.#records.push({ bytes, cpu })
    this.#listeners.tell()
    return true
  }

  takeRecords(batch: BatchBuffer, limit: number): void {
    const taken = this.#records.splice(0, Math.max(0, limit - batch.count))
    for (const { bytes, cpu } of taken) {
      this.#used[cpu] -= bytes.length + HEADER
      batch.add(batch.append(bytes), bytes.length, cpu)
    }
  }

  listen(ready: () => void): () => void {
    return this.#listeners.add(ready)
  }

  /** Nobody reads it any more. */
  close(): void {
    this.#close(this)
  }
}

/** `struct perf_event_header` and the length of the data. */
const HEADER = 12

/** Perf event arrays. Each record goes to one reader. */
export class PerfEventArrayMap extends VmMap {
  readonly #buffers = new Set<PerfBuffer>()

  /** Opens buffers of so many bytes each. */
  open(room: number): PerfBuffer {
    const buffer = new PerfBuffer(room, closed => this.#buffers.delete(closed))
    this.#buffers.add(buffer)
    return buffer
  }

  // Processes put the descriptors of perf events there: what is opened by `open` needs none.
  override delete(): number {
    return -ENOENT
  }

  /** What a program sends to the buffer of a CPU. 0, or −errno. */
  output(cpu: number, index: number, bytes: Uint8Array): number {
    if (index >= this.maxEntries) return -E2BIG
    const [buffer] = this.#buffers
    if (buffer === undefined) return -ENOENT
    return buffer.add(bytes, cpu) ? 0 : -ENOSPC
  }
}
