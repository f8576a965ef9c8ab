import { AT_FDCWD, O_CREAT, O_RDWR, O_TRUNC, O_WRONLY } from "../files/vfs.ts"
import type { Steps } from "../time/steps.ts"
import { Caller } from "./caller.ts"

/** How a file is opened. */
export type OpenMode = "read" | "write" | "append" | "both"

const MODES: Readonly<Record<OpenMode, number>> = {
  read: 0,
  write: O_WRONLY | O_CREAT | O_TRUNC,
  append: O_WRONLY | O_CREAT | 0o2000,
  both: O_RDWR | O_CREAT,
}

/** Calls for files. */
export class FileCalls extends Caller {
  /** Opens a file: its descriptor, or a negative error number. */
  *open(path: string, mode: OpenMode = "read"): Steps<number> {
    const flags = MODES[mode]
    return yield* this.withPath(path, name =>
      this.syscall("openat", [AT_FDCWD, name, flags, 0o644], () =>
        this.system.vfs.openat(this.task, path, flags, 0o644, name),
      ),
    )
  }

  /** Reads bytes: how many, 0 at the end. */
  *read(fd: number, count: number): Steps<number> {
    const task = this.task
    return yield* this.syscall("read", [fd, this.buffer, count], () =>
      this.system.content.read(task, fd, this.buffer, count),
    )
  }

  /** Writes bytes. */
  *write(fd: number, count: number | string): Steps<number> {
    const bytes = typeof count === "string" ? this.fill(count) : count
    return yield* this.syscall("write", [fd, this.buffer, bytes], () =>
      this.system.content.write(this.task, fd, this.buffer, bytes),
    )
  }

  /** Brings a file to the disk. */
  *fsync(fd: number): Steps<number> {
    return yield* this.syscall("fsync", [fd], () => this.system.content.fsync(this.task, fd))
  }

  /** Closes a descriptor; the last one of a socket ends the connection. */
  *close(fd: number): Steps<number> {
    return yield* this.syscall("close", [fd], () => this.system.vfs.close(this.task, fd))
  }

  /** Looks whether a file is there. */
  *stat(path: string): Steps<number> {
    return yield* this.withPath(path, name =>
      this.syscall("statx", [AT_FDCWD, name, 0x100, 0xfff, this.buffer], () =>
        this.system.vfs.stat(path, name, this.buffer),
      ),
    )
  }

  /** Removes a file. */
  *unlink(path: string): Steps<number> {
    return yield* this.withPath(path, name => this.syscall("unlink", [name], () => this.system.names.unlink(path)))
  }

  /** Gives a file another path. */
  *rename(from: string, to: string): Steps<number> {
    return yield* this.withPath(from, old =>
      this.withPath(to, fresh =>
        this.syscall("renameat", [AT_FDCWD, old, AT_FDCWD, fresh], () => this.system.names.rename(from, to)),
      ),
    )
  }

  /** Gives a file a second name. */
  *link(from: string, to: string): Steps<number> {
    return yield* this.withPath(from, old =>
      this.withPath(to, fresh => this.syscall("link", [old, fresh], () => this.system.names.link(from, to))),
    )
  }

  /** Makes a file that leads to another path. */
  *symlink(target: string, path: string): Steps<number> {
    return yield* this.withPath(target, old =>
      this.withPath(path, fresh =>
        this.syscall("symlink", [old, fresh], () => this.system.names.symlink(target, path)),
      ),
    )
  }

  /** Changes who may do what with a file. */
  *chmod(path: string, mode: number): Steps<number> {
    return yield* this.withPath(path, name =>
      this.syscall("chmod", [name, mode], () => this.system.names.chmod(this.task, path, mode)),
    )
  }

  /** Makes a folder. */
  *mkdir(path: string): Steps<number> {
    return yield* this.withPath(path, name =>
      this.syscall("mkdir", [name, 0o755], () => this.system.names.mkdir(path, 0o755)),
    )
  }

  /** Removes an empty folder. */
  *rmdir(path: string): Steps<number> {
    return yield* this.withPath(path, name => this.syscall("rmdir", [name], () => this.system.names.rmdir(path)))
  }

  /** Writes all that is to be written to the disk. */
  *sync(): Steps<number> {
    return yield* this.syscall("sync", [], () => this.#sync())
  }

  *#sync(): Steps<number> {
    yield* this.system.pages.flushAll()
    return 0
  }

  /** Mounts a file system. */
  *mount(source: string, target: string, type: string): Steps<number> {
    const { memory } = this.system.kernel
    const pointers = [source, target, type].map(text => memory.user(text))
    const result = yield* this.syscall("mount", [...pointers, 0, 0], () =>
      this.system.ipc.mount(this.task, { source, target, type, pointers }),
    )
    for (const pointer of pointers) memory.freeUser(pointer)
    return result
  }

  /** Unmounts a file system. */
  *umount(target: string): Steps<number> {
    return yield* this.withPath(target, name =>
      this.syscall("umount", [name, 0], () => this.system.ipc.umount(this.task, target)),
    )
  }

  /** Makes shared memory, uses it and gives it back. */
  *shareMemory(key: number, bytes: number): Steps<void> {
    const id = yield* this.syscall("shmget", [key, bytes, 0o1600], () => this.system.ipc.shmget(key, bytes))
    const at = yield* this.syscall("shmat", [id, 0, 0], () => 0x7f5500000000n)
    yield* this.touch(2)
    yield* this.syscall("shmctl", [id, 0, 0], () => 0)
    yield* this.syscall("shmdt", [at], () => 0)
  }
}
