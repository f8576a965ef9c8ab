import type { Kernel } from "../kernel.ts"
import { DEAD, RUNNING, type Task } from "../tasks/task.ts"
import type { Cpu } from "./cpu.ts"

/** `TASK_REPORT_MAX`: the state that `sched_switch` tells of a task that would rather run on. */
const PREEMPTED = 0x100
/** Nanoseconds after which another task gets its turn. */
export const SLICE = 3_000_000

/** Which task runs on which processor. */
export class Scheduler {
  readonly #kernel: Kernel
  readonly #switched: () => void

  /** `switched` is told of every switch from one task to another. */
  constructor(kernel: Kernel, switched: () => void) {
    this.#kernel = kernel
    this.#switched = switched
  }

  /** Lets time go on until all that is to happen before `end` has happened. @throws what a program throws that runs at a place */
  run(end: number): void {
    const kernel = this.#kernel
    kernel.end = end
    while (kernel.queue.next <= end) {
      const event = kernel.queue.take()!
      kernel.reach(event.time)
      event.happen()
      const { failure } = kernel.places
      if (failure === undefined) continue
      kernel.places.failure = undefined
      throw failure.error
    }
    kernel.reach(end)
  }

  /** A task wants to run again, because of what the current one, or an interrupt, did. */
  wake(task: Task): boolean {
    const kernel = this.#kernel
    return kernel.callNow("try_to_wake_up", [task.object, 3, 0], () => {
      if (task.state === DEAD) return false
      const fields = () => ({ comm: task.comm, pid: task.pid, prio: 120, target_cpu: task.cpu })
      kernel.tracepoint("sched:sched_waking", fields, () => [task.object])
      if (task.state === RUNNING) {
        task.woken = true
        return true
      }
      this.#enqueue(task)
      kernel.tracepoint("sched:sched_wakeup", fields, () => [task.object])
      return true
    })
  }

  /** A new task begins. */
  wakeNew(task: Task): void {
    const kernel = this.#kernel
    kernel.callNow("wake_up_new_task", [task.object], () => {
      this.#enqueue(task)
      const fields = () => ({ comm: task.comm, pid: task.pid, prio: 120, target_cpu: task.cpu })
      kernel.tracepoint("sched:sched_wakeup_new", fields, () => [task.object])
    })
  }

  #enqueue(task: Task): void {
    const kernel = this.#kernel
    const cpu = this.#choose(task)
    if (cpu.index !== task.cpu) {
      const from = task.cpu
      const fields = () => ({ comm: task.comm, pid: task.pid, prio: 120, orig_cpu: from, dest_cpu: cpu.index })
      kernel.tracepoint("sched:sched_migrate_task", fields, () => [task.object, cpu.index])
      task.cpu = cpu.index
    }
    task.state = RUNNING
    task.object.set({ __state: RUNNING, on_rq: 1, "thread_info.cpu": cpu.index })
    cpu.ready.push(task)
    if (cpu.asleep) {
      cpu.asleep = false
      kernel.after(kernel.between(900, 2500), () => this.go(cpu))
    } else if (kernel.now() - cpu.since > SLICE / 2) cpu.resched = true
  }

  /** A processor with nothing to do, or the one that the task knows. */
  #choose(task: Task): Cpu {
    const { processors } = this.#kernel
    const last = processors[task.cpu]
    return last.asleep ? last : (processors.find(cpu => cpu.asleep) ?? last)
  }

  /** A processor runs what is there, until time has to go by or there is nothing more. */
  go(cpu: Cpu): void {
    const kernel = this.#kernel
    kernel.moveTo(cpu.index)
    for (;;) {
      if (cpu.current === cpu.idle) {
        if (cpu.ready.length === 0) {
          cpu.asleep = true
          return
        }
        this.#switch(cpu, false)
      } else if (cpu.resched && cpu.ready.length > 0) this.#switch(cpu, true)
      const step = cpu.current.next()
      if (step === undefined) {
        cpu.current.state = DEAD
        this.#switch(cpu, false)
      } else if (typeof step !== "number") this.#sleep(cpu)
      else {
        const time = kernel.now() + Math.round(step)
        if (kernel.queue.next > time && time < kernel.end) kernel.reach(time)
        else {
          kernel.queue.put(time, () => this.go(cpu))
          return
        }
      }
    }
  }

  #sleep(cpu: Cpu): void {
    const task = cpu.current
    if (task.woken) {
      task.woken = false
      task.state = RUNNING
    } else this.#switch(cpu, false)
  }

  #switch(cpu: Cpu, preempt: boolean): void {
    const kernel = this.#kernel
    const prev = cpu.current
    cpu.resched = false
    if (preempt) cpu.ready.push(prev)
    const next = cpu.ready.shift() ?? cpu.idle
    const state = preempt || prev === cpu.idle ? RUNNING : prev.state
    prev.frames.push("schedule", "__schedule")
    prev.switched = 2
    prev.object.set({ __state: state, on_rq: state === RUNNING ? 1 : 0 })
    prev.object.add(state === RUNNING ? "nivcsw" : "nvcsw", 1)
    prev.object.add("se.sum_exec_runtime", kernel.now() - cpu.since)
    kernel.tracepoint(
      "sched:sched_switch",
      () => ({
        prev_comm: prev.comm,
        prev_pid: prev.pid,
        prev_prio: 120,
        prev_state: preempt ? PREEMPTED : state,
        next_comm: next.comm,
        next_pid: next.pid,
        next_prio: 120,
      }),
      () => [preempt, prev.object, next.object, state],
    )
    this.#switched()
    prev.object.set({ on_cpu: 0 })
    next.object.set({ on_cpu: 1, __state: RUNNING })
    kernel.pass(kernel.between(300, 900))
    cpu.current = next
    cpu.since = kernel.now()
    // From here on it is the other task's call that returns.
    kernel.callNow("finish_task_switch", [prev.object])
    next.frames.length -= next.switched
    next.switched = 0
    if (next === cpu.idle)
      kernel.tracepoint(
        "power:cpu_idle",
        () => ({ state: 1, cpu_id: cpu.index }),
        () => [1, cpu.index],
      )
    else if (prev === cpu.idle) {
      const fields = () => ({ state: 0xffffffff, cpu_id: cpu.index })
      kernel.tracepoint("power:cpu_idle", fields, () => [0xffffffff, cpu.index])
    }
  }
}
