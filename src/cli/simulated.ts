import type { Simulation } from "../bpf/index.ts"
import { simulate } from "../bpf/index.ts"
import { UsageError } from "./command.ts"
import type { Stop } from "./stop.ts"
import { note } from "./style.ts"

/** Options of commands that run programs: where, and what goes on there. */
export const WHERE_OPTIONS = {
  on: {
    value: "kernel|vm",
    choices: ["kernel", "vm"],
    about:
      "in this kernel, or on the embedded machine: a simulated kernel (docs/simulation.md), or with --pcap the packets (vm without it)",
  },
  workload: { value: "NAME", about: "what goes on in the simulated kernel: demo, shell, web, disk, upkeep, idle" },
  seed: { value: "N", about: "where the simulation's random numbers begin; the same run for the same number" },
} as const

/** What was given of {@link WHERE_OPTIONS}. */
export interface Where {
  readonly on?: string
  readonly workload?: string
  readonly seed?: string
}

/** The simulated computer that options ask for; undefined where the program runs in the kernel. */
export async function simulationOf({ on, workload, seed }: Where): Promise<Simulation | undefined> {
  const asked = workload !== undefined || seed !== undefined
  if (on === "kernel" && asked) throw new UsageError("--workload and --seed are for the simulated kernel: --on vm")
  if (
    on === "kernel" ||
    (on === undefined && !asked && process.env.SKEP_MACHINE !== "vm" && process.platform === "linux")
  )
    return undefined
  const number = Number(seed ?? 1)
  if (!Number.isInteger(number)) throw new UsageError(`--seed is a whole number, not '${seed}'`)
  const name = workload ?? "demo"
  const computer = await simulate({ workload: name, seed: number })
  const why =
    on === undefined && !asked && process.platform !== "linux" ? `this is ${process.platform}, not Linux: ` : ""
  note(`${why}simulated: nothing here is of this computer; the workload is ${name}, the seed ${number}`)
  return computer
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
