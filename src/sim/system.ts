import type { KernelSnapshot } from "../snapshot/index.ts"
import type { Memory } from "../vm/index.ts"
import { Disk } from "./block/disk.ts"
import { Ipc } from "./calls/ipc.ts"
import { Counters } from "./cpu/counters.ts"
import { Interrupts } from "./cpu/interrupts.ts"
import { Scheduler } from "./cpu/scheduler.ts"
import { FileContent } from "./files/content.ts"
import { FileNames } from "./files/names.ts"
import { PageCache } from "./files/pages.ts"
import { type FileNode, FileTree, S_IFCHR } from "./files/tree.ts"
import { Vfs } from "./files/vfs.ts"
import { Kernel, type KernelOptions } from "./kernel.ts"
import { Futex } from "./locks/futex.ts"
import { Allocator } from "./memory/allocator.ts"
import { Pressure } from "./memory/pressure.ts"
import { Loopback } from "./net/loopback.ts"
import { Tcp } from "./net/tcp.ts"
import { Udp } from "./net/udp.ts"
import { Unix } from "./net/unix.ts"
import { Process } from "./process/process.ts"
import { Life } from "./tasks/life.ts"
import { Namespaces } from "./tasks/namespaces.ts"
import { type NewTask, newCpu, TaskObjects } from "./tasks/objects.ts"
import { INTERRUPTIBLE, type Task } from "./tasks/task.ts"
import { visits } from "./tasks/visits.ts"
import { Work } from "./tasks/workqueue.ts"
import { BLOCK, type Steps } from "./time/steps.ts"

/** What a process of a workload does: a generator, in which each call to the system is `yield*`. */
export type Script = (process: Process) => Steps<unknown>

/** Number of the first process of a workload. */
const FIRST_PROCESS = 1200

/** A simulated computer: the kernel and all that it does. */
export class System {
  readonly kernel: Kernel
  readonly objects: TaskObjects
  readonly scheduler: Scheduler
  readonly interrupts: Interrupts
  readonly counters: Counters
  readonly allocator: Allocator
  /** `vda`, where the root file system lies, and two more. */
  readonly disks: readonly Disk[]
  readonly files: FileTree
  readonly pages: PageCache
  readonly vfs: Vfs
  readonly content: FileContent
  readonly names: FileNames
  readonly life: Life
  readonly loopback: Loopback
  readonly tcp: Tcp
  readonly udp: Udp
  readonly unix: Unix
  readonly pressure: Pressure
  readonly ipc: Ipc
  readonly futex: Futex
  readonly namespaces: Namespaces
  readonly #tasks = new Map<number, Task>()
  readonly #init: Task
  /** What processes write to that have no other place. */
  readonly #terminal: FileNode

  constructor(memory: Memory, snapshot: KernelSnapshot, options: KernelOptions = {}) {
    const kernel = new Kernel(memory, snapshot, options)
    this.kernel = kernel
    kernel.visits = (kind, scope) => visits(this.processes(), kind, scope)
    this.objects = new TaskObjects(kernel)
    for (let i = 0; i < kernel.cpus; i++) kernel.processors.push(newCpu(i, this.objects.idle(i), kernel.now()))
    this.scheduler = new Scheduler(kernel, () => this.counters.count("context-switches", 1))
    this.interrupts = new Interrupts(this)
    this.counters = new Counters(this)
    this.allocator = new Allocator(this)
    this.disks = [0, 1, 2].map(index => new Disk(this, index))
    this.files = new FileTree(this, this.disks[0])
    this.pages = new PageCache(this)
    this.vfs = new Vfs(this)
    this.content = new FileContent(this)
    this.names = new FileNames(this)
    this.life = new Life(this)
    this.loopback = new Loopback(this)
    this.tcp = new Tcp(this)
    this.udp = new Udp(this)
    this.unix = new Unix(this)
    this.pressure = new Pressure(this)
    this.ipc = new Ipc(this)
    this.futex = new Futex(this)
    this.namespaces = new Namespaces(this)
    this.#terminal = this.files.make("/dev/pts/0", S_IFCHR | 0o620)
    this.#init = this.#boot()
    this.objects.next = options.firstProcess ?? FIRST_PROCESS
    this.interrupts.start()
  }

  /** All processes and threads that live. */
  processes(): IterableIterator<Task> {
    return this.#tasks.values()
  }
  /** A task begins to live. */
  add(task: Task): void {
    this.#tasks.set(task.pid, task)
  }
  /** A task has ended. */
  remove(task: Task): void {
    this.#tasks.delete(task.pid)
  }

  /**
   * A process that is there when the simulation begins and does what a script says.
   *
   *     system.spawn({ comm: "bash", uid: 1000 }, function* (bash) {
   *       yield* bash.run("/usr/bin/ls", ["-l"])
   *     })
   */
  spawn(wanted: string | Partial<NewTask>, script: Script): Process {
    const parts = typeof wanted === "string" ? { comm: wanted } : wanted
    const task = this.objects.make({ comm: "process", parent: this.#init, ...parts })
    const process = new Process(this, task)
    task.userFrames.push("_start", "__libc_start_main", "main")
    const terminal = this.vfs.opened(task, this.#terminal, 2)
    for (const fd of [0, 1, 2]) task.files.set(fd, terminal)
    const life = this.life
    task.begin(
      (function* () {
        yield 1000
        yield* script(process)
        yield* life.exit(task, 0)
      })(),
    )
    this.#ready(task)
    return process
  }

  /** Lets the simulated time go on. @throws SkepError VM_… when a program fails */
  run(nanoseconds: number): void {
    this.scheduler.run(this.kernel.now() + nanoseconds)
  }

  #boot(): Task {
    const init = this.#sleeping({ comm: "systemd", pid: 1 })
    const kthreadd = this.#sleeping({ comm: "kthreadd", pid: 2, kernelThread: true })
    for (let i = 0; i < this.kernel.cpus; i++) {
      for (const comm of [`ksoftirqd/${i}`, `kworker/${i}:0`]) {
        this.#sleeping({ comm, parent: kthreadd, kernelThread: true, cpu: i })
      }
    }
    this.#thread("rcu_preempt", kthreadd, 40_000_000, () => this.kernel.call("rcu_gp_kthread_wake", [], undefined, 900))
    const writeback = new Work(this, "wb_workfn", () => this.pages.flushAll())
    this.#worker("kworker/u8:1", kthreadd, 500_000_000, writeback)
    return init
  }

  #sleeping(wanted: NewTask): Task {
    const task = this.objects.make(wanted)
    task.state = INTERRUPTIBLE
    task.cpu = wanted.cpu ?? 0
    task.frames.push("schedule", "__schedule")
    task.switched = 2
    task.begin(
      (function* (): Steps<void> {
        for (;;) {
          task.state = INTERRUPTIBLE
          yield BLOCK
        }
      })(),
    )
    this.#tasks.set(task.pid, task)
    return task
  }

  /** A thread of the kernel that does what is queued, which is again and again the same. */
  #worker(comm: string, parent: Task, pause: number, work: Work): void {
    const queue = (): void => work.queue("writeback")
    this.#thread(comm, parent, pause, () => work.execute(), queue)
  }

  /** A thread of the kernel that is woken up again and again to do something. */
  #thread(comm: string, parent: Task, pause: number, work: () => Steps<unknown>, before?: () => void): void {
    const task = this.objects.make({ comm, parent, kernelThread: true })
    const { kernel, scheduler } = this
    task.frames.push("ret_from_fork_asm", "ret_from_fork", "kthread")
    task.begin(
      (function* (): Steps<void> {
        for (;;) {
          const wake = (): void => {
            before?.()
            scheduler.wake(task)
          }
          kernel.after(pause, () => kernel.on(task.cpu, wake))
          task.state = INTERRUPTIBLE
          yield BLOCK
          yield* work()
        }
      })(),
    )
    this.#ready(task)
  }

  #ready(task: Task): void {
    this.#tasks.set(task.pid, task)
    const { kernel, scheduler } = this
    task.state = INTERRUPTIBLE
    kernel.after(1000 * task.pid, () => void scheduler.wake(task))
  }
}
