import type {
  DeviceName,
  Direction,
  Link,
  LoadedProgram,
  Network,
  TcEntry,
  TcFilterName,
  TcTarget,
} from "../../machine/index.ts"
import type { ProgramSource } from "./source.ts"

/** How a program is attached to traffic control; see {@link TcTarget} for each. */
export interface TcOptions<F extends string = string>
  extends Omit<TcTarget, "kind" | "device" | "direction" | "action"> {
  /** A function of type sched_act that runs where the program matches: goes with a filter, whose result then is a class (act_bpf). */
  readonly action?: F
}

/** Traffic control of a device. `F`: the names of the functions that can be attached. */
export class TrafficControl<F extends string = string> {
  /** Packets that come in, before anything else of the network stack sees them but XDP. */
  readonly ingress: TcHook<F>
  /** Packets that go out, on their way to the device. */
  readonly egress: TcHook<F>

  constructor(programs: ProgramSource, network: Network, device: DeviceName) {
    this.ingress = new TcHook(programs, network, device, "ingress")
    this.egress = new TcHook(programs, network, device, "egress")
  }
}

/** One direction of a device. */
export class TcHook<F extends string = string> {
  readonly #programs: ProgramSource
  readonly #network: Network
  /** The device, by name or by index. */
  readonly device: DeviceName
  /** Packets that come in, or that go out. */
  readonly direction: Direction

  constructor(programs: ProgramSource, network: Network, device: DeviceName, direction: Direction) {
    this.#programs = programs
    this.#network = network
    this.device = device
    this.direction = direction
  }

  /**
   * Runs `fn` for each packet; its result is the verdict (`TC_ACT_OK` 0, `TC_ACT_SHOT` 2, …). By a tcx link (Linux 6.6), or by a bpf filter of a
   * clsact qdisc (Linux 4.5) where there are none or an option of filters is given. The qdisc goes with the last filter, when skep made it.
   * @throws SkepError BPF_NO_FUNCTION, KERNEL_NO_DEVICE, KERNEL_NO_PERMISSION, KERNEL_NO_ATTACH, NETLINK_REFUSED
   */
  attach(fn: F, { action, ...options }: TcOptions<F> = {}): Link {
    const run: LoadedProgram | undefined =
      action === undefined ? undefined : this.#programs.program(action, { type: "sched_act" })
    const { device, direction } = this
    const program = this.#programs.program(fn, { type: "sched_cls" })
    return program.attach({ kind: "tc", device, direction, ...options, ...(run && { action: run }) })
  }

  /** What runs here, of other processes, too, in the order in which it is asked. */
  list(): readonly TcEntry[] {
    return this.#network.tc(this.device, this.direction)
  }

  /** Takes a filter away, whoever made it; `list()` has them. Links are detached by those who hold them. */
  detach(filter: TcFilterName): void {
    this.#network.removeFilter(this.device, this.direction, filter)
  }
}
