import type { DeviceName, Link, Network, NetworkDevice, XdpMode } from "../../machine/index.ts"
import type { ProgramSource } from "./source.ts"

/** Verdicts of an XDP program by their numbers from 0 on: what `testRun().retval` is. Source: include/uapi/linux/bpf.h, `enum xdp_action`. */
export const xdpActions = ["aborted", "drop", "pass", "tx", "redirect"] as const

/** A verdict of an XDP program. */
export type XdpAction = (typeof xdpActions)[number]

/** How to attach to XDP. */
export interface XdpOptions {
  /** Native: in the driver; generic: in the network stack, for every device. Without it the kernel chooses. */
  readonly mode?: XdpMode
  /** Take the place of a program that is there. */
  readonly replace?: boolean
}

/** XDP of a device. `F`: the names of the functions that can be attached. */
export class Xdp<F extends string = string> {
  readonly #programs: ProgramSource
  readonly #network: Network
  /** The device, by name or by index. */
  readonly device: DeviceName

  constructor(programs: ProgramSource, network: Network, device: DeviceName) {
    this.#programs = programs
    this.#network = network
    this.device = device
  }

  /**
   * Runs `fn` for each packet that comes in; its result is the verdict (`XDP_DROP` 1, `XDP_PASS` 2, …). By a link (Linux 5.9), before by netlink
   * (Linux 4.8).
   * @throws SkepError BPF_NO_FUNCTION, KERNEL_NO_DEVICE, KERNEL_NO_PERMISSION, KERNEL_CALL, NETLINK_REFUSED
   */
  attach(fn: F, options: XdpOptions = {}): Link {
    return this.#programs.program(fn, { type: "xdp" }).attach({ kind: "xdp", device: this.device, ...options })
  }

  /** Takes the program off, whoever put it there; one that a link holds stays, and the kernel says so. @throws SkepError NETLINK_REFUSED */
  remove(mode?: XdpMode): void {
    this.#network.removeXdp(this.device, mode)
  }

  /** Mode and id of the program that is there. */
  get attached(): NetworkDevice["xdp"] {
    return this.#network.devices().find(({ name, index }) => name === this.device || index === this.device)?.xdp
  }
}
