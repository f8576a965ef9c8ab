import type { AttachTarget, Link, LoadedProgram } from "../../machine/index.ts"

/** An attachment in the kernel; `release` undoes it. */
export class KernelLink implements Link {
  readonly program: LoadedProgram
  readonly target: AttachTarget
  readonly place: string
  readonly method: string
  #release: (() => void) | undefined

  constructor(program: LoadedProgram, target: AttachTarget, place: string, method: string, release: () => void) {
    this.program = program
    this.target = target
    this.place = place
    this.method = method
    this.#release = release
  }

  get attached(): boolean {
    return this.#release !== undefined
  }

  detach(): void {
    const release = this.#release
    this.#release = undefined
    release?.()
  }

  [Symbol.dispose](): void {
    this.detach()
  }
}
