import type { KernelObject, UserPointer } from "../memory/object.ts"
import type { System } from "../system.ts"
import { BLOCK, type Steps } from "../time/steps.ts"
import { capable } from "./rights.ts"
import { DEAD, INTERRUPTIBLE, type Task } from "./task.ts"

const CLONE_THREAD = 0x00010f00
const SIGCHLD = 17
/** Signals that end a process which does not handle them: SIGINT, SIGKILL, SIGTERM. Programs handle the others. */
const FATAL: ReadonlySet<number> = new Set([2, 9, 15])
/** Error number of a process that is not there. */
const ESRCH = 3
const EPERM = 1

/** How processes begin, become other programs, wait, and end. */
export class Life {
  readonly #system: System

  constructor(system: System) {
    this.#system = system
  }

  /** A new process or thread that does what `body` says. */
  *fork(parent: Task, body: (child: Task) => Steps<unknown>, thread = false): Steps<Task> {
    const { kernel, allocator } = this.#system
    const flags = thread ? CLONE_THREAD : SIGCHLD
    const args = kernel.memory.new("kernel_clone_args", { flags, exit_signal: thread ? 0 : SIGCHLD })
    let child!: Task
    yield* kernel.call("kernel_clone", [args], () =>
      kernel.call("copy_process", [0, 0, -1, args], () => this.#copy(parent, flags, thread, made => (child = made))),
    )
    child.given.push(allocator.take("task_struct", 9792))
    // Counters of the pages of an address space: four, on each processor.
    if (!thread) child.given.push(allocator.perCpu(16, 4))
    child.begin(this.#lifeOf(child, body(child)))
    this.#system.add(child)
    const fields = () => ({
      parent_comm: parent.comm,
      parent_pid: parent.pid,
      child_comm: child.comm,
      child_pid: child.pid,
    })
    kernel.tracepoint("sched:sched_process_fork", fields, () => [parent.object, child.object])
    this.#system.scheduler.wakeNew(child)
    kernel.memory.free(args)
    return child
  }

  *#copy(parent: Task, flags: number, thread: boolean, done: (child: Task) => void): Steps<KernelObject> {
    const { kernel, objects } = this.#system
    const child = objects.make({ comm: parent.comm, parent, thread, cpu: parent.cpu })
    child.cpu = parent.cpu
    // The first that it does is to come back from the switch to it.
    child.frames.push("ret_from_fork_asm", "ret_from_fork", "schedule_tail")
    child.switched = 3
    for (const [fd, file] of parent.files) child.files.set(fd, file)
    child.userFrames.push(...parent.userFrames)
    yield* kernel.call("sched_fork", [flags, child.object], () => 0, 200)
    yield* kernel.call("copy_mm", [flags, child.object], () => 0, thread ? 100 : 60_000)
    const fields = () => ({ pid: child.pid, comm: child.comm, clone_flags: flags, oom_score_adj: 0 })
    kernel.tracepoint("task:task_newtask", fields, () => [child.object, flags])
    if (!thread) parent.children.push(child)
    done(child)
    return child.object
  }

  *#lifeOf(task: Task, body: Steps<unknown>): Steps<void> {
    yield 500
    yield* body
    if (task.state !== DEAD) yield* this.exit(task, 0)
  }

  /** A process becomes another program. `name` is the path in its memory. */
  *exec(task: Task, path: string, args: readonly string[], name: UserPointer): Steps<number> {
    const { kernel, files, allocator } = this.#system
    const { memory } = kernel
    const node = files.find(path)
    if (node === undefined) return -2
    const text = memory.string(path)
    const filename = memory.new("filename", { name: text, uptr: name })
    const file = memory.new("file", {
      "f_path.dentry": node.dentry,
      "f_path.mnt": node.system.vfsmount,
      f_inode: node.inode,
    })
    const bprm = memory.new("linux_binprm", {
      file,
      filename: text,
      interp: text,
      argc: args.length,
      cred: task.object.big("cred"),
    })
    const old = task.pid
    yield* kernel.call("do_execveat_common.isra.0", [-100, filename, 0], () =>
      kernel.call("bprm_execve", [bprm], () => this.#become(task, bprm, path, old)),
    )
    yield* allocator.fault(0x7ffd00000ff0n)
    yield* allocator.fault(0x555555558000n)
    for (const object of [bprm, file, filename, text]) memory.free(object)
    return 0
  }

  *#become(task: Task, bprm: KernelObject, path: string, old: number): Steps<number> {
    const { kernel, pages, files } = this.#system
    const node = files.find(path)!
    yield* pages.read(node, 0, Math.min(node.size, 16_384))
    yield* kernel.call("begin_new_exec", [bprm], () => {
      task.comm = path.slice(path.lastIndexOf("/") + 1).slice(0, 15)
      kernel.callNow("__set_task_comm", [task.object, 0, 1], () => {
        task.object.set({ comm: task.comm })
      })
      return 0
    })
    task.userFrames.length = 0
    task.userFrames.push("_start", "__libc_start_main", "main")
    yield* kernel.call("load_elf_binary", [bprm], () => 0, 90_000)
    const fields = () => ({ filename: path, pid: task.pid, old_pid: old })
    kernel.tracepoint("sched:sched_process_exec", fields, () => [task.object, old, bprm])
    return 0
  }

  /** A task ends, by itself or by a signal; it does nothing more. */
  *exit(task: Task, code: number, signal = 0): Steps<never> {
    const { kernel, scheduler, vfs } = this.#system
    const { frames } = task
    const status = (code << 8) | signal
    const caller = kernel.caller()
    frames.push("do_exit")
    task.object.set({ exit_code: status })
    kernel.places.enter("do_exit", [status], task, caller)
    for (const fd of [...task.files.keys()]) yield* vfs.close(task, fd)
    yield kernel.between(20_000, 60_000)
    kernel.callNow("acct_process", [])
    const group = task.pid === task.tgid
    if (group) kernel.callNow("mmput", [task.object.big("mm")])
    const fields = () => ({ comm: task.comm, pid: task.pid, prio: 120, group_dead: group })
    kernel.tracepoint("sched:sched_process_exit", fields, () => [task.object, group])
    task.exitCode = code
    task.object.set({ exit_state: 0x20, flags: task.object.get("flags") | 4 })
    const { parent } = task
    if (parent !== undefined) {
      this.#generate(SIGCHLD, parent)
      for (const waiter of parent.waiters.splice(0)) scheduler.wake(waiter)
    }
    task.state = DEAD
    for (const give of task.given.splice(0)) give()
    this.#system.remove(task)
    for (const child of task.children)
      child.object.set({ real_parent: task.parent?.object, parent: task.parent?.object })
    kernel.release(...task.owned)
    // Nobody wakes it up again.
    for (;;) yield BLOCK
  }

  /** Waits for a child to end: its number, or 0 without children. */
  *wait(task: Task): Steps<number> {
    const { kernel } = this.#system
    const { children } = task
    return yield* kernel.call("do_wait", [], function* () {
      for (;;) {
        const at = children.findIndex(child => child.exitCode !== undefined)
        if (at >= 0) return children.splice(at, 1)[0].pid
        if (children.length === 0) return 0
        task.waiters.push(task)
        task.state = INTERRUPTIBLE
        yield BLOCK
      }
    })
  }

  /** Sleeps. */
  *sleep(task: Task, nanoseconds: number): Steps<number> {
    const { kernel, interrupts, scheduler } = this.#system
    const timer = 0n
    let rung = false
    kernel.tracepoint(
      "timer:hrtimer_start",
      () => ({ expires: kernel.now() + nanoseconds }),
      () => [timer, 1],
    )
    const cpu = task.cpu
    kernel.after(nanoseconds, () => {
      rung = true
      interrupts.timer(cpu, () => void kernel.callNow("hrtimer_wakeup", [timer], () => void scheduler.wake(task)))
    })
    return yield* kernel.call("hrtimer_nanosleep", [nanoseconds, 1, 1], () =>
      kernel.call("do_nanosleep", [timer, 1], function* () {
        while (!rung && task.exitCode === undefined) {
          task.state = INTERRUPTIBLE
          yield BLOCK
        }
        return 0
      }),
    )
  }

  /** Sends a signal; one that ends the process ends it. */
  *kill(task: Task, pid: number, signal: number): Steps<number> {
    const { kernel } = this.#system
    const target = [...this.#system.processes()].find(one => one.pid === pid)
    if (target === undefined) return -ESRCH
    if (task.uid !== target.uid && (yield* capable(kernel, task, this.#system.objects.userNamespace, "KILL")) !== 0) {
      return -EPERM
    }
    yield* kernel.call("group_send_sig_info", [signal, 0, target.object, 1], () => {
      this.#generate(signal, target)
      return 0
    })
    // The first process and the kernel's threads take no signal that they do not handle.
    const mortal = target.pid !== 1 && target.object.big("mm") !== 0n
    if (mortal && FATAL.has(signal)) this.#end(target, signal)
    return 0
  }

  /** A task that sleeps ends now, one that runs when its system call does. */
  #end(target: Task, signal: number): void {
    target.fatal = signal
    if (target.state !== INTERRUPTIBLE) return
    // It comes back from where it was switched away, and from nothing else that it did.
    target.frames.splice(0, target.frames.length - target.switched)
    target.begin(this.deliver(target))
    this.#system.scheduler.wake(target)
  }

  /** A signal that ends a task is delivered to it. */
  *deliver(task: Task): Steps<void> {
    const { kernel } = this.#system
    const sig = task.fatal
    if (sig === undefined) return
    task.fatal = undefined
    const info = kernel.memory.new("kernel_siginfo", { si_signo: sig })
    yield* kernel.call("get_signal", [0], () => {
      kernel.tracepoint(
        "signal:signal_deliver",
        () => ({ sig }),
        () => [sig, info, 0],
      )
      return true
    })
    kernel.memory.free(info)
    yield* this.exit(task, 0, sig)
  }

  #generate(signal: number, target: Task): void {
    const { kernel } = this.#system
    const info = kernel.memory.new("kernel_siginfo", { si_signo: signal })
    const fields = () => ({ sig: signal, errno: 0, code: 0, comm: target.comm, pid: target.pid, group: 1, result: 0 })
    kernel.tracepoint("signal:signal_generate", fields, () => [signal, info, target.object, 1, 0])
    kernel.memory.free(info)
  }
}
