import { SkepError } from "../../base/index.ts"
import type { Network } from "../../machine/index.ts"

/** The number of a device of a machine's network. @throws SkepError BPF_NO_DEVICE */
export function indexOfDevice(network: Network, name: string): number {
  const devices = network.devices()
  const found = devices.find(device => device.name === name)
  if (found !== undefined) return found.index
  throw new SkepError({
    code: "BPF_NO_DEVICE",
    message: `there is no network device '${name}'`,
    hint: `the network of the machine has ${devices.map(device => device.name).join(", ")}`,
  })
}
