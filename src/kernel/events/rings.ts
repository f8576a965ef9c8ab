import { SkepError, undoAll } from "../../base/index.ts"
import type { BatchBuffer } from "../../machine/index.ts"
import { type EventOptions, type LoadedMap, unsupported } from "../../machine/index.ts"
import { onlineCpus, pageSize } from "../host/index.ts"
import { PerfRing } from "./perfRing.ts"
import { RingReader } from "./ring.ts"
import { TimeOrder } from "./timeOrder.ts"

/** What a perf buffer has in the beginning, and at most, where the caller does not say, in bytes. */
const FIRST_BYTES = 64 << 10
const MOST_BYTES = 4 << 20

/** What a reader reads from: one ring buffer, or a perf buffer for every CPU. */
export interface Rings {
  /** Descriptors that can be read when there is something. They may change when `take` has been called: then `changed` is. */
  readonly fds: readonly number[]
  changed?: () => void
  /** Milliseconds after which there may be something although no descriptor says so. */
  readonly later?: number
  take(batch: BatchBuffer, limit: number, lost: (events: number, cpu: number) => void): void
  /** Tells losses that the machine tells only when it is asked. */
  settle?(lost: (events: number, cpu: number) => void): void
  close(): void
}

/** @throws SkepError MACHINE_UNSUPPORTED, KERNEL_BUFFER_SIZE, KERNEL_NO_PERMISSION */
export function openRings(map: LoadedMap, options: EventOptions): Rings {
  const what = `reading events of map ${map.name}`
  if (map.type === "ringbuf") {
    const ring = new RingReader(map.fd, map.maxEntries, what)
    const take: Rings["take"] = (batch, limit, lost) => ring.take(batch, limit, events => lost(events, -1))
    return { fds: [map.fd], take, close: () => ring.close() }
  }
  if (map.type !== "perf_event_array") throw unsupported(map, "reading events")
  const { pages } = options
  if (pages !== undefined && (pages < 1 || !Number.isInteger(Math.log2(pages)))) {
    throw new SkepError({
      code: "KERNEL_BUFFER_SIZE",
      message: `a perf buffer has a power of two of pages, not ${pages}`,
      hint: "8, 64, 512: one page is 4 KiB on most machines",
    })
  }
  const rings = new PerfRings(map, options, what)
  return options.inOrder ? new TimeOrder(rings) : rings
}

const word = (value: number): Uint8Array => new Uint8Array(new Uint32Array([value]).buffer)

/** A perf buffer on every CPU that is online, each put into the map at the CPU's number. */
class PerfRings implements Rings {
  readonly #map: LoadedMap
  readonly #what: string
  readonly #options: EventOptions
  readonly #rings: PerfRing[] = []
  /** Buffers that larger ones took the place of: a program that is under way may still write to one. */
  #replaced: PerfRing[] = []
  changed?: () => void
  /** The buffer that is read first: each has its turn. */
  #first = 0

  constructor(map: LoadedMap, options: EventOptions, what: string) {
    this.#map = map
    this.#options = options
    this.#what = what
    const pages = options.pages ?? Math.max(1, FIRST_BYTES / pageSize())
    try {
      for (const cpu of onlineCpus()) {
        if (cpu >= map.maxEntries) break
        this.#rings.push(this.#open(cpu, pages))
      }
    } catch (error) {
      this.close()
      throw error
    }
  }

  get fds(): readonly number[] {
    return this.#rings.map(ring => ring.fd)
  }

  #open(cpu: number, pages: number): PerfRing {
    const { wakeup = 1, inOrder = false } = this.#options
    const ring = new PerfRing(cpu, { pages, wakeup, timed: inOrder }, this.#what)
    try {
      this.#map.update(word(cpu), word(ring.fd))
      ring.enable()
      return ring
    } catch (error) {
      ring.close()
      throw error
    }
  }

  take(batch: BatchBuffer, limit: number, lost: (events: number, cpu: number) => void): void {
    for (const ring of this.#replaced.splice(0)) {
      ring.take(batch, events => lost(events, ring.cpu))
      ring.settle(events => lost(events, ring.cpu))
      ring.close()
    }
    let replaced = false
    const count = this.#rings.length
    for (let i = 0; i < count && batch.count < limit; i++) {
      const index = (this.#first + i) % count
      const ring = this.#rings[index]
      let missed = 0
      ring.take(batch, events => {
        missed += events
        lost(events, ring.cpu)
      })
      if (missed > 0 && this.#grow(index)) replaced = true
    }
    this.#first = count === 0 ? 0 : (this.#first + 1) % count
    if (replaced) this.changed?.()
  }

  settle(lost: (events: number, cpu: number) => void): void {
    for (const ring of [...this.#replaced, ...this.#rings]) ring.settle(events => lost(events, ring.cpu))
  }

  /** Puts a buffer four times as large in the place of one that was too small; false where that cannot be. */
  #grow(index: number): boolean {
    const ring = this.#rings[index]
    // Without a count, losses that the smaller buffer has not told yet would go with it.
    if (this.#options.pages !== undefined || !ring.countsLost || ring.pages * 4 * pageSize() > MOST_BYTES) return false
    try {
      this.#rings[index] = this.#open(ring.cpu, ring.pages * 4)
    } catch {
      // No memory that may be locked for it: what there is goes on.
      return false
    }
    this.#replaced.push(ring)
    return true
  }

  close(): void {
    const rings = this.#rings.splice(0)
    // The map would keep the buffer alive, and programs would go on to fill it.
    const taken = rings.map(ring => () => void this.#map.delete(word(ring.cpu)))
    undoAll([...taken, ...[...rings, ...this.#replaced.splice(0)].map(ring => () => ring.close())])
  }
}
