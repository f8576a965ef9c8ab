import { existsSync, mkdirSync } from "node:fs"
import { SkepError } from "../base/index.ts"
import type { MapSpec } from "../object/index.ts"
import { objGet, objInfo } from "./bpf/index.ts"
import { callFailed, isPermission, permissionError } from "./host/index.ts"
import { KernelMap } from "./map.ts"
import { closeFd, ENOENT } from "./raw/index.ts"
import { type Shape, shapeOf } from "./reuse.ts"
import { mount, mounts } from "./tracefs.ts"

const BPFFS = "/sys/fs/bpf"

/** Where the BPF file system is; it is mounted when it is not yet and the process may. Throws `KERNEL_NO_BPFFS`. */
export function bpffs(): string {
  const [there] = mounts("bpf")
  if (there !== undefined) return there
  const result = existsSync(BPFFS) ? mount("bpf", BPFFS) : -ENOENT
  if (result >= 0) return BPFFS
  if (isPermission(-result))
    throw permissionError(`mounting the BPF file system at ${BPFFS}`, -result, ["CAP_SYS_ADMIN"])
  throw callFailed(`mounting the BPF file system at ${BPFFS}`, -result, {
    code: "KERNEL_NO_BPFFS",
    hint: "mount -t bpf bpf /sys/fs/bpf",
  })
}

/**
 * The whole path of a pin: one that starts with `/` is whole already, others are below the BPF file system, which is mounted where the path leads to it
 * and it is not yet. Throws `KERNEL_NO_BPFFS`.
 */
export function pinPath(pin: string): string {
  if (pin.startsWith("/")) {
    if (pin.startsWith(`${BPFFS}/`)) bpffs()
    return pin
  }
  const path = `${bpffs()}/${pin}`
  mkdirSync(path.slice(0, path.lastIndexOf("/")), { recursive: true })
  return path
}

/** How many entries the map has that is pinned at a path; undefined where none is, or this process may not ask. */
export function pinnedEntries(pin: string): number | undefined {
  const fd = objGet(pinPath(pin))
  if (fd < 0) return undefined
  try {
    // struct bpf_map_info { u32 type, id, key_size, value_size, max_entries; … }
    const info = new Uint8Array(80)
    return objInfo(fd, info) < 0 ? undefined : new Uint32Array(info.buffer)[4]
  } finally {
    closeFd(fd)
  }
}

const BPF_F_MMAPABLE = 1 << 10

/**
 * The map that is pinned where `spec` says; undefined when there is none. `entries` is how many it is to have, 0 for any number. Throws
 * `KERNEL_PIN_DIFFERS` when it has another shape.
 */
export function openPinned(spec: MapSpec, entries: number, makeInner?: () => KernelMap): KernelMap | undefined {
  const path = pinPath(spec.pin as string)
  const fd = objGet(path)
  if (fd === -ENOENT) return undefined
  if (fd < 0) {
    if (isPermission(-fd)) throw permissionError(`opening the map pinned at ${path}`, -fd, ["CAP_BPF"])
    throw callFailed(`opening the map pinned at ${path}`, -fd, { code: "KERNEL_PIN" })
  }
  try {
    const shape = shapeOf(fd, spec)
    const why = shape.differs ?? otherSize(spec, entries, shape)
    if (why === undefined) return new KernelMap({ ...spec, flags: shape.flags }, fd, shape.maxEntries, makeInner)
    throw new SkepError({
      code: "KERNEL_PIN_DIFFERS",
      message: `what is pinned at ${path} is not the map ${spec.name} of this program`,
      why,
      hint: `remove it (rm ${path}), or give the program's map the same shape`,
    })
  } catch (error) {
    closeFd(fd)
    throw error
  }
}

/** What is in the way of a map of the right type; global data may be mapped or not. */
function otherSize(spec: MapSpec, entries: number, shape: Shape): string | undefined {
  if (entries !== 0 && shape.maxEntries !== entries) return `it has ${shape.maxEntries} entries, not ${entries}`
  if ((shape.flags & ~BPF_F_MMAPABLE) === (spec.flags & ~BPF_F_MMAPABLE)) return undefined
  return `it has the flags 0x${shape.flags.toString(16)}, not 0x${spec.flags.toString(16)}`
}
