import { existsSync, mkdirSync } from "node:fs"
import { SkepError } from "../base/index.ts"
import type { MapSpec } from "../object/index.ts"
import { objGet, objInfo } from "./bpf/index.ts"
import { callFailed, isPermission, permissionError } from "./host/index.ts"
import { KernelMap } from "./map.ts"
import { closeFd, ENOENT } from "./raw/index.ts"
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

/** The whole path of a pin: one that starts with `/` is whole already, others are below the BPF file system. */
export function pinPath(pin: string): string {
  if (pin.startsWith("/")) return pin
  const path = `${bpffs()}/${pin}`
  mkdirSync(path.slice(0, path.lastIndexOf("/")), { recursive: true })
  return path
}

/**
 * The map that is pinned where `spec` says; undefined when there is none. Throws `KERNEL_PIN_DIFFERS` when it has
 * another shape.
 */
export function openPinned(spec: MapSpec, type: number): KernelMap | undefined {
  const path = pinPath(spec.pin as string)
  const fd = objGet(path)
  if (fd === -ENOENT) return undefined
  if (fd < 0) {
    if (isPermission(-fd)) throw permissionError(`opening the map pinned at ${path}`, -fd, ["CAP_BPF"])
    throw callFailed(`opening the map pinned at ${path}`, -fd, { code: "KERNEL_PIN" })
  }
  // struct bpf_map_info { u32 type, id, key_size, value_size, max_entries, map_flags; … }
  const info = new Uint8Array(80)
  const result = objInfo(fd, info)
  const [t, , key, value, entries] = new Uint32Array(info.buffer)
  const same = result >= 0 && t === type && key === spec.keySize && value === spec.valueSize
  if (!same || (spec.maxEntries !== 0 && entries !== spec.maxEntries)) {
    closeFd(fd)
    throw new SkepError({
      code: "KERNEL_PIN_DIFFERS",
      message: `what is pinned at ${path} is not the map ${spec.name} of this program`,
      why: `it has type ${t}, ${key}-byte keys, ${value}-byte values and ${entries} entries`,
      hint: `remove it (rm ${path}), or give the program's map the same shape`,
    })
  }
  return new KernelMap(spec, fd, entries)
}
