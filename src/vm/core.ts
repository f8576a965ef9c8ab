import type { Environment } from "./environment.ts"
import type { Refusal } from "./machine.ts"
import type { VmMap } from "./maps/map.ts"
import type { Memory } from "./memory.ts"
import { Pins } from "./pins.ts"
import { Run, type Runnable } from "./run.ts"
import { Timers } from "./timers.ts"
import { TraceOutput } from "./traceOutput.ts"

/** Something that a program or a map refers to by a number, as the kernel's do by descriptors. */
export type Handled = VmMap | Runnable | HandledSocket

/** A socket that a program can be attached to. */
export interface HandledSocket {
  readonly kind: "socket"
}

/** What all programs of a machine share. */
export class Core {
  readonly memory: Memory
  readonly environment: Environment
  /** What programs print. */
  readonly trace = new TraceOutput()
  readonly timers: Timers = new Timers(this)
  readonly pins: Pins
  /** Instructions that a run may make. */
  readonly budget: number
  readonly #runs: Run[] = []
  readonly #handles = new Map<number, Handled>()
  readonly #maps = new Map<number, VmMap>()
  #next = 3

  constructor(memory: Memory, environment: Environment, budget: number, refusal?: Refusal) {
    this.memory = memory
    this.environment = environment
    this.budget = budget
    this.pins = new Pins(refusal)
  }

  /** A run for a program: one that has ended, or a new one. */
  takeRun(): Run {
    return this.#runs.pop() ?? new Run(this)
  }
  /** The run has ended. */
  giveRun(run: Run): void {
    this.#runs.push(run)
  }

  /** Gives something a number that is not used again. */
  open(handled: Handled): number {
    const handle = this.#next++
    this.#handles.set(handle, handled)
    return handle
  }

  /** Forgets a number. */
  close(handle: number): void {
    this.#handles.delete(handle)
  }

  /** What has a number. */
  handled(handle: number): Handled | undefined {
    return this.#handles.get(handle)
  }

  /** The map that programs have at an address. */
  mapAt(address: number): VmMap | undefined {
    return this.#maps.get(address)
  }
  /** Called by a map when it is made. */
  placeMap(map: VmMap): void {
    this.#maps.set(map.address, map)
  }
  /** Called by a map when it goes. */
  removeMap(map: VmMap): void {
    this.#maps.delete(map.address)
  }

  /** All that has a number, in the order of the numbers. */
  all(): IterableIterator<Handled> {
    return this.#handles.values()
  }
}
