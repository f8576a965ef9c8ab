import type { IterScope, MachineSymbols } from "../machine/index.ts"
import { Network } from "./packet/network.ts"
import type { Random } from "./random.ts"
import { seededRandom } from "./random.ts"

/** Who runs, as programs can ask. */
export interface CurrentTask {
  /** Number of the thread, which the kernel calls pid. */
  readonly pid: number
  /** Number of the process, which people call pid. */
  readonly tgid: number
  readonly uid: number
  readonly gid: number
  /** At most 15 bytes. */
  readonly comm: string
  /** Number of its control group. */
  readonly cgroupId: bigint
  /** Where its `task_struct` lies in linear memory; 0 where there is none. A bigint is a whole address, of foreign memory. */
  readonly address: number | bigint
}

/** Something that happens later. */
export interface Alarm {
  /** It does not happen any more. Does nothing where it has. */
  cancel(): void
}

/**
 * What a machine asks of the world around its programs. The default answers with fixed values; a simulated kernel, or a test, answers with its own.
 */
export interface Environment {
  /** Number of possible CPUs: copies of per-CPU values. It never changes. */
  readonly cpus: number
  /** The CPU that runs now. */
  cpu(): number
  /** Nanoseconds since boot (CLOCK_MONOTONIC): a whole number. It never goes back. */
  now(): number
  /** Nanoseconds between 1970 and boot. */
  readonly bootTime: bigint
  /** Calls back at a time of {@link now}, once; on which CPU is up to the environment. */
  at(time: number, ring: () => void): Alarm
  /** Numbers that look random: the next 32 bits. */
  random: Random
  /** Who runs now. */
  task(): CurrentTask
  /** Addresses of the calls under way, innermost first: those in the kernel, or in the process. */
  stack(kind: "kernel" | "user"): readonly bigint[]
  /** The symbol that an address lies in, as `%pS` prints it; undefined where there is none. */
  symbolAt?(address: bigint): string | undefined
  /**
   * Memory that is not the machine's own, for programs that read it by helpers: the bytes from an address on, as many of `size` as there are. It is
   * asked before the machine's own memory is.
   */
  foreign?(address: bigint, size: number): Uint8Array
  /** Address of a symbol of the kernel; undefined where there is none. */
  symbol(name: string): bigint | undefined
  /**
   * What iterators of a kind visit (`task`, `task_file`), in order: what stands behind `meta` in their contexts, as 64-bit words. There is nothing without it.
   */
  visits?(kind: string, scope: IterScope): Iterable<readonly bigint[]>
  /** Names of what programs trace; there are none without it. */
  readonly symbols?: MachineSymbols
  /** The function that is traced gives this and does not run (`bpf_override_return`). */
  override?(result: bigint): void
  /** Text of the kernel's configuration: `CONFIG_HZ=250`, a line each. */
  readonly config: string
  /** Devices, routes and sockets. */
  readonly network: Network
}

/** What can be chosen of the default environment. */
export interface EnvironmentOptions {
  /** Possible CPUs; 2 without it. */
  readonly cpus?: number
  /** Where random numbers begin: the same numbers for the same seed. */
  readonly seed?: number
  /** Who runs. */
  readonly task?: Partial<CurrentTask>
  /** Devices, routes and sockets; loopback and eth0 without it. */
  readonly network?: Network
}

const TASK: CurrentTask = { pid: 1000, tgid: 1000, uid: 0, gid: 0, comm: "skep", cgroupId: 1n, address: 0 }
const ETH0 = { index: 2, name: "eth0" }
/** Nanoseconds since boot when a machine starts. */
const START = 1_000_000_000
/** 2026-01-01. */
const BOOT = 1_767_225_600_000_000_000n
/** Nanoseconds by which the clock goes on whenever it is looked at. */
const TICK = 1000

/** A quiet computer: one task, CPU 0, a clock that goes on when somebody looks at it. */
export class FixedEnvironment implements Environment {
  readonly cpus: number
  readonly bootTime: bigint = BOOT
  readonly config = ""
  readonly random: Random
  readonly network: Network
  readonly #task: CurrentTask
  #now = START
  #alarms: { readonly time: number; readonly ring: () => void }[] = []

  constructor({ cpus = 2, seed = 1, task = {}, network = new Network({ devices: [ETH0] }) }: EnvironmentOptions = {}) {
    this.network = network
    this.cpus = cpus
    this.random = seededRandom(seed)
    this.#task = { ...TASK, ...task }
  }

  cpu(): number {
    return 0
  }
  now(): number {
    this.#now += TICK
    return this.#now
  }
  task(): CurrentTask {
    return this.#task
  }
  stack(): readonly bigint[] {
    return []
  }
  symbol(): bigint | undefined {
    return undefined
  }
  at(time: number, ring: () => void): Alarm {
    const alarm = { time, ring }
    this.#alarms.push(alarm)
    return { cancel: () => void (this.#alarms = this.#alarms.filter(a => a !== alarm)) }
  }

  /** Lets time go on, and everything happen that was to happen meanwhile, in order. */
  advance(nanoseconds: number): void {
    const end = this.#now + nanoseconds
    if (this.#alarms.length === 0) {
      this.#now = end
      return
    }
    for (;;) {
      const due = this.#alarms.filter(a => a.time <= end)
      if (due.length === 0) break
      const next = due.reduce((a, b) => (b.time < a.time ? b : a))
      this.#alarms = this.#alarms.filter(a => a !== next)
      this.#now = Math.max(this.#now, next.time)
      next.ring()
    }
    this.#now = Math.max(this.#now, end)
  }
}
