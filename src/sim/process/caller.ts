import { type SyscallName, syscall } from "../calls/syscall.ts"
import { userAddress } from "../kernel.ts"
import type { UserPointer } from "../memory/object.ts"
import { fileKey } from "../places/attach.ts"
import type { Word } from "../places/word.ts"
import type { System } from "../system.ts"
import type { Task } from "../tasks/task.ts"
import type { Steps } from "../time/steps.ts"

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

/** What all calls of a process need: its task, memory from which it writes, functions of its program, system calls. */
export class Caller {
  protected readonly system: System
  protected readonly task: Task
  /** Memory into which it reads, and from which it writes. */
  protected readonly buffer: UserPointer

  constructor(system: System, task: Task) {
    this.system = system
    this.task = task
    this.buffer = system.kernel.memory.user(4096)
    task.owned.push(this.buffer)
  }

  /** Number of the process. */
  get pid(): number {
    return this.task.tgid
  }
  /** Number of the thread. */
  get tid(): number {
    return this.task.pid
  }
  /** Name of its program. */
  get comm(): string {
    return this.task.comm
  }

  /** A number that looks random, from `least` on and below `most`. */
  random(least: number, most: number): number {
    return this.system.kernel.between(least, most)
  }

  /** Computes for some nanoseconds. */
  *compute(nanoseconds: number): Steps<void> {
    // In parts, so that others get their turn.
    for (let left = nanoseconds; left > 0; left -= 500_000) {
      yield Math.min(left, 500_000)
      this.system.counters.count("cycles", Math.min(left, 500_000) * 3)
    }
  }

  /** Touches memory that was not used yet: a page fault for each page. */
  *touch(pages: number): Steps<void> {
    for (let i = 0; i < pages; i++) yield* this.system.allocator.fault(0x7f0000000000n + BigInt(i) * 4096n)
  }

  /** A function of its program is called; programs at its entry and its return run. */
  *call<T = void>(path: string, name: string, args: readonly Word[], body?: () => Steps<T>): Steps<T> {
    const { places } = this.system.kernel
    const at = `${fileKey(path)}:${name}`
    this.task.userFrames.push(name)
    places.user("userEntry", at, userAddress(name), args, undefined, this.task)
    yield 200
    const result = (body === undefined ? undefined : yield* body()) as T
    places.user("userReturn", at, userAddress(name), args, result as Word, this.task)
    // execve() comes back in another program.
    if (this.task.userFrames.at(-1) === name) this.task.userFrames.pop()
    return result
  }

  /** Puts a text where the process writes from. */
  protected fill(text: string): number {
    const bytes = new TextEncoder().encode(text).subarray(0, 4096)
    this.system.kernel.memory.linear.bytes(this.buffer.offset, bytes.length).set(bytes)
    return bytes.length
  }

  /** Does something with a path in the memory of the process. */
  protected *withPath<T>(path: string, body: (name: UserPointer) => Steps<T>): Steps<T> {
    const { memory } = this.system.kernel
    const name = memory.user(path)
    const result = yield* body(name)
    memory.freeUser(name)
    return result
  }

  /** A system call, by the function of the C library that makes it. */
  protected *syscall<T extends Word>(name: SyscallName, args: readonly Word[], body: () => Steps<T> | T): Steps<T> {
    const { function: caller = name, arguments: given = args } = wrapper(name, args)
    const ended = (task: Task): Steps<void> => this.system.life.deliver(task)
    return yield* this.call("libc.so.6", caller, given, () =>
      syscall(this.system.kernel, this.task, name, args, body, ended),
    )
  }
}
