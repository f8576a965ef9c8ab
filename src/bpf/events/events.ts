import { SkepError, undoAll } from "../../base/index.ts"
import type { Btf } from "../../btf/index.ts"
import type { Loaded } from "../../machine/index.ts"
import { noTable } from "../errors.ts"
import type { EventBatch } from "./batch.ts"
import { dropCounter } from "./drops.ts"
import type { EventStreamOptions } from "./options.ts"
import { type EventCallback, type PerfBufferOptions, PolledBuffers, perfOptions } from "./polled.ts"
import { EventSource } from "./source.ts"
import { EventStream } from "./stream.ts"
import { EventSubscription } from "./subscription.ts"

const EVENT_MAPS = new Set(["perf_event_array", "ringbuf"])

/** The streams of one program: opened by name, counted together, closed with it. */
export class Events {
  readonly #loaded: Loaded
  readonly #btf: Btf | undefined
  readonly #open = new Set<{ close(): void }>()
  readonly #sources = new Set<EventSource>()
  readonly #perfBuffers = new PolledBuffers()
  readonly #ringBuffers = new PolledBuffers()

  constructor(loaded: Loaded, btf: Btf | undefined) {
    this.#loaded = loaded
    this.#btf = btf
  }

  /** Names of the maps through which the program sends events. */
  get names(): string[] {
    return [...this.#loaded.maps.values()].filter(map => EVENT_MAPS.has(map.type)).map(map => map.name)
  }

  /** Events lost of every stream that was opened, by its name; those that lost none are left out. */
  get lost(): ReadonlyMap<string, number> {
    const lost = new Map<string, number>()
    for (const source of this.#sources) {
      const { name } = source
      if (source.lost > 0) lost.set(name, Math.max(lost.get(name) ?? 0, source.lost))
    }
    return lost
  }

  stream<T>(name: string, options: EventStreamOptions): EventStream<T> {
    const stream: EventStream<T> = new EventStream<T>(this.#source(name, options), () => this.#open.delete(stream))
    this.#open.add(stream)
    return stream
  }

  subscribe<T>(name: string, take: (batch: EventBatch<T>) => void, options: EventStreamOptions): EventSubscription<T> {
    const source = this.#source(name, options)
    const made: EventSubscription<T> = new EventSubscription<T>(source, take, () => this.#open.delete(made))
    this.#open.add(made)
    return made
  }

  openPerfBuffer(name: string, callback: EventCallback, options: PerfBufferOptions): void {
    this.#perfBuffers.add(this.#source(name, perfOptions(options), "perf_event_array"), callback)
  }

  openRingBuffer(name: string, callback: EventCallback): void {
    this.#ringBuffers.add(this.#source(name, { raw: true }, "ringbuf"), callback)
  }

  get perfBuffers(): PolledBuffers {
    return this.#perfBuffers
  }

  get ringBuffers(): PolledBuffers {
    return this.#ringBuffers
  }

  close(): void {
    const all = [...this.#open, this.#perfBuffers, this.#ringBuffers]
    undoAll(all.map(one => () => one.close()))
  }

  #source(name: string, options: EventStreamOptions, type?: string): EventSource {
    const map = this.#loaded.maps.get(name)
    if (map === undefined) throw noTable(name, this.names)
    if (!EVENT_MAPS.has(map.type) || (type !== undefined && map.type !== type)) {
      throw new SkepError({
        code: "BPF_NO_EVENTS",
        message: `'${name}' is a ${map.type}, not ${type === undefined ? "a stream of events" : `a ${type}`}`,
        hint: `streams of events (BPF_PERF_OUTPUT, BPF_RINGBUF_OUTPUT) of the program: ${this.names.join(", ") || "none"}`,
      })
    }
    const source = new EventSource({ map, btf: this.#btf, drops: dropCounter(this.#loaded, name) }, options)
    this.#sources.add(source)
    return source
  }
}
