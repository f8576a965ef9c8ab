import { nearestNames, SkepError } from "../../base/index.ts"
import type { DeviceName } from "../../machine/index.ts"
import { type Device, listDevices, NetlinkError } from "../../netlink/index.ts"
import { isPermission, permissionError } from "../host/index.ts"
import { sys } from "../raw/index.ts"

/** The device of a name or an index in this network namespace. Throws `KERNEL_NO_DEVICE`. */
export function findDevice(name: DeviceName): Device {
  const devices = listDevices(sys())
  const found = devices.find(device => device.name === name || device.index === name)
  if (found !== undefined) return found
  const names = devices.map(device => device.name)
  const near = nearestNames(String(name), names, 3)
  throw new SkepError({
    code: "KERNEL_NO_DEVICE",
    message: `there is no network device ${name}`,
    why: "a process sees only the devices of its own network namespace",
    hint: near.length > 0 ? `did you mean ${near.join(", ")}?` : `there are: ${names.join(", ") || "none"}`,
  })
}

/** Makes a change by netlink; a refusal for want of a right becomes `KERNEL_NO_PERMISSION`. */
export function changing<T>(what: string, change: () => T): T {
  try {
    return change()
  } catch (error) {
    const errno = error instanceof NetlinkError ? (error.parts.errno ?? 0) : 0
    if (isPermission(errno)) throw permissionError(what, errno, ["CAP_NET_ADMIN"])
    throw error
  }
}

/** Undoes a change by netlink. What the kernel refuses then is gone already: with its device, or by another hand. */
export function undoing(change: () => void): void {
  try {
    change()
  } catch (error) {
    if (!(error instanceof NetlinkError)) throw error
  }
}
