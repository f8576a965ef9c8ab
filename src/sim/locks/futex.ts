import type { System } from "../system.ts"
import { INTERRUPTIBLE, type Task } from "../tasks/task.ts"
import { BLOCK, type Steps } from "../time/steps.ts"

/** Error number of a wait whose cause has gone. */
const EAGAIN = 11

/** The kernel's half of the locks of programs: threads that wait for an address. */
export class Futex {
  readonly #system: System
  readonly #waiters = new Map<bigint, Task[]>()

  constructor(system: System) {
    this.#system = system
  }

  /** Whether somebody waits at an address. */
  isAwaited(address: bigint): boolean {
    return this.#waiters.has(address)
  }

  /** Waits at an address, unless what it is for has happened meanwhile: 0, or a negative error number. */
  *wait(task: Task, address: bigint, wanted: () => boolean): Steps<number> {
    const { kernel } = this.#system
    return yield* kernel.call("do_futex", [address, 0, 2, 0, 0, 0, 0], () =>
      kernel.call("futex_wait", [address, 1, 2, 0, 0xffffffff], () => this.#wait(task, address, wanted)),
    )
  }

  *#wait(task: Task, address: bigint, wanted: () => boolean): Steps<number> {
    if (!wanted()) return -EAGAIN
    const waiters = this.#waiters.get(address) ?? []
    this.#waiters.set(address, [...waiters, task])
    task.state = INTERRUPTIBLE
    yield BLOCK
    return 0
  }

  /** Wakes who waits at an address: how many. */
  *wake(address: bigint, most: number): Steps<number> {
    const { kernel } = this.#system
    return yield* kernel.call("do_futex", [address, 1, most, 0, 0, 0, 0], () =>
      kernel.call("futex_wake", [address, 1, most, 0xffffffff], () => this.#wake(address, most)),
    )
  }

  #wake(address: bigint, most: number): number {
    const waiters = this.#waiters.get(address) ?? []
    const woken = waiters.slice(0, most)
    if (woken.length === waiters.length) this.#waiters.delete(address)
    else this.#waiters.set(address, waiters.slice(most))
    for (const task of woken) this.#system.scheduler.wake(task)
    return woken.length
  }
}
