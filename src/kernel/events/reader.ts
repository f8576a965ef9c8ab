import { undoAll } from "../../base/index.ts"
import {
  BatchBuffer,
  type EventOptions,
  type EventReader,
  type EventRecord,
  type EventWatch,
  type LoadedMap,
  PullStream,
  type RecordBatch,
} from "../../machine/index.ts"
import { sys, type Watcher } from "../raw/index.ts"
import { openRings, type Rings } from "./rings.ts"

/** Records of one turn: the event loop waits for no more than these. */
const TURN = 4096
/** Turns of one poll, so that it ends although programs send all the time. */
const POLL_TURNS = 64

/**
 * Records of a perf event array or of a ring buffer. Mapped memory never leaves this room: what is handed out is a copy, made of many
 * records at once, so that bytes kept too long are wrong and not a crash.
 */
export class KernelEventReader extends PullStream<EventRecord> implements EventReader {
  readonly #rings: Rings
  readonly #options: EventOptions
  readonly #closed: (reader: KernelEventReader) => void
  readonly #batch = new BatchBuffer()
  readonly #watches = new Set<Watch>()
  #lost = 0
  #open = true
  #reading = false

  /** `closed` is called when the reader has been closed. */
  constructor(map: LoadedMap, options: EventOptions, closed: (reader: KernelEventReader) => void) {
    super()
    this.#rings = openRings(map, options)
    this.#rings.changed = () => {
      for (const watch of this.#watches) watch.renew()
    }
    this.#options = options
    this.#closed = closed
  }

  get lost(): number {
    if (this.#open && !this.#reading) this.#settle()
    return this.#lost
  }

  #countLost = (events: number, cpu: number): void => {
    this.#lost += events
    this.#options.onLost?.(events, cpu)
  }

  /** What `onLost` does meanwhile finds the reader busy. */
  #settle(): void {
    this.#reading = true
    try {
      this.#rings.settle?.(this.#countLost)
    } finally {
      this.#reading = false
    }
  }

  get closed(): boolean {
    return !this.#open
  }

  poll(take: (data: Uint8Array, cpu: number) => void): number {
    let total = 0
    for (let turn = 0; turn < POLL_TURNS; turn++) {
      const batch = this.take()
      if (batch.count === 0) break
      const { count, bytes, offsets, sizes, cpus } = batch
      for (let i = 0; i < count; i++) {
        take(bytes.subarray(offsets[i], offsets[i] + sizes[i]), cpus[i])
        total++
        if (!this.#open) return total
      }
    }
    return total
  }

  take(limit = TURN): RecordBatch {
    const batch = this.#batch
    // Called from `onLost`: what is being read is not disturbed.
    if (this.#reading) return new BatchBuffer(8, 1)
    batch.clear()
    if (!this.#open) return batch
    this.#reading = true
    try {
      this.#rings.take(batch, limit, this.#countLost)
    } finally {
      this.#reading = false
      if (!this.#open) this.#rings.close()
    }
    return batch
  }

  watch(ready: () => void): EventWatch {
    const watch = new Watch(this.#rings, ready, () => this.#watches.delete(watch))
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
    try {
      if (!this.#reading) this.#settle()
    } finally {
      this.#open = false
      for (const watch of this.#watches) watch.close()
      // Memory that is being read is unmapped afterwards.
      undoAll([() => this.#reading || this.#rings.close(), () => this.#closed(this)])
    }
  }
}

/** Waits for any of the rings' descriptors; they may be replaced by others meanwhile. */
class Watch implements EventWatch {
  readonly #rings: Rings
  readonly #ready: () => void
  readonly #closed: () => void
  #watchers: Watcher[] = []
  #timer: ReturnType<typeof setTimeout> | undefined
  #keep = true
  #open = true

  constructor(rings: Rings, ready: () => void, closed: () => void) {
    this.#rings = rings
    this.#closed = closed
    this.#ready = () => {
      if (!this.#open) return
      ready()
      this.#wakeLater()
    }
    this.renew()
  }

  renew(): void {
    for (const watcher of this.#watchers.splice(0)) watcher.close()
    if (!this.#open) return
    this.#watchers = this.#rings.fds.map(fd => sys().watch(fd, this.#ready))
    this.keepAlive(this.#keep)
    // Perf events of older kernels (6.1) tell of a record once, and starting to watch uses that up. The watch starts
    // when the event loop polls next, which is certain at the second immediate: so look again then.
    setImmediate(() => setImmediate(this.#ready))
  }

  #wakeLater(): void {
    const { later } = this.#rings
    if (later === undefined || this.#timer !== undefined || !this.#open) return
    this.#timer = setTimeout(() => {
      this.#timer = undefined
      this.#ready()
    }, later)
    if (!this.#keep) this.#timer.unref()
  }

  keepAlive(keep: boolean): void {
    this.#keep = keep
    for (const watcher of this.#watchers) watcher.keepAlive(keep)
    if (keep) this.#timer?.ref()
    else this.#timer?.unref()
  }

  close(): void {
    if (!this.#open) return
    this.#open = false
    clearTimeout(this.#timer)
    for (const watcher of this.#watchers.splice(0)) watcher.close()
    this.#closed()
  }
}
