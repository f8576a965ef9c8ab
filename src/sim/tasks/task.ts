import type { OpenFile } from "../files/tree.ts"
import type { KernelObject } from "../memory/object.ts"
import type { Step, Steps } from "../time/steps.ts"
import { isSteps } from "../time/steps.ts"

/** States of a task. Source: Linux include/linux/sched.h. */
export const RUNNING = 0
export const INTERRUPTIBLE = 1
export const UNINTERRUPTIBLE = 2
export const DEAD = 0x80

/** A control group of version 2. */
export interface ControlGroup {
  /** Below the place where it is mounted. */
  readonly path: string
  /** What `bpf_get_current_cgroup_id` gives. */
  readonly id: bigint
  /** Control groups above it. */
  readonly level: number
  /** `struct cgroup`, and `struct css_set` of the tasks in it. */
  readonly group: KernelObject
  readonly set: KernelObject
}

/** A thread of the simulated kernel: its `task_struct`, and what it does. */
export class Task {
  /** Number of the thread. */
  readonly pid: number
  /** Number of the process. */
  readonly tgid: number
  comm: string
  readonly parent: Task | undefined
  readonly object: KernelObject
  /** The registers with which it entered the kernel. */
  readonly regs: KernelObject
  readonly uid: number
  readonly gid: number
  /** The control group that it is in. */
  group: ControlGroup
  /** The processor that it runs on, or ran on last. */
  cpu = 0
  state = RUNNING
  /** Functions of the kernel that are under way, the innermost last. */
  readonly frames: string[] = []
  /** Functions of its program that are under way, the innermost last. */
  readonly userFrames: string[] = []
  /** Frames that go when it runs again. */
  switched = 0
  /** Somebody woke it up before it slept. */
  woken = false
  /** Open files by their descriptors. */
  readonly files = new Map<number, OpenFile>()
  readonly children: Task[] = []
  /** Tasks that wait for a child of it to end. */
  readonly waiters: Task[] = []
  exitCode: number | undefined
  /** A signal that is to end it. */
  fatal: number | undefined
  /** Gives back what the kernel took for it. */
  readonly given: (() => void)[] = []
  /** What goes with it when it has ended. */
  readonly owned: { readonly offset: number }[]
  readonly #steps: Steps<unknown>[] = []
  #result: unknown

  constructor(
    parts: Pick<Task, "pid" | "tgid" | "comm" | "parent" | "object" | "regs" | "uid" | "gid" | "group" | "owned">,
  ) {
    this.pid = parts.pid
    this.tgid = parts.tgid
    this.comm = parts.comm
    this.parent = parts.parent
    this.object = parts.object
    this.regs = parts.regs
    this.uid = parts.uid
    this.gid = parts.gid
    this.group = parts.group
    this.owned = parts.owned
  }

  /** Sets what it does. */
  begin(body: Steps<unknown>): void {
    this.#steps.length = 0
    this.#steps.push(body)
  }

  /** Goes on to where time goes by next; undefined when it has nothing more to do. */
  next(): Exclude<Step, Steps<unknown>> | undefined {
    for (;;) {
      const steps = this.#steps.at(-1)
      if (steps === undefined) return undefined
      const { done, value } = steps.next(this.#result)
      this.#result = undefined
      if (done) {
        this.#steps.pop()
        this.#result = value
      } else if (isSteps(value)) this.#steps.push(value)
      else return value
    }
  }
}
