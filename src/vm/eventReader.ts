import {
  BatchBuffer,
  type EventOptions,
  type EventReader,
  type EventRecord,
  type EventWatch,
  type LoadedMap,
  PullStream,
  type RecordBatch,
  unsupported,
} from "../machine/index.ts"
import type { VmMap } from "./maps/map.ts"
import { PerfBuffer, PerfEventArrayMap } from "./maps/perfEventArray.ts"
import type { RecordSource } from "./maps/recordQueue.ts"
import { RingbufMap } from "./maps/ringbuf.ts"
import { Watch } from "./watch.ts"

/** Records of one turn: the event loop waits for no more than these. */
const TURN = 4096
/** Turns of one poll, so that it ends although programs send all the time. */
const POLL_TURNS = 64
const PAGE = 4096
/** Pages of a perf buffer of each CPU that does not say how many: what the kernel's buffers grow to. */
const PAGES = 1024

/** Records of a perf event array or of a ring buffer of the embedded machine. */
export class VmEventReader extends PullStream<EventRecord> implements EventReader {
  readonly #source: RecordSource
  readonly #closed: (reader: VmEventReader) => void
  readonly #batch = new BatchBuffer()
  readonly #watches = new Set<Watch>()
  #lost = 0
  #open = true

  constructor(loaded: LoadedMap, map: VmMap, options: EventOptions, closed: (reader: VmEventReader) => void) {
    super()
    this.#closed = closed
    if (map instanceof RingbufMap) this.#source = map
    else if (map instanceof PerfEventArrayMap) {
      const buffer = map.open((options.pages ?? PAGES) * PAGE)
      buffer.onLost = cpu => {
        this.#lost++
        options.onLost?.(1, cpu)
      }
      this.#source = buffer
    } else throw unsupported(loaded, "reading events")
  }

  get lost(): number {
    return this.#lost
  }
  get closed(): boolean {
    return !this.#open
  }

  poll(take: (data: Uint8Array, cpu: number) => void): number {
    let total = 0
    for (let turn = 0; turn < POLL_TURNS; turn++) {
      const { count, bytes, offsets, sizes, cpus } = this.take()
      if (count === 0) break
      for (let i = 0; i < count; i++) {
        take(bytes.subarray(offsets[i], offsets[i] + sizes[i]), cpus[i])
        total++
        if (!this.#open) return total
      }
    }
    return total
  }

  take(limit = TURN): RecordBatch {
    this.#batch.clear()
    if (this.#open) this.#source.takeRecords(this.#batch, limit)
    return this.#batch
  }

  watch(ready: () => void): EventWatch {
    const watch = new Watch(
      ready,
      wake => this.#source.listen(wake),
      () => this.#watches.delete(watch),
    )
    this.#watches.add(watch)
    return watch
  }

  protected watchSource(ready: () => void): EventWatch {
    return this.watch(ready)
  }

  protected readSource(push: (record: EventRecord) => void): void {
    const { count, bytes, offsets, sizes, cpus } = this.take()
    for (let i = 0; i < count; i++) push({ data: bytes.slice(offsets[i], offsets[i] + sizes[i]), cpu: cpus[i] })
  }

  protected closeSource(): void {
    this.#open = false
    for (const watch of this.#watches) watch.close()
    if (this.#source instanceof PerfBuffer) this.#source.close()
    this.#closed(this)
  }
}
