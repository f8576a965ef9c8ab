import { readlinkSync } from "node:fs"
import { SkepError } from "../base/index.ts"
import type { LinkInfo, LoadedProgram, ProgramInfo } from "../machine/index.ts"
import { enableStats, linkUpdate, objGet } from "./bpf/index.ts"
import { callFailed, isPermission, permissionError } from "./host/index.ts"
import { linkInfo } from "./info/linkInfo.ts"
import { programInfo } from "./info/programInfo.ts"
import { removePin } from "./pin.ts"
import { closeFd } from "./raw/index.ts"

/** What is pinned, opened: a descriptor that closing gives back, while the pin stays. */
class Pinned implements Disposable {
  /** Where it is pinned. */
  readonly path: string
  readonly #fd: number
  #open = true

  constructor(path: string, fd: number) {
    this.path = path
    this.#fd = fd
  }

  /** Its descriptor, which maps of programs and `attachFreplace` take. @throws SkepError MACHINE_CLOSED */
  get fd(): number {
    if (this.#open) return this.#fd
    throw new SkepError({
      code: "MACHINE_CLOSED",
      message: `what is pinned at ${this.path} has been closed`,
      hint: "open it again",
    })
  }

  /** Removes the pin; what nobody else holds is gone when this is closed, too. False when there is no pin any more. */
  unpin(): boolean {
    return removePin(this.path)
  }

  [Symbol.dispose](): void {
    if (!this.#open) return
    this.#open = false
    closeFd(this.#fd)
  }
}

/** A pinned program. */
export class PinnedProgram extends Pinned {
  /** What the kernel tells of it. */
  get info(): ProgramInfo {
    const { type: _, ...info } = programInfo(this.fd)
    return info
  }
}

/** A pinned link. */
export class PinnedLink extends Pinned {
  /** What the kernel tells of it. */
  get info(): LinkInfo {
    return linkInfo(this.fd)
  }

  /** Puts another program in the place of the link's. @throws SkepError KERNEL_LINK_UPDATE */
  update(program: Pick<LoadedProgram, "fd" | "name">): void {
    const result = linkUpdate(this.fd, program.fd)
    if (result >= 0) return
    throw callFailed(`putting program ${program.name} into the link pinned at ${this.path}`, -result, {
      code: "KERNEL_LINK_UPDATE",
      hint: "the new program must have the same type and be loaded for the same place",
    })
  }
}

/** Opens a program that was pinned: `program.pin("/sys/fs/bpf/mine/count")`. @throws SkepError KERNEL_PIN, KERNEL_NO_PERMISSION */
export const openPinnedProgram = (path: string): PinnedProgram =>
  open("program", path, fd => new PinnedProgram(path, fd))

/** Opens a link that was pinned: `link.pin("/sys/fs/bpf/mine/link")`. @throws SkepError KERNEL_PIN, KERNEL_NO_PERMISSION */
export const openPinnedLink = (path: string): PinnedLink => open("link", path, fd => new PinnedLink(path, fd))

function open<T extends PinnedProgram | PinnedLink>(what: string, path: string, make: (fd: number) => T): T {
  const fd = objGet(path)
  if (fd < 0) {
    if (isPermission(-fd)) throw permissionError(`opening the ${what} pinned at ${path}`, -fd, ["CAP_BPF"])
    throw callFailed(`opening the ${what} pinned at ${path}`, -fd, {
      code: "KERNEL_PIN",
      hint: "look at what is there: ls -R /sys/fs/bpf",
    })
  }
  // The kernel names each kind of object: anon_inode:bpf-prog, bpf_link, bpf-map.
  if (new RegExp(`bpf[-_]${what.slice(0, 4)}`).test(readlinkSync(`/proc/self/fd/${fd}`))) return make(fd)
  closeFd(fd)
  throw new SkepError({
    code: "KERNEL_PIN",
    message: `what is pinned at ${path} is no ${what}`,
    hint: "open it as what it is",
  })
}

/**
 * Makes the kernel count each program's runs and their time (`info.runCount`, `info.runTime`) until it is disposed; every run of every program
 * then takes some nanoseconds longer. Linux 5.8. @throws SkepError KERNEL_NO_PERMISSION, KERNEL_CALL
 */
export function countRuns(): Disposable {
  const fd = enableStats()
  if (fd < 0) {
    if (isPermission(-fd)) throw permissionError("turning statistics on", -fd, ["CAP_SYS_ADMIN"])
    throw callFailed("turning statistics on", -fd, { hint: "it needs Linux 5.8" })
  }
  let open = true
  return {
    [Symbol.dispose]() {
      if (open) closeFd(fd)
      open = false
    },
  }
}
