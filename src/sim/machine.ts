import { SkepError } from "../base/index.ts"
import type { AttachTarget } from "../machine/index.ts"
import type { KernelSnapshot } from "../snapshot/index.ts"
import {
  describeTarget,
  Memory,
  type Placed,
  type Places,
  type Refusal,
  VirtualMachine,
  type VirtualMachineOptions,
} from "../vm/index.ts"
import type { KernelOptions } from "./kernel.ts"
import { attachTo } from "./places/attach.ts"
import { System } from "./system.ts"

/** How a simulated computer is made. */
export interface SimulationOptions extends KernelOptions {
  /** What the machine that runs programs is to be like. */
  readonly machine?: Pick<VirtualMachineOptions, "jit" | "budget" | "memoryLimit" | "refusal">
}

/** A simulated computer, and the machine that programs are loaded into. */
export interface Simulation {
  readonly machine: VirtualMachine
  readonly system: System
}

/** A simulated computer with an embedded machine in its kernel: what is attached there runs as the simulated time goes on. */
export function simulate(snapshot: KernelSnapshot, options: SimulationOptions = {}): Simulation {
  const memory = new Memory({ limit: options.machine?.memoryLimit })
  const system = new System(memory, snapshot, options)
  const machine = new VirtualMachine({
    ...options.machine,
    memory,
    environment: system.kernel,
    types: () => snapshot.btf,
    places: new SimulatedPlaces(system, options.machine?.refusal),
    version: { major: snapshot.version >> 16, minor: (snapshot.version >> 8) & 0xff },
  })
  return { machine, system }
}

/** Kinds of places that every kernel has. Programs, devices and processes are of the one computer that they are on. */
const IN_ANY_KERNEL = /^(k(ret)?probe(_multi)?|tracepoint(_multi)?|raw_tracepoint|tp_btf|fentry|fexit|fmod_ret|lsm)$/

class SimulatedPlaces implements Places {
  readonly #system: System
  readonly #refusal: Refusal | undefined

  constructor(system: System, refusal: Refusal | undefined) {
    this.#system = system
    this.#refusal = refusal
  }

  attach(program: Parameters<Places["attach"]>[0], target: AttachTarget): Placed {
    const refused = (): SkepError | undefined =>
      this.#refusal?.(`attaching ${program.name} to ${describeTarget(target)}`, program.type)
    if (!IN_ANY_KERNEL.test(target.kind)) {
      const error = refused()
      if (error !== undefined) throw error
    }
    try {
      const { count, detach } = attachTo(this.#system, target, (context, at) => program.run(context, at)[0])
      const more = count > 1 ? ` (${count} places)` : ""
      return { place: `${describeTarget(target)}${more}`, method: "simulated", detach }
    } catch (error) {
      throw (error instanceof SkepError && error.code === "SIM_NO_PLACE" && refused()) || error
    }
  }
}
