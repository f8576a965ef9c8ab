import type { KernelObject, UserPointer } from "../memory/object.ts"
import type { System } from "../system.ts"
import { capable } from "../tasks/rights.ts"
import type { Task } from "../tasks/task.ts"
import type { Steps } from "../time/steps.ts"

/** Calls between processes and to the system as a whole: shared memory, descriptors that are sent, mounts, locks of the kernel. */
export class Ipc {
  readonly #system: System
  readonly #mutex: KernelObject

  constructor(system: System) {
    this.#system = system
    this.#mutex = system.kernel.memory.new("mutex", {})
  }

  /** A lock of the kernel is held while something is done; others would wait. */
  *locked<T>(body: () => Steps<T>): Steps<T> {
    const { kernel } = this.#system
    const { current } = kernel
    yield* kernel.call(
      "mutex_lock",
      [this.#mutex],
      () => this.#mutex.set({ owner: { counter: current.object.address } }),
      60,
    )
    const result = yield* body()
    this.#mutex.set({ owner: { counter: 0 } })
    yield* kernel.call("mutex_unlock", [this.#mutex], undefined, 40)
    return result
  }

  /** Makes a piece of shared memory: its number. */
  *shmget(key: number, size: number): Steps<number> {
    const { kernel } = this.#system
    return yield* kernel.call("ipcget", [0, 0, 0, 0], () => 32_768 + (key % 100), 700 + size / 4096)
  }

  /** Mounts a file system: 0, or a negative error number. */
  *mount(task: Task, source: UserPointer, target: UserPointer, type: UserPointer): Steps<number> {
    const { kernel, objects } = this.#system
    const refused = yield* capable(kernel, task, objects.userNamespace, "SYS_ADMIN")
    if (refused !== 0) return refused
    return yield* kernel.call("path_mount", [source, target, type, 0, 0], () => 0, 40_000)
  }

  /** Unmounts it. */
  *umount(task: Task): Steps<number> {
    const { kernel, objects } = this.#system
    const refused = yield* capable(kernel, task, objects.userNamespace, "SYS_ADMIN")
    return refused !== 0 ? refused : yield* kernel.call("path_umount", [0, 0], () => 0, 25_000)
  }
}
