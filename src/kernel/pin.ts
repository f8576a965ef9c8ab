import { mkdirSync, statfsSync, unlinkSync } from "node:fs"
import { dirname } from "node:path"
import { SkepError } from "../base/index.ts"
import { objPin } from "./bpf/index.ts"
import { callFailed } from "./host/index.ts"

/** `BPF_FS_MAGIC`. Source: Linux include/uapi/linux/magic.h. */
const BPF_FS_MAGIC = 0xcafe4a11

/**
 * Pins an object of the kernel by its descriptor; the path. `what` is for messages: `map counts`. Folders on the way are made.
 * Throws `KERNEL_PIN`.
 */
export function pinAt(fd: number, what: string, path: string): string {
  mkdirSync(dirname(path), { recursive: true })
  const result = objPin(fd, path)
  if (result < 0) {
    throw callFailed(`pinning ${what} at ${path}`, -result, {
      code: "KERNEL_PIN",
      hint: "the path must be new and inside a BPF file system: mount -t bpf bpf /sys/fs/bpf",
    })
  }
  return path
}

/** Removes a pin; what nobody else holds is gone with it. False when there was none. Throws `KERNEL_PIN` for other files. */
export function removePin(path: string): boolean {
  try {
    if (statfsSync(dirname(path)).type !== BPF_FS_MAGIC) throw notPinned(path)
    unlinkSync(path)
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return false
    throw error
  }
}

const notPinned = (path: string): SkepError =>
  new SkepError({
    code: "KERNEL_PIN",
    message: `${path} is not in a BPF file system, so nothing is pinned there`,
    hint: "pins are below /sys/fs/bpf, or wherever a file system of type bpf is mounted",
  })
