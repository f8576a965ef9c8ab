import { undoAll } from "../../base/index.ts"
import type { EventStreamOptions } from "./options.ts"
import type { EventSource } from "./source.ts"

/** What BCC's `open_perf_buffer` takes beside the callback. */
export interface PerfBufferOptions {
  /** Pages of each CPU's buffer, a power of two; adaptive without it. */
  readonly pageCnt?: number
  /** Called with the number of events lost. */
  readonly lostCb?: (lost: number) => void
  /** Events after which the reader is woken. */
  readonly wakeupEvents?: number
}

/** Called for every event: the CPU (ring buffers: undefined), its bytes, which are valid during the call only, and their number. */
export type EventCallback = (cpu: number | undefined, data: Uint8Array, size: number) => void

export const perfOptions = ({ pageCnt, lostCb, wakeupEvents }: PerfBufferOptions): EventStreamOptions => ({
  raw: true,
  ...(pageCnt !== undefined && { pages: pageCnt }),
  ...(wakeupEvents !== undefined && { wakeup: wakeupEvents }),
  ...(lostCb !== undefined && { onLost: (lost: number) => lostCb(lost) }),
})

/** Buffers that are read when the program asks, as BCC's are: opened with a callback each, and polled together. */
export class PolledBuffers {
  readonly #buffers = new Map<string, { source: EventSource; callback: EventCallback }>()

  add(source: EventSource, callback: EventCallback): void {
    this.#buffers.get(source.name)?.source.close()
    this.#buffers.set(source.name, { source, callback })
  }

  /** Calls the callbacks for what is there now, without waiting; the number of events. */
  consume(): number {
    let total = 0
    for (const { source, callback } of this.#buffers.values()) {
      const { count, bytes, offsets, sizes, cpus } = source.take()
      for (let i = 0; i < count && !source.reader.closed; i++) {
        const cpu = cpus[i] < 0 ? undefined : cpus[i]
        callback(cpu, bytes.subarray(offsets[i], offsets[i] + sizes[i]), sizes[i])
        total++
      }
    }
    return total
  }

  /** The same, but waits for the first event, for `timeout` milliseconds at most where that is given. */
  async poll(timeout = -1): Promise<number> {
    const now = this.consume()
    if (now > 0 || timeout === 0 || this.#buffers.size === 0) return now
    return new Promise((resolve, reject) => {
      let timer: ReturnType<typeof setTimeout> | undefined
      const end = (count: number): void => {
        clearTimeout(timer)
        for (const watch of watches) watch.close()
        resolve(count)
      }
      const ready = (): void => {
        try {
          const count = this.consume()
          if (count > 0) end(count)
        } catch (error) {
          end(0)
          reject(error)
        }
      }
      const watches = [...this.#buffers.values()].map(({ source }) => source.reader.watch(ready))
      if (timeout > 0) timer = setTimeout(() => end(0), timeout)
    })
  }

  close(): void {
    const sources = Array.from(this.#buffers.values(), ({ source }) => source)
    this.#buffers.clear()
    undoAll(sources.map(source => () => source.close()))
  }
}
