import type { Machine } from "../machine/index.ts"
import type { Process, Script, System } from "../sim/index.ts"
import type { Refusal } from "../vm/index.ts"
import { kernelSnapshot } from "./host/snapshot.ts"

/** What a process of a simulated computer does: a generator whose calls to the system are `yield*`. */
export type ProcessScript = Script

/** What a simulated computer is like, and what goes on in it. */
export interface SimulateOptions {
  /** What it does, as docs/simulation.md lists it: `demo`, `shell`, `web` …; `idle` without one. */
  readonly workload?: string
  /** Where its random numbers begin: the same run for the same seed. 1 without it. */
  readonly seed?: number
  /** Its processors; 2 without it. */
  readonly cpus?: number
}

/** A simulated computer. Programs that are loaded into its machine see what goes on in it while its time goes on. */
export interface Simulation {
  /** What `BPF.load({ machine })` takes. */
  readonly machine: Machine
  /** Seconds since it was booted. */
  readonly uptime: number
  /** Lets simulated time go on, at once. @throws SkepError VM_… when a program fails */
  run(seconds: number): void
  /** Makes a file with the folders above it. `size` is in bytes, 0 without it; `mode` as `ls` numbers it, 0o644 without it. */
  file(path: string, size?: number, mode?: number): void
  /** Starts a process: its name, or its name and its user, and what it does. */
  spawn(process: string | { readonly comm: string; readonly uid?: number }, script: ProcessScript): SimulatedProcess
}

/** A process of a simulated computer, as its script has it. */
export type SimulatedProcess = Process

/**
 * A simulated computer to run programs on: no rights, no Linux, and the same events in every run.
 *
 *     const computer = await simulate({ workload: "web" })
 *     using b = await BPF.load({ file: "connects.c", machine: computer.machine })
 *     computer.run(2)
 *     console.log([...b.table("connects")])
 *
 * @throws SkepError SIM_NO_WORKLOAD, SNAPSHOT_MISSING
 */
export const simulate = (options: SimulateOptions = {}): Promise<Simulation> => simulateFor(options)

/** The same; with `refusal` it takes the place of a kernel that this process may not use, and what it cannot stand for is refused as that kernel does. */
export async function simulateFor(options: SimulateOptions, refusal?: Refusal): Promise<Simulation> {
  // It is large, and most programs run in a kernel.
  const sim = await import("../sim/index.ts")
  const { workload = "idle", ...rest } = options
  const chosen = sim.workload(workload)
  const { machine, system } = sim.simulate(kernelSnapshot(), { ...rest, machine: { refusal } })
  chosen.start(system)
  return new Simulated(machine, system)
}

const REGULAR = 0o100000

class Simulated implements Simulation {
  readonly machine: Machine
  readonly #system: System

  constructor(machine: Machine, system: System) {
    this.machine = machine
    this.#system = system
  }

  get uptime(): number {
    return this.#system.kernel.now() / 1e9
  }

  run(seconds: number): void {
    this.#system.run(seconds * 1e9)
  }

  file(path: string, size = 0, mode = 0o644): void {
    this.#system.files.make(path, REGULAR | mode, size)
  }

  spawn(process: string | { readonly comm: string; readonly uid?: number }, script: ProcessScript): SimulatedProcess {
    return this.#system.spawn(process, script)
  }
}
