import { SkepError, undoAll } from "../../base/index.ts"
import type { AttachTarget, Link, LinkInfo, LoadedProgram } from "../../machine/index.ts"
import { linkDetach, linkUpdate } from "../bpf/index.ts"
import { callFailed, isPermission, permissionError } from "../host/index.ts"
import { linkInfo } from "../info/linkInfo.ts"
import { pinAt, removePin } from "../pin.ts"
import { EEXIST, EINVAL, ENOSYS, EOPNOTSUPP } from "../raw/index.ts"
import type { Attached } from "./attacher.ts"

/** An attachment in the kernel; `release` undoes it. */
export class KernelLink implements Link {
  readonly target: AttachTarget
  readonly place: string
  readonly method: string
  readonly #attached: Attached
  #program: LoadedProgram
  #release: (() => void) | undefined
  readonly #pins: string[] = []

  constructor(program: LoadedProgram, target: AttachTarget, place: string, attached: Attached, release: () => void) {
    this.#program = program
    this.target = target
    this.place = place
    this.method = attached.method
    this.#attached = attached
    this.#release = release
  }

  get program(): LoadedProgram {
    return this.#program
  }

  get attached(): boolean {
    return this.#release !== undefined
  }

  get info(): LinkInfo | undefined {
    this.#check()
    return this.#attached.linkFd === undefined ? undefined : linkInfo(this.#attached.linkFd)
  }

  update(program: LoadedProgram): void {
    this.#check()
    const { linkFd } = this.#attached
    if (this.#attached.update !== undefined) this.#attached.update(program)
    else if (linkFd === undefined) throw this.#cannotUpdate()
    else {
      const result = linkUpdate(linkFd, program.fd)
      if (result < 0) throw this.#updateFailed(program, -result)
    }
    this.#program = program
  }

  pin(path: string): void {
    this.#check()
    if (this.#attached.linkFd === undefined) throw this.#noLink()
    this.#pins.push(pinAt(this.#attached.linkFd, `the link of ${this.place}`, path))
  }

  detach(): void {
    if (this.#release === undefined) return
    // With other descriptors or pins of it about, closing ours would leave it in force.
    if (this.#pins.length > 0 && this.#attached.linkFd !== undefined) linkDetach(this.#attached.linkFd)
    const pins = this.#pins.splice(0).map(path => () => void removePin(path))
    undoAll([...pins, () => this[Symbol.dispose]()])
  }

  [Symbol.dispose](): void {
    const release = this.#release
    this.#release = undefined
    release?.()
  }

  #check(): void {
    if (this.attached) return
    throw new SkepError({
      code: "MACHINE_CLOSED",
      message: `the link of ${this.place} has been detached`,
      hint: "use the link while it is attached",
    })
  }

  #cannotUpdate(errno?: number): SkepError {
    return new SkepError({
      code: "KERNEL_LINK_UPDATE",
      message: `the program of a ${this.method} cannot be replaced while it is attached: ${this.place}`,
      hint: "attach the other program, then detach this one: for a moment both run",
      errno,
    })
  }

  #updateFailed(program: LoadedProgram, errno: number): SkepError {
    const what = `putting program ${program.name} into the link of ${this.place}`
    if (isPermission(errno)) return permissionError(what, errno, ["CAP_BPF", "CAP_NET_ADMIN"])
    if (errno === ENOSYS || errno === EOPNOTSUPP) return this.#cannotUpdate(errno)
    if (errno === EINVAL && program.type === this.#program.type && !UPDATED.has(this.info?.type ?? "")) {
      return this.#cannotUpdate(errno)
    }
    return callFailed(what, errno, {
      code: "KERNEL_LINK_UPDATE",
      hint:
        errno === EEXIST
          ? "this program is in the link already"
          : `the new program must have the type ${this.#program.type} and be loaded for the same place`,
    })
  }

  #noLink(): SkepError {
    return new SkepError({
      code: "KERNEL_NO_LINK",
      message: `the attachment to ${this.place} is no bpf_link and cannot be pinned (${this.method})`,
      hint: "keep the process that attached it running; newer kernels have links for more kinds of places",
    })
  }
}

/** Kinds of links whose program can be replaced. */
const UPDATED = new Set(["cgroup", "netns", "xdp", "tcx", "netkit", "sockmap", "struct_ops"])
