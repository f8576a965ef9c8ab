import type { Btf } from "../../btf/index.ts"
import type { EventReader, LoadedMap, RecordBatch } from "../../machine/index.ts"
import { type EventType, eventTypeOf } from "./eventType.ts"
import type { EventStreamOptions } from "./options.ts"

/** Milliseconds between two looks at the counter of a ring buffer's drops. */
const LOOK = 100

/** What a stream needs of its program. */
export interface EventMap {
  readonly map: LoadedMap
  readonly btf: Btf | undefined
  /** Events that programs could not put into the ring buffer so far; undefined where nothing counts them. */
  readonly drops: (() => number) | undefined
}

/** A map's events as they come from the machine, and what was lost of them. */
export class EventSource {
  readonly name: string
  readonly type: EventType | undefined
  readonly reader: EventReader
  /** Events taken over so far. */
  received = 0
  /** Events that had fewer bytes than their type, and were left out. */
  malformed = 0
  readonly #drops: (() => number) | undefined
  readonly #onLost: EventStreamOptions["onLost"]
  #dropped = 0
  #looked = 0

  constructor({ map, btf, drops }: EventMap, options: EventStreamOptions) {
    this.name = map.name
    this.type = options.raw ? undefined : eventTypeOf(map.spec, btf, options.type)
    this.#drops = map.type === "ringbuf" ? drops : undefined
    this.#onLost = options.onLost
    this.reader = map.events(options)
  }

  /** Events lost so far, before and while this stream was open. */
  get lost(): number {
    this.#look()
    return this.reader.lost + this.#dropped
  }

  take(limit?: number): RecordBatch {
    const batch = this.reader.take(limit)
    this.received += batch.count
    if (this.#drops !== undefined) {
      const now = performance.now()
      if (now - this.#looked >= LOOK) {
        this.#looked = now
        this.#look()
      }
    }
    return batch
  }

  close(): void {
    if (this.reader.closed) return
    try {
      this.#look()
    } finally {
      this.reader.close()
    }
  }

  #look(): void {
    if (this.#drops === undefined || this.reader.closed) return
    const dropped = this.#drops()
    const more = dropped - this.#dropped
    this.#dropped = dropped
    if (more > 0) this.#onLost?.(more, -1)
  }
}
