import { SkepError } from "../base/index.ts"
import type { Network, NetworkDevice, PacketReader, TcEntry } from "../machine/index.ts"
import type { Environment } from "./environment.ts"

const unsupported = (what: string): SkepError =>
  new SkepError({
    code: "VM_UNSUPPORTED",
    message: `the embedded machine has no ${what}`,
    hint: "run the program on packets of a capture, or by testRun",
  })

/** Devices of the embedded machine: those of its environment. */
export class VmNetwork implements Network {
  readonly #environment: Environment
  constructor(environment: Environment) {
    this.#environment = environment
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
    throw unsupported("traffic control")
  }
  removeXdp(): void {
    throw unsupported("programs on devices")
  }
  packets(): PacketReader {
    throw unsupported("raw sockets")
  }
}
