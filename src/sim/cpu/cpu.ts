import type { Task } from "../tasks/task.ts"

/** A processor of the simulated computer. */
export interface Cpu {
  readonly index: number
  /** What it runs when there is nothing to do: `swapper/0`. */
  readonly idle: Task
  /** What runs on it. */
  current: Task
  /** Tasks that want to run on it, the one that waits longest first. */
  readonly ready: Task[]
  /** Another task is to run as soon as possible. */
  resched: boolean
  /** It sleeps until something wakes it up. */
  asleep: boolean
  /** When the current task began to run. */
  since: number
}
