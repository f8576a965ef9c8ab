/** Something that happens at a time of the simulation. */
export interface Event {
  /** Nanoseconds since boot. */
  readonly time: number
  readonly happen: () => void
  cancelled: boolean
}

/** What is to happen, the earliest first; at one time, what was put in first. A binary heap. */
export class EventQueue {
  readonly #heap: (Event & { readonly order: number })[] = []
  #order = 0

  /** Time of the next event; infinite when there is none. */
  get next(): number {
    this.#skip()
    return this.#heap.length === 0 ? Number.POSITIVE_INFINITY : this.#heap[0].time
  }

  put(time: number, happen: () => void): Event {
    const event = { time, happen, cancelled: false, order: this.#order++ }
    const heap = this.#heap
    let at = heap.length
    heap.push(event)
    for (let up = (at - 1) >> 1; at > 0 && before(event, heap[up]); up = (at - 1) >> 1) {
      heap[at] = heap[up]
      at = up
    }
    heap[at] = event
    return event
  }

  /** Takes the next event out; undefined when there is none. */
  take(): Event | undefined {
    this.#skip()
    return this.#pop()
  }

  #skip(): void {
    while (this.#heap.length > 0 && this.#heap[0].cancelled) this.#pop()
  }

  #pop(): Event | undefined {
    const heap = this.#heap
    const first = heap[0]
    const last = heap.pop()
    if (last === undefined || heap.length === 0) return first
    let at = 0
    for (;;) {
      let down = 2 * at + 1
      if (down >= heap.length) break
      if (down + 1 < heap.length && before(heap[down + 1], heap[down])) down++
      if (!before(heap[down], last)) break
      heap[at] = heap[down]
      at = down
    }
    heap[at] = last
    return first
  }
}

const before = (a: Event & { order: number }, b: Event & { order: number }): boolean =>
  a.time < b.time || (a.time === b.time && a.order < b.order)
