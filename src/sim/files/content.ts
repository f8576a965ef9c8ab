import { SleepingLock } from "../locks/lock.ts"
import type { UserPointer } from "../memory/object.ts"
import type { System } from "../system.ts"
import type { Task } from "../tasks/task.ts"
import type { Steps } from "../time/steps.ts"
import { KINDS } from "./systems.ts"
import { type OpenFile, PAGE, S_IFCHR } from "./tree.ts"
import { EBADF } from "./vfs.ts"

/** What open files hold: reading, writing, bringing it to the disk. */
export class FileContent {
  readonly #system: System
  /** `seq_file.lock` of the files of `/proc`. */
  readonly #seqLock: SleepingLock

  constructor(system: System) {
    this.#system = system
    this.#seqLock = new SleepingLock(system, "mutex", system.kernel.memory.new("mutex"))
  }

  /** Reads from where the descriptor is: how many bytes, or a negative error number. */
  *read(task: Task, fd: number, buffer: UserPointer, count: number): Steps<number> {
    const { kernel } = this.#system
    const opened = task.files.get(fd)
    if (opened === undefined) return -EBADF
    return yield* kernel.call("ksys_read", [fd, buffer, count], () =>
      kernel.call("vfs_read", [opened.file, buffer, count, opened.file.part("f_pos")], () =>
        this.#readFile(opened, buffer, count),
      ),
    )
  }

  *#readFile(opened: OpenFile, buffer: UserPointer, count: number): Steps<number> {
    const { kernel, pages } = this.#system
    const { node, file } = opened
    const got = Math.max(0, Math.min(count, node.size - opened.position))
    const names = KINDS[node.system.type]?.read
    if (names === undefined) return yield* this.#show(opened, count)
    const iter = kernel.memory.new("iov_iter", { iter_type: 0, ubuf: buffer, count, nr_segs: 1 })
    const kiocb = kernel.memory.new("kiocb", { ki_filp: file, ki_pos: opened.position })
    yield* kernel.nested(names, [kiocb, iter, 0], function* () {
      yield* pages.read(node, opened.position, got)
      return got
    })
    kernel.memory.free(kiocb)
    kernel.memory.free(iter)
    opened.position += got
    file.set({ f_pos: opened.position })
    return got
  }

  /** A file of `/proc` makes what it shows as it is read, in a buffer, under its lock. */
  *#show({ node, position }: OpenFile, count: number): Steps<number> {
    const { kernel, allocator } = this.#system
    const got = Math.max(0, Math.min(count, node.size - position))
    return yield* kernel.call("seq_read_iter", [], () =>
      this.#seqLock.hold(function* () {
        const free = allocator.kmalloc(PAGE)
        yield kernel.between(200, 900)
        free()
        return got > 0 ? got : node.size === 0 ? Math.min(count, 64) : 0
      }),
    )
  }

  /** Writes to where the descriptor is. */
  *write(task: Task, fd: number, buffer: UserPointer, count: number): Steps<number> {
    const { kernel } = this.#system
    const opened = task.files.get(fd)
    if (opened === undefined) return -EBADF
    return yield* kernel.call("ksys_write", [fd, buffer, count], () =>
      kernel.call("vfs_write", [opened.file, buffer, count, opened.file.part("f_pos")], () =>
        this.#writeFile(opened, buffer, count),
      ),
    )
  }

  *#writeFile(opened: OpenFile, buffer: UserPointer, count: number): Steps<number> {
    const { kernel, pages } = this.#system
    const { node, file } = opened
    const iter = kernel.memory.new("iov_iter", { iter_type: 0, data_source: 1, ubuf: buffer, count, nr_segs: 1 })
    const kiocb = kernel.memory.new("kiocb", { ki_filp: file, ki_pos: opened.position })
    const names = KINDS[node.system.type]?.write
    if (names === undefined) {
      if ((node.mode & 0o170000) === S_IFCHR) yield* kernel.call("tty_write", [kiocb, iter], () => count, 600)
      else yield kernel.between(200, 900)
    } else {
      // The file system's own function locks the file; those that it calls write to its pages.
      const [outer, ...inner] = names
      yield* kernel.call(outer, [kiocb, iter], () =>
        node.lock.hold(() =>
          kernel.nested(inner, [kiocb, iter], function* () {
            yield* pages.write(node, opened.position, count)
            return count
          }),
        ),
      )
      opened.position += count
      node.size = Math.max(node.size, opened.position)
      node.inode.set({ i_size: node.size })
      file.set({ f_pos: opened.position })
    }
    kernel.memory.free(kiocb)
    kernel.memory.free(iter)
    return count
  }

  /** Brings what was written to the disk. */
  *fsync(task: Task, fd: number): Steps<number> {
    const { kernel, pages } = this.#system
    const opened = task.files.get(fd)
    if (opened === undefined) return -EBADF
    const { file, node } = opened
    const end = 0x7fffffffffffffffn
    const kind = KINDS[node.system.type]
    const sync = kind === undefined ? [] : [kind.sync]
    return yield* kernel.call("vfs_fsync_range", [file, 0, end, 0], () =>
      kernel.nested(sync, [file, 0, end, 0], function* () {
        yield* pages.flush(node)
        return 0
      }),
    )
  }
}
