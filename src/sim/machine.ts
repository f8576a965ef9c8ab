import type { AttachTarget } from "../machine/index.ts"
import type { KernelSnapshot } from "../snapshot/index.ts"
import {
  describeTarget,
  Memory,
  type Placed,
  type Places,
  VirtualMachine,
  type VirtualMachineOptions,
} from "../vm/index.ts"
import type { KernelOptions } from "./kernel.ts"
import { attachTo } from "./places/attach.ts"
import { System } from "./system.ts"

/** How a simulated computer is made. */
export interface SimulationOptions extends KernelOptions {
  /** What the machine that runs programs is to be like. */
  readonly machine?: Pick<VirtualMachineOptions, "jit" | "budget" | "memoryLimit">
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
    places: new SimulatedPlaces(system),
    version: { major: snapshot.version >> 16, minor: (snapshot.version >> 8) & 0xff },
  })
  return { machine, system }
}

class SimulatedPlaces implements Places {
  readonly #system: System

  constructor(system: System) {
    this.#system = system
  }

  attach(program: Parameters<Places["attach"]>[0], target: AttachTarget): Placed {
    const { count, detach } = attachTo(this.#system, target, (context, at) => program.run(context, at)[0])
    const more = count > 1 ? ` (${count} places)` : ""
    return { place: `${describeTarget(target)}${more}`, method: "simulated", detach }
  }
}
