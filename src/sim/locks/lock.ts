import type { KernelObject } from "../memory/object.ts"
import type { System } from "../system.ts"
import { type Task, UNINTERRUPTIBLE } from "../tasks/task.ts"
import { BLOCK, type Steps } from "../time/steps.ts"

/** Functions of a kind of lock, and what `lock:contention_begin` tells of it. */
interface Kind {
  readonly take: string
  readonly slow: string
  readonly give: string
  /** `LCB_F_…` of include/trace/events/lock.h. */
  readonly flags: number
}

const KINDS = {
  mutex: { take: "mutex_lock", slow: "__mutex_lock_slowpath", give: "mutex_unlock", flags: 1 << 5 },
  rwsem: { take: "down_write", slow: "rwsem_down_write_slowpath", give: "up_write", flags: 1 << 2 },
} as const satisfies Record<string, Kind>

/** Nanoseconds that it takes to take a lock and to give it back. */
const TAKE = 60
const GIVE = 40

/** A lock of the kernel that tasks sleep for: `struct mutex`, or `struct rw_semaphore` when it is taken to write. */
export class SleepingLock {
  readonly #system: System
  readonly #kind: Kind
  readonly object: KernelObject
  #owner: Task | undefined
  readonly #waiters: Task[] = []

  constructor(system: System, kind: keyof typeof KINDS, object: KernelObject) {
    this.#system = system
    this.#kind = KINDS[kind]
    this.object = object
  }

  /** Takes the lock, does something, and gives the lock back. */
  *hold<T>(body: () => Steps<T>): Steps<T> {
    const { kernel } = this.#system
    const { take, give } = this.#kind
    const { current } = kernel
    yield* kernel.call(take, [this.object], () => this.#take(current), TAKE)
    const result = yield* body()
    yield* kernel.call(give, [this.object], () => this.#give(), GIVE)
    return result
  }

  *#take(task: Task): Steps<void> {
    if (this.#owner !== undefined) {
      yield* this.#system.kernel.call(this.#kind.slow, [this.object], () => this.#wait(task))
    }
    this.#own(task)
  }

  *#wait(task: Task): Steps<void> {
    const { kernel } = this.#system
    const { object } = this
    const { flags } = this.#kind
    kernel.tracepoint(
      "lock:contention_begin",
      () => ({ lock_addr: object, flags }),
      () => [object, flags],
    )
    while (this.#owner !== undefined) {
      this.#waiters.push(task)
      task.state = UNINTERRUPTIBLE
      yield BLOCK
    }
    kernel.tracepoint(
      "lock:contention_end",
      () => ({ lock_addr: object, ret: 0 }),
      () => [object, 0],
    )
  }

  #give(): void {
    this.#own(undefined)
    const next = this.#waiters.shift()
    if (next !== undefined) this.#system.scheduler.wake(next)
  }

  #own(task: Task | undefined): void {
    this.#owner = task
    this.object.set({ owner: { counter: task?.object.address ?? 0 } })
  }
}
