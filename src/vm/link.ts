import { SkepError } from "../base/index.ts"
import type { AttachTarget, Link, LinkInfo, LoadedProgram } from "../machine/index.ts"
import type { Placed } from "./places.ts"

/** An attachment in the embedded machine. */
export class VmLink implements Link {
  readonly program: LoadedProgram
  readonly target: AttachTarget
  readonly place: string
  readonly method: string
  readonly info: LinkInfo | undefined = undefined
  readonly #placed: Placed
  readonly #ended: (link: VmLink) => void
  #attached = true

  constructor(program: LoadedProgram, target: AttachTarget, placed: Placed, ended: (link: VmLink) => void) {
    this.program = program
    this.target = target
    this.place = placed.place
    this.method = placed.method
    this.#placed = placed
    this.#ended = ended
  }

  get attached(): boolean {
    return this.#attached
  }

  detach(): void {
    if (!this.#attached) return
    this.#attached = false
    this.#ended(this)
    this.#placed.detach()
  }

  update(): void {
    throw new SkepError({
      code: "VM_UNSUPPORTED",
      message: `${this.place} cannot be given another program in the embedded machine`,
      hint: "attach the other program and detach this one",
    })
  }

  pin(): void {
    throw new SkepError({
      code: "VM_NO_PIN",
      message: `${this.place} cannot be pinned: the embedded machine has no BPF file system`,
      hint: "keep the link",
    })
  }

  [Symbol.dispose](): void {
    this.detach()
  }
}
