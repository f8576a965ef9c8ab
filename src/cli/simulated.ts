import { type Instead, type Simulation, simulateFor, usualMachine } from "../bpf/index.ts"
import { UsageError } from "./command.ts"
import type { Stop } from "./stop.ts"

/** The workloads, without what they do: that is read when one runs. */
export const WORKLOAD_NAMES = [
  "demo",
  "shell",
  "web",
  "disk",
  "upkeep",
  "names",
  "storage",
  "login",
  "apps",
  "containers",
  "idle",
] as const

/** Options of commands that run programs: where, and what goes on there. */
export const WHERE_OPTIONS = {
  on: {
    value: "kernel|vm",
    choices: ["kernel", "vm"],
    about:
      "in this kernel, or on the embedded machine: a simulated kernel (docs/simulation.md), or with --pcap the packets; without it in the kernel " +
      "where this user may use it",
  },
  workload: { value: "NAME", about: `what goes on in the simulated kernel: ${WORKLOAD_NAMES.join(", ")}` },
  seed: { value: "N", about: "where the simulation's random numbers begin; the same run for the same number" },
} as const

/** What was given of {@link WHERE_OPTIONS}. */
export interface Where {
  readonly on?: string
  readonly workload?: string
  readonly seed?: string
}

/** The simulated computer that options ask for, or that takes the kernel's place; undefined where the program runs in the kernel. */
export async function simulationOf(where: Where): Promise<Simulated | undefined> {
  const asked = where.workload !== undefined || where.seed !== undefined
  if (where.on === "kernel" && asked) {
    throw new UsageError("--workload and --seed are for the simulated kernel: --on vm")
  }
  const on = where.on ?? (asked ? "vm" : usualMachine())
  if (on === undefined || on === "kernel") return undefined
  return simulated(where, typeof on === "object" ? on : undefined)
}

/** A simulated computer, and the line that says so. */
export interface Simulated {
  readonly computer: Simulation
  readonly remark: string
}

/** A simulated computer; with `instead` nobody asked for it, and what is of this computer is refused as the kernel refuses it. */
export async function simulated({ workload = "demo", seed = "1" }: Where, instead?: Instead): Promise<Simulated> {
  const number = Number(seed)
  if (!Number.isInteger(number)) throw new UsageError(`--seed is a whole number, not '${seed}'`)
  const computer = await simulateFor({ workload, seed: number }, instead?.refusal)
  const what = `nothing here is of this computer; the workload is ${workload}, the seed ${number}`
  const remedy = instead?.refusal === undefined ? "" : "; sudo, or --on kernel, for the real kernel"
  return { computer, remark: `simulated: ${what}${instead === undefined ? "" : ` (${instead.why}${remedy})`}` }
}

/** Simulated seconds that go by before events are shown. */
const SLICE = 0.01

/**
 * Lets simulated time go on, and events be shown in between: for some seconds as fast as it can, without a number as fast as the
 * user's own time until the end is wanted.
 */
export async function passTime(computer: Simulation, seconds: number | undefined, stop: Stop): Promise<void> {
  const begin = performance.now()
  for (let passed = 0; !stop.wanted && (seconds === undefined || passed < seconds); passed += SLICE) {
    computer.run(Math.min(SLICE, (seconds ?? SLICE + passed) - passed))
    const ahead = seconds === undefined ? passed * 1000 - (performance.now() - begin) : 0
    await new Promise(resolve => (ahead > 1 ? setTimeout(resolve, ahead) : setImmediate(resolve)))
  }
}
