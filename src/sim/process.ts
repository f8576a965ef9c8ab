import { type SyscallName, syscall } from "./calls/syscall.ts"
import type { OpenFile } from "./files/tree.ts"
import { S_IFSOCK } from "./files/tree.ts"
import { AT_FDCWD, O_CREAT, O_RDWR, O_TRUNC, O_WRONLY } from "./files/vfs.ts"
import { userAddress } from "./kernel.ts"
import type { UserPointer } from "./memory/object.ts"
import { Socket } from "./net/socket.ts"
import { fileKey } from "./places/attach.ts"
import type { Word } from "./places/word.ts"
import type { Script, System } from "./system.ts"
import type { Task } from "./tasks/task.ts"
import type { Steps } from "./time/steps.ts"

/** How a file is opened. */
export type OpenMode = "read" | "write" | "append" | "both"

const MODES: Readonly<Record<OpenMode, number>> = {
  read: 0,
  write: O_WRONLY | O_CREAT | O_TRUNC,
  append: O_WRONLY | O_CREAT | 0o2000,
  both: O_RDWR | O_CREAT,
}

/** The function of the C library that makes a system call, where it has another name or other arguments. */
function wrapper(
  name: SyscallName,
  args: readonly Word[],
): { readonly function?: string; readonly arguments?: readonly Word[] } {
  switch (name) {
    case "openat":
      return { function: "open", arguments: args.slice(1) }
    case "renameat":
      return { function: "rename", arguments: [args[1], args[3]] }
    case "clone":
      return { function: "fork", arguments: [] }
    case "wait4":
      return { function: "waitpid" }
    case "statx":
      return { function: "stat", arguments: [args[1], args[4]] }
    case "exit_group":
      return { function: "_exit" }
    default:
      return {}
  }
}

/**
 * A process of the simulated computer, as a workload's script has it. Every method that takes time is a generator, for `yield*`:
 *
 *     function* (shell: Process) {
 *       const fd = yield* shell.open("/etc/hosts", "read")
 *       yield* shell.read(fd, 4096)
 *       yield* shell.close(fd)
 *     }
 */
export class Process {
  readonly #system: System
  readonly #task: Task
  /** Memory into which it reads, and from which it writes. */
  readonly #buffer: UserPointer

  constructor(system: System, task: Task) {
    this.#system = system
    this.#task = task
    this.#buffer = system.kernel.memory.user(4096)
    task.owned.push(this.#buffer)
  }

  /** Number of the process. */
  get pid(): number {
    return this.#task.tgid
  }
  /** Number of the thread. */
  get tid(): number {
    return this.#task.pid
  }
  /** Name of its program. */
  get comm(): string {
    return this.#task.comm
  }

  /** A number that looks random, from `least` on and below `most`. */
  random(least: number, most: number): number {
    return this.#system.kernel.between(least, most)
  }

  /** Computes for some nanoseconds. */
  *compute(nanoseconds: number): Steps<void> {
    // In parts, so that others get their turn.
    for (let left = nanoseconds; left > 0; left -= 500_000) {
      yield Math.min(left, 500_000)
      this.#system.counters.count("cycles", Math.min(left, 500_000) * 3)
    }
  }

  /** Touches memory that was not used yet: a page fault for each page. */
  *touch(pages: number): Steps<void> {
    for (let i = 0; i < pages; i++) yield* this.#system.allocator.fault(0x7f0000000000n + BigInt(i) * 4096n)
  }

  /** A function of its program is called; programs at its entry and its return run. */
  *call<T = void>(path: string, name: string, args: readonly Word[], body?: () => Steps<T>): Steps<T> {
    const { places } = this.#system.kernel
    const at = `${fileKey(path)}:${name}`
    this.#task.userFrames.push(name)
    places.user("userEntry", at, userAddress(name), args, undefined, this.#task)
    yield 200
    const result = (body === undefined ? undefined : yield* body()) as T
    places.user("userReturn", at, userAddress(name), args, result as Word, this.#task)
    // execve() comes back in another program.
    if (this.#task.userFrames.at(-1) === name) this.#task.userFrames.pop()
    return result
  }

  // Files.

  /** Opens a file: its descriptor, or a negative error number. */
  *open(path: string, mode: OpenMode = "read"): Steps<number> {
    const flags = MODES[mode]
    return yield* this.#withPath(path, name =>
      this.#syscall("openat", [AT_FDCWD, name, flags, 0o644], () =>
        this.#system.vfs.openat(this.#task, path, flags, 0o644, name),
      ),
    )
  }

  /** Reads bytes: how many, 0 at the end. */
  *read(fd: number, count: number): Steps<number> {
    const task = this.#task
    return yield* this.#syscall("read", [fd, this.#buffer, count], () =>
      this.#system.vfs.read(task, fd, this.#buffer, count),
    )
  }

  /** Writes bytes. */
  *write(fd: number, count: number | string): Steps<number> {
    const bytes = typeof count === "string" ? this.#fill(count) : count
    return yield* this.#syscall("write", [fd, this.#buffer, bytes], () =>
      this.#system.vfs.write(this.#task, fd, this.#buffer, bytes),
    )
  }

  /** Brings a file to the disk. */
  *fsync(fd: number): Steps<number> {
    return yield* this.#syscall("fsync", [fd], () => this.#system.vfs.fsync(this.#task, fd))
  }

  /** Closes a descriptor; a socket's ends the connection. */
  *close(fd: number): Steps<number> {
    const behind = this.#task.files.get(fd)?.behind
    return yield* this.#syscall("close", [fd], () => this.#close(fd, behind))
  }

  *#close(fd: number, behind: unknown): Steps<number> {
    if (behind instanceof Socket) yield* this.#system.tcp.close(behind)
    return yield* this.#system.vfs.close(this.#task, fd)
  }

  /** Looks whether a file is there. */
  *stat(path: string): Steps<number> {
    return yield* this.#withPath(path, name =>
      this.#syscall("statx", [AT_FDCWD, name, 0x100, 0xfff, this.#buffer], () =>
        this.#system.vfs.stat(path, name, this.#buffer),
      ),
    )
  }

  /** Removes a file. */
  *unlink(path: string): Steps<number> {
    return yield* this.#withPath(path, name => this.#syscall("unlink", [name], () => this.#system.vfs.unlink(path)))
  }

  /** Gives a file another path. */
  *rename(from: string, to: string): Steps<number> {
    return yield* this.#withPath(from, old =>
      this.#withPath(to, fresh =>
        this.#syscall("renameat", [AT_FDCWD, old, AT_FDCWD, fresh], () => this.#system.vfs.rename(from, to)),
      ),
    )
  }

  /** Makes a folder. */
  *mkdir(path: string): Steps<number> {
    return yield* this.#withPath(path, name =>
      this.#syscall("mkdir", [name, 0o755], () => this.#system.vfs.mkdir(path, 0o755)),
    )
  }

  /** Removes an empty folder. */
  *rmdir(path: string): Steps<number> {
    return yield* this.#withPath(path, name => this.#syscall("rmdir", [name], () => this.#system.vfs.rmdir(path)))
  }

  /** Writes all that is to be written to the disk. */
  *sync(): Steps<number> {
    return yield* this.#syscall("sync", [], () => this.#sync())
  }

  *#sync(): Steps<number> {
    yield* this.#system.pages.flushAll()
    return 0
  }

  // Processes.

  /** Sleeps for some nanoseconds. */
  *sleep(nanoseconds: number): Steps<number> {
    const task = this.#task
    return yield* this.#syscall("nanosleep", [this.#buffer, 0], () => this.#system.life.sleep(task, nanoseconds))
  }

  /** A new process, or a thread, that does what a script says; its number. */
  *fork(script: Script, thread = false): Steps<number> {
    return yield* this.#syscall("clone", [thread ? 0x10f00 : 17, 0, 0, 0, 0], () => this.#fork(script, thread))
  }

  *#fork(script: Script, thread: boolean): Steps<number> {
    const child = yield* this.#system.life.fork(this.#task, task => script(new Process(this.#system, task)), thread)
    return child.pid
  }

  /** A new thread that does what a script says; its number. */
  *thread(script: Script): Steps<number> {
    return yield* this.call("libpthread.so.0", "pthread_create", [this.#buffer, 0, userAddress("work"), 0], () =>
      this.fork(script, true),
    )
  }

  /** Becomes another program. */
  *exec(path: string, args: readonly string[] = []): Steps<number> {
    const { memory } = this.#system.kernel
    const texts = [path, ...args].map(text => memory.user(text))
    const words = new Uint8Array((texts.length + 1) * 8)
    const view = new DataView(words.buffer)
    for (const [i, text] of texts.entries()) view.setBigUint64(i * 8, text.address, true)
    const list = memory.user(words)
    const result = yield* this.#syscall("execve", [texts[0], list, 0], () =>
      this.#system.life.exec(this.#task, path, args, texts[0]),
    )
    for (const pointer of [...texts, list]) memory.freeUser(pointer)
    return result
  }

  /** Waits for a child to end; its number. */
  *wait(): Steps<number> {
    return yield* this.#syscall("wait4", [-1, 0, 0, 0], () => this.#system.life.wait(this.#task))
  }

  /** Runs a program in a new process and waits for it, as a shell does. */
  *run(path: string, args: readonly string[] = [], script: Script = function* () {}): Steps<number> {
    const child = yield* this.fork(function* (process) {
      yield* process.exec(path, args)
      yield* script(process)
    })
    yield* this.wait()
    return child
  }

  /** Ends. */
  *exit(code = 0): Steps<never> {
    const { life } = this.#system
    yield* this.#syscall("exit_group", [code], () => life.exit(this.#task, code))
    throw new Error("a task that has ended goes on")
  }

  /** Sends a signal to a process. */
  *kill(pid: number, signal: number): Steps<number> {
    return yield* this.#syscall("kill", [pid, signal], () => this.#system.life.kill(this.#task, pid, signal))
  }

  /** Mounts a file system. */
  *mount(source: string, target: string, type: string): Steps<number> {
    const { memory } = this.#system.kernel
    const [from, to, kind] = [source, target, type].map(text => memory.user(text))
    const result = yield* this.#syscall("mount", [from, to, kind, 0, 0], () =>
      this.#system.ipc.mount(this.#task, from, to, kind),
    )
    for (const pointer of [from, to, kind]) memory.freeUser(pointer)
    return result
  }

  /** Unmounts a file system. */
  *umount(target: string): Steps<number> {
    return yield* this.#withPath(target, name =>
      this.#syscall("umount", [name, 0], () => this.#system.ipc.umount(this.#task)),
    )
  }

  /** Makes shared memory, uses it and gives it back. */
  *shareMemory(key: number, bytes: number): Steps<void> {
    const id = yield* this.#syscall("shmget", [key, bytes, 0o1600], () => this.#system.ipc.shmget(key, bytes))
    const at = yield* this.#syscall("shmat", [id, 0, 0], () => 0x7f5500000000n)
    yield* this.touch(2)
    yield* this.#syscall("shmctl", [id, 0, 0], () => 0)
    yield* this.#syscall("shmdt", [at], () => 0)
  }

  /** Gets memory of the C library, which asks the kernel for more now and then; its address. */
  *malloc(bytes: number): Steps<bigint> {
    return yield* this.call("libc.so.6", "malloc", [bytes], () => this.#malloc(bytes))
  }

  *#malloc(bytes: number): Steps<bigint> {
    if (bytes >= 131_072) yield* this.#syscall("mmap", [0, bytes, 3, 0x22, -1, 0], () => 0x7f1200000000n)
    else if (this.random(0, 20) === 0) yield* this.#syscall("brk", [0x555555900000n], () => 0x555555900000n)
    return 0x555555700000n + BigInt(this.random(0, 65_536) * 16)
  }

  /** Gives memory back to the C library. */
  *free(address: bigint): Steps<void> {
    yield* this.call("libc.so.6", "free", [address])
  }

  /** Looks for the address of a name, in `/etc/hosts`. */
  *lookup(host: string): Steps<void> {
    yield* this.#withPath(host, name =>
      this.call("libc.so.6", "getaddrinfo", [name, 0, 0, this.#buffer], () => this.#lookup()),
    )
  }

  *#lookup(): Steps<number> {
    const fd = yield* this.open("/etc/hosts")
    if (fd >= 0) {
      yield* this.read(fd, 4096)
      yield* this.close(fd)
    }
    yield this.random(40_000, 900_000)
    return 0
  }

  /** Reads a line that somebody types, as a shell does. */
  *readline(line: string): Steps<void> {
    yield* this.#withPath(line, text =>
      this.call("/bin/bash", "readline", [0], function* () {
        yield 1000
        return text
      }),
    )
  }

  // Memory that runs short.

  /** Asks for so much memory that the kernel has to look for some. */
  *exhaust(): Steps<void> {
    yield* this.#system.pressure.reclaim(0)
    yield* this.#system.pressure.compact(4)
  }

  /** Asks for more than there is: the kernel ends it. */
  *exhaustAll(): Steps<never> {
    yield* this.#system.pressure.outOfMemory(this.#task)
    return yield* this.exit(137)
  }

  // The network.

  /** A socket that waits for connections at a port: its descriptor, or a negative error number. */
  *listen(port: number, backlog = 128): Steps<number> {
    const { tcp } = this.#system
    const fd = yield* this.#socket()
    const socket = this.#behind(fd)
    const address = this.#address(port)
    const refused = yield* this.#syscall("bind", [fd, address, 16], () => tcp.bind(socket, port, address))
    if (refused === 0) yield* this.#syscall("listen", [fd, backlog], () => tcp.listen(socket, backlog))
    this.#system.kernel.memory.freeUser(address)
    if (refused === 0) return fd
    yield* this.close(fd)
    return refused
  }

  /** Takes a connection over, waits for one; its descriptor. */
  *accept(fd: number): Steps<number> {
    const listener = this.#behind(fd)
    return yield* this.#syscall("accept", [fd, 0, 0], () => this.#accept(listener))
  }

  *#accept(listener: Socket): Steps<number> {
    const socket = yield* this.#system.tcp.accept(this.#task, listener)
    return this.#install(socket)
  }

  /** Connects to a port of this computer: a descriptor, or a negative error number. */
  *connect(port: number): Steps<number> {
    const fd = yield* this.#socket()
    const address = this.#address(port)
    const result = yield* this.#syscall("connect", [fd, address, 16], () =>
      this.#system.tcp.connect(this.#behind(fd), port, address),
    )
    this.#system.kernel.memory.freeUser(address)
    if (result === 0) return fd
    yield* this.close(fd)
    return result
  }

  /** Sends bytes. */
  *send(fd: number, count: number | string): Steps<number> {
    const bytes = typeof count === "string" ? this.#fill(count) : count
    return yield* this.#syscall("sendto", [fd, this.#buffer, bytes, 0, 0, 0], () =>
      this.#system.tcp.send(this.#behind(fd), this.#buffer, bytes),
    )
  }

  /** Receives bytes, waits for some: how many, 0 at the end. */
  *receive(fd: number, count: number): Steps<number> {
    return yield* this.#syscall("recvfrom", [fd, this.#buffer, count, 0, 0, 0], () =>
      this.#system.tcp.receive(this.#task, this.#behind(fd), this.#buffer, count),
    )
  }

  *#socket(): Steps<number> {
    return yield* this.#syscall("socket", [2, 1, 0], () => this.#newSocket())
  }

  *#newSocket(): Steps<number> {
    return this.#install(yield* this.#system.tcp.create(this.#task))
  }

  #install(socket: Socket): number {
    const { kernel, files, vfs } = this.#system
    const node = files.nameless("TCP", "sockfs", S_IFSOCK | 0o777)
    const file = kernel.memory.new("file", {
      private_data: socket.socket,
      f_inode: node.inode,
      f_op: kernel.names.data("socket_file_ops"),
      "f_path.dentry": node.dentry,
      "f_path.mnt": node.system.vfsmount,
    })
    socket.socket.set({ file })
    const opened: OpenFile = { file, node, position: 0, behind: socket }
    return vfs.install(this.#task, opened)
  }

  #behind(fd: number): Socket {
    const behind = this.#task.files.get(fd)?.behind
    if (!(behind instanceof Socket)) throw new TypeError(`descriptor ${fd} of ${this.comm} is no socket`)
    return behind
  }

  /** `struct sockaddr_in` of this computer. */
  #address(port: number): UserPointer {
    const bytes = new Uint8Array(16)
    bytes.set([2, 0, port >> 8, port & 0xff, 127, 0, 0, 1])
    return this.#system.kernel.memory.user(bytes)
  }

  // How they are made.

  /** Puts a text where the process writes from. */
  #fill(text: string): number {
    const bytes = new TextEncoder().encode(text).subarray(0, 4096)
    this.#system.kernel.memory.linear.bytes(this.#buffer.offset, bytes.length).set(bytes)
    return bytes.length
  }

  *#withPath<T>(path: string, body: (name: UserPointer) => Steps<T>): Steps<T> {
    const { memory } = this.#system.kernel
    const name = memory.user(path)
    const result = yield* body(name)
    memory.freeUser(name)
    return result
  }

  /** A system call, by the function of the C library that makes it. */
  *#syscall<T extends Word>(name: SyscallName, args: readonly Word[], body: () => Steps<T> | T): Steps<T> {
    const { function: caller = name, arguments: given = args } = wrapper(name, args)
    return yield* this.call("libc.so.6", caller, given, () =>
      syscall(this.#system.kernel, this.#task, name, args, body),
    )
  }
}
