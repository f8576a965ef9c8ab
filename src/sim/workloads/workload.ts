import type { System } from "../system.ts"

/** Something for a simulated computer to do: files that are there, and processes with their scripts. */
export interface Workload {
  /** Its name on the command line. */
  readonly name: string
  /** What it does, in a line. */
  readonly about: string
  /** Makes its files and starts its processes. */
  start(system: System): void
}

export const MILLISECOND = 1_000_000
export const SECOND = 1_000_000_000
