import { SkepError } from "../base/index.ts"
import type { Network, NetworkDevice, PacketReader, TcEntry } from "../machine/index.ts"
import type { Environment } from "./environment.ts"
import type { Refusal } from "./machine.ts"

const unsupported = (what: string): SkepError =>
  new SkepError({
    code: "VM_UNSUPPORTED",
    message: `the embedded machine has no ${what}`,
    hint: "run the program on packets of a capture, or by testRun",
  })

/** Devices of the embedded machine: those of its environment. */
export class VmNetwork implements Network {
  readonly #environment: Environment
  readonly #refusal: Refusal | undefined

  constructor(environment: Environment, refusal: Refusal | undefined) {
    this.#environment = environment
    this.#refusal = refusal
  }

  devices(): readonly NetworkDevice[] {
    return [...this.#environment.network.devices.values()].map(device => ({
      index: device.index,
      name: device.name,
      kind: undefined,
      up: true,
      mtu: device.mtu,
      address: [...device.address].map(byte => byte.toString(16).padStart(2, "0")).join(":"),
      xdp: undefined,
    }))
  }
  tc(): readonly TcEntry[] {
    return []
  }
  removeFilter(): void {
    throw this.#refusal?.("removing a filter", "sched_cls") ?? unsupported("traffic control")
  }
  removeXdp(): void {
    throw this.#refusal?.("removing a program from a device", "xdp") ?? unsupported("programs on devices")
  }
  packets(): PacketReader {
    throw this.#refusal?.("opening a raw socket", "socket_filter") ?? unsupported("raw sockets")
  }
}
