import type { UserPointer } from "../memory/object.ts"
import type { System } from "../system.ts"
import { capable } from "../tasks/rights.ts"
import type { Task } from "../tasks/task.ts"
import type { Steps } from "../time/steps.ts"

/** Calls between processes and to the system as a whole: shared memory, descriptors that are sent, mounts. */
export class Ipc {
  readonly #system: System

  constructor(system: System) {
    this.#system = system
  }

  /** Makes a piece of shared memory: its number. */
  *shmget(key: number, size: number): Steps<number> {
    const { kernel } = this.#system
    return yield* kernel.call("ipcget", [0, 0, 0, 0], () => 32_768 + (key % 100), 700 + size / 4096)
  }

  /** Mounts an empty file system, on one of the disks or in memory: 0, or a negative error number. */
  *mount(task: Task, request: MountRequest): Steps<number> {
    const { kernel, objects, files, disks } = this.#system
    const refused = yield* capable(kernel, task, objects.userNamespace, "SYS_ADMIN")
    if (refused !== 0) return refused
    const { source, target, type, pointers } = request
    return yield* kernel.call("path_mount", [...pointers, 0, 0], function* () {
      yield kernel.between(20_000, 60_000)
      const disk = disks.find(({ name }) => source === `/dev/${name}`)
      files.mount(target, type, disk)
      return 0
    })
  }

  /** Unmounts it. */
  *umount(task: Task, target: string): Steps<number> {
    const { kernel, objects, files } = this.#system
    const refused = yield* capable(kernel, task, objects.userNamespace, "SYS_ADMIN")
    if (refused !== 0) return refused
    return yield* kernel.call("path_umount", [0, 0], function* () {
      yield kernel.between(10_000, 40_000)
      files.unmount(target)
      return 0
    })
  }
}

/** What is to be mounted where. */
export interface MountRequest {
  readonly source: string
  readonly target: string
  readonly type: string
  /** The three in the memory of the process. */
  readonly pointers: readonly UserPointer[]
}
