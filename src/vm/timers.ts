import { KERNEL } from "./address.ts"
import type { Core } from "./core.ts"
import type { Alarm } from "./environment.ts"
import { EBUSY, EINVAL } from "./errno.ts"
import type { VmMap } from "./maps/map.ts"
import type { Runnable } from "./run.ts"

/** A timer in a map's value, by the address of its `struct bpf_timer`. */
interface Timer {
  readonly map: VmMap
  /** What runs: a function of a program. */
  callback: { readonly program: Runnable; readonly low: number; readonly high: number } | undefined
  alarm: Alarm | undefined
}

/** The timers of a machine. They run when the environment's time comes to them. */
export class Timers {
  readonly #core: Core
  readonly #timers = new Map<number, Timer>()

  constructor(core: Core) {
    this.#core = core
  }

  /** 0, or −errno. */
  init(place: number, map: VmMap): number {
    if (this.#timers.has(place)) return -EBUSY
    this.#timers.set(place, { map, callback: undefined, alarm: undefined })
    return 0
  }

  /** 0, or −errno. */
  setCallback(place: number, program: Runnable, low: number, high: number): number {
    const timer = this.#timers.get(place)
    if (timer === undefined) return -EINVAL
    timer.callback = { program, low, high }
    return 0
  }

  /** Lets the timer run at a time of the environment's clock: 0, or −errno. */
  start(place: number, time: number): number {
    const timer = this.#timers.get(place)
    if (timer?.callback === undefined) return -EINVAL
    timer.alarm?.cancel()
    timer.alarm = this.#core.environment.at(time, () => {
      timer.alarm = undefined
      this.#ring(place, timer)
    })
    return 0
  }

  /** 1 where it would have run, 0 where not, or −errno. */
  cancel(place: number): number {
    const timer = this.#timers.get(place)
    if (timer === undefined) return -EINVAL
    const active = timer.alarm !== undefined
    timer.alarm?.cancel()
    timer.alarm = undefined
    return active ? 1 : 0
  }

  /** The value that holds timers goes: they never run. */
  forget(value: number, size: number): void {
    if (this.#timers.size === 0) return
    for (const [place, { alarm }] of this.#timers) {
      if (place < value || place >= value + size) continue
      alarm?.cancel()
      this.#timers.delete(place)
    }
  }

  #ring(place: number, { map, callback }: Timer): void {
    if (callback === undefined) return
    const found = map.elementWith(place)
    if (found === undefined) return
    const run = this.#core.takeRun()
    const key = this.#core.memory.allocate(map.keySize, `a key of map ${map.name}`, { access: "read" })
    try {
      run.packet = undefined
      run.cpu = this.#core.environment.cpu()
      this.#core.memory.u8.set(found.key, key)
      const { program, low } = callback
      run.startAt(program, low, [map.address, KERNEL, key, KERNEL, found.value, KERNEL])
    } finally {
      this.#core.memory.free(key)
      this.#core.giveRun(run)
    }
  }
}
