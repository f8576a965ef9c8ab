import { userAddress } from "../kernel.ts"
import type { Script } from "../system.ts"
import { NAMESPACES, type NamespaceKind } from "../tasks/namespaces.ts"
import type { Task } from "../tasks/task.ts"
import type { Steps } from "../time/steps.ts"
import { FileCalls } from "./files.ts"
import type { Process } from "./process.ts"

/** What a shell's child ends with when there is no such program. */
const NOT_FOUND = 127

/** Calls for processes. */
export abstract class TaskCalls extends FileCalls {
  /** Another process, as a script has it. */
  protected abstract processOf(task: Task): Process

  /** Sleeps for some nanoseconds. */
  *sleep(nanoseconds: number): Steps<number> {
    const task = this.task
    return yield* this.syscall("nanosleep", [this.buffer, 0], () => this.system.life.sleep(task, nanoseconds))
  }

  /** A new process, or a thread, that does what a script says; its number. */
  *fork(script: Script, thread = false): Steps<number> {
    return yield* this.syscall("clone", [thread ? 0x10f00 : 17, 0, 0, 0, 0], () => this.#fork(script, thread))
  }

  *#fork(script: Script, thread: boolean): Steps<number> {
    const child = yield* this.system.life.fork(this.task, task => script(this.processOf(task)), thread)
    return child.pid
  }

  /** A new thread that does what a script says; its number. */
  *thread(script: Script): Steps<number> {
    return yield* this.call("libpthread.so.0", "pthread_create", [this.buffer, 0, userAddress("work"), 0], () =>
      this.fork(script, true),
    )
  }

  /** Becomes another program. */
  *exec(path: string, args: readonly string[] = []): Steps<number> {
    const { memory } = this.system.kernel
    const texts = [path, ...args].map(text => memory.user(text))
    const words = new Uint8Array((texts.length + 1) * 8)
    const view = new DataView(words.buffer)
    for (const [i, text] of texts.entries()) view.setBigUint64(i * 8, text.address, true)
    const list = memory.user(words)
    const result = yield* this.syscall("execve", [texts[0], list, 0], () =>
      this.system.life.exec(this.task, path, args, texts[0]),
    )
    for (const pointer of [...texts, list]) memory.freeUser(pointer)
    return result
  }

  /** Waits for a child to end; its number. */
  *wait(): Steps<number> {
    return yield* this.syscall("wait4", [-1, 0, 0, 0], () => this.system.life.wait(this.task))
  }

  /** Runs a program in a new process and waits for it, as a shell does. */
  *run(path: string, args: readonly string[] = [], script: Script = function* () {}): Steps<number> {
    const child = yield* this.fork(function* (process) {
      if ((yield* process.exec(path, args)) < 0) yield* process.exit(NOT_FOUND)
      yield* script(process)
    })
    yield* this.wait()
    return child
  }

  /** Ends. */
  *exit(code = 0): Steps<never> {
    const { life } = this.system
    yield* this.syscall("exit_group", [code], () => life.exit(this.task, code))
    throw new Error("a task that has ended goes on")
  }

  /** Goes on in namespaces of its own. */
  *unshare(...kinds: readonly NamespaceKind[]): Steps<number> {
    const flags = kinds.reduce((all, kind) => all | NAMESPACES[kind].flag, 0)
    return yield* this.syscall("unshare", [flags], () => this.system.namespaces.unshare(this.task, kinds, flags))
  }

  /** Moves to a control group, which is made where it is not there, by its file `cgroup.procs`. */
  *joinGroup(path: string): Steps<void> {
    const procs = `/sys/fs/cgroup${path}/cgroup.procs`
    if (this.system.files.find(procs) === undefined) this.system.files.make(procs)
    const fd = yield* this.open(procs, "both")
    const bytes = this.fill(`${this.pid}`)
    yield* this.syscall("write", [fd, this.buffer, bytes], () => this.system.namespaces.join(this.task, path, bytes))
    yield* this.close(fd)
  }

  /** Sends a signal to a process. */
  *kill(pid: number, signal: number): Steps<number> {
    return yield* this.syscall("kill", [pid, signal], () => this.system.life.kill(this.task, pid, signal))
  }
}
