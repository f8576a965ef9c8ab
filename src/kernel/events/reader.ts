import { SkepError } from "../../base/index.ts"
import {
  type EventOptions,
  type EventReader,
  type EventRecord,
  type LoadedMap,
  unsupported,
} from "../../machine/index.ts"
import { onlineCpus } from "../host/index.ts"
import { PerfRing } from "./perfRing.ts"
import { PullStream } from "./pull.ts"
import { RingReader } from "./ring.ts"

const PAGES = 8

/** What a reader reads from: one ring buffer, or a perf buffer for every CPU. */
interface Rings {
  readonly fds: readonly number[]
  read(take: (data: Uint8Array, cpu: number) => void, lost: (events: number, cpu: number) => void): void
  close(): void
}

/**
 * Records of a perf event array or of a ring buffer. Mapped memory never leaves this class: what is handed out is a copy,
 * so that bytes kept too long are wrong and not a crash.
 */
export class KernelEventReader implements EventReader {
  readonly #rings: Rings
  readonly #stream: PullStream<EventRecord>
  readonly #options: EventOptions
  readonly #closed: (reader: KernelEventReader) => void
  #copy = new Uint8Array(512)
  #lost = 0
  #open = true
  #reading = false

  /** `closed` is called when the reader has been closed. */
  constructor(map: LoadedMap, options: EventOptions, closed: (reader: KernelEventReader) => void) {
    this.#rings = openRings(map, options.pages ?? PAGES)
    this.#options = options
    this.#closed = closed
    this.#stream = new PullStream({
      fds: this.#rings.fds,
      read: push => this.#read((data, cpu) => push({ data: data.slice(), cpu })),
      close: () => this.#close(),
    })
  }

  get lost(): number {
    return this.#lost
  }

  poll(take: (data: Uint8Array, cpu: number) => void): number {
    return this.#read((data, cpu) => {
      if (this.#copy.length < data.length) this.#copy = new Uint8Array(2 * data.length)
      this.#copy.set(data)
      take(this.#copy.subarray(0, data.length), cpu)
    })
  }

  /** A record's bytes are valid during the call only. A reader that is closed meanwhile takes no more. */
  #read(take: (data: Uint8Array, cpu: number) => void): number {
    if (!this.#open || this.#reading) return 0
    this.#reading = true
    let count = 0
    try {
      this.#rings.read(
        (data, cpu) => {
          if (!this.#open) return
          count++
          take(data, cpu)
        },
        (events, cpu) => {
          this.#lost += events
          this.#options.onLost?.(events, cpu)
        },
      )
    } finally {
      this.#reading = false
      if (!this.#open) this.#rings.close()
    }
    return count
  }

  #close(): void {
    this.#open = false
    // Memory that is being read is unmapped afterwards.
    if (!this.#reading) this.#rings.close()
    this.#closed(this)
  }

  next(): Promise<IteratorResult<EventRecord, undefined>> {
    return this.#stream.next()
  }

  return(): Promise<IteratorResult<EventRecord, undefined>> {
    return this.#stream.return()
  }

  close(): void {
    this.#stream.close()
  }

  [Symbol.asyncIterator](): EventReader {
    return this
  }

  [Symbol.dispose](): void {
    this.close()
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.close()
    return Promise.resolve()
  }
}

function openRings(map: LoadedMap, pages: number): Rings {
  const what = `reading events of map ${map.name}`
  if (map.type === "ringbuf") {
    const ring = new RingReader(map.fd, map.maxEntries, what)
    return { fds: [map.fd], read: take => ring.read(data => take(data, -1)), close: () => ring.close() }
  }
  if (map.type !== "perf_event_array") throw unsupported(map, "reading events")
  if (!Number.isInteger(Math.log2(pages))) {
    throw new SkepError({
      code: "KERNEL_BUFFER_SIZE",
      message: `a perf buffer has a power of two of pages, not ${pages}`,
      hint: "8, 64, 512: one page is 4 KiB on most machines",
    })
  }
  return openPerfRings(map, pages, what)
}

/** A perf buffer on every CPU that is online, each put into the map at the CPU's number. */
function openPerfRings(map: LoadedMap, pages: number, what: string): Rings {
  const rings: PerfRing[] = []
  const word = (value: number): Uint8Array => new Uint8Array(new Uint32Array([value]).buffer)
  const close = (): void => {
    for (const ring of rings.splice(0)) {
      // The map would keep the buffer alive, and programs would go on to fill it.
      map.delete(word(ring.cpu))
      ring.close()
    }
  }
  try {
    for (const cpu of onlineCpus()) {
      if (cpu >= map.maxEntries) break
      const ring = new PerfRing(cpu, pages, what)
      rings.push(ring)
      map.update(word(cpu), word(ring.fd))
      ring.enable()
    }
  } catch (error) {
    close()
    throw error
  }
  return {
    fds: rings.map(ring => ring.fd),
    read(take, lost) {
      for (const ring of rings) {
        const { cpu } = ring
        ring.read(
          data => take(data, cpu),
          events => lost(events, cpu),
        )
      }
    },
    close,
  }
}
