import type { Probe } from "../places/places.ts"
import type { System } from "../system.ts"

/** A program that runs when a counter has gone on by a period. */
export interface Counted {
  readonly probe: Probe
  /** Nanoseconds for clocks, events for others. */
  readonly period: number
  /** Only on this processor. */
  readonly cpu?: number
}

/** Counters of perf: clocks, and events that the simulated kernel counts. */
export class Counters {
  readonly #system: System
  readonly #events = new Map<string, { counted: Counted; left: number }[]>()
  readonly #context: number
  readonly #period: number

  constructor(system: System) {
    this.#system = system
    // `struct bpf_perf_event_data`: registers, the period, the address.
    const { linear, layouts } = system.kernel.memory
    const registers = layouts.size(layouts.record("pt_regs"))
    this.#context = linear.allocate(registers + 16, "context of a counter")
    this.#period = this.#context + registers
  }

  /** A program runs from now on each time a clock has gone on; until the function that it gives is called. */
  clock(counted: Counted): () => void {
    const { kernel } = this.#system
    let on = true
    for (const { index } of kernel.processors) {
      if (counted.cpu !== undefined && counted.cpu !== index) continue
      const ring = (): void => {
        if (!on) return
        kernel.after(counted.period, ring)
        // A clock of a processor that sleeps stands still.
        if (!kernel.processors[index].asleep) kernel.on(index, () => this.#run(counted))
      }
      kernel.after(counted.period - index * 1000, ring)
    }
    return () => void (on = false)
  }

  /** The same for events that are counted. */
  events(name: string, counted: Counted): () => void {
    const list = this.#events.get(name) ?? []
    this.#events.set(name, list)
    const entry = { counted, left: counted.period }
    list.push(entry)
    return () => void list.splice(list.indexOf(entry), 1)
  }

  /** Something that is counted happened. */
  count(name: string, times: number): void {
    const { kernel } = this.#system
    for (const entry of this.#events.get(name) ?? []) {
      if (entry.counted.cpu !== undefined && entry.counted.cpu !== kernel.cpu()) continue
      entry.left -= times
      if (entry.left > 0) continue
      entry.left += entry.counted.period
      this.#run(entry.counted)
    }
  }

  #run(counted: Counted): void {
    const { kernel } = this.#system
    const { linear } = kernel.memory
    const { current } = kernel
    const kernelStack = kernel.stack("kernel")
    const ip =
      current.userFrames.length > 0 && kernelStack.length === 0 ? kernel.stack("user")[0] : (kernelStack[0] ?? 0n)
    const registers = kernel.places.setRegisters(ip, [], undefined, ip)
    linear.u8.copyWithin(this.#context, registers, registers + (this.#period - this.#context))
    linear.view.setBigUint64(this.#period, BigInt(counted.period), true)
    kernel.places.counter(counted.probe, this.#context, current)
  }
}
