import { SkepError } from "../base/index.ts"
import type { AttachTarget } from "../machine/index.ts"
import type { VmProgram } from "./program.ts"

/** An attachment as what attaches it knows it. */
export interface Placed {
  /** For people: `kprobe do_exit`. */
  readonly place: string
  /** How it was made, for people: `simulated`. */
  readonly method: string
  /** Ends it. Called once. */
  detach(): void
}

/** Where programs of a machine can be attached: a simulated kernel, a network. */
export interface Places {
  /**
   * Attaches a program: from now on `program.run` is called whenever the place is passed. Undefined where there is no such kind of place.
   * @throws SkepError where the kind is there, and the place is not
   */
  attach(program: VmProgram, target: AttachTarget): Placed | undefined
}

/** A target for people. */
export function describeTarget(target: AttachTarget): string {
  const parts = ["category" in target ? `${target.category}:` : "", "event" in target ? String(target.event) : ""]
  const name = parts.join("") || ("device" in target ? String(target.device) : "")
  return name === "" ? target.kind : `${target.kind} ${name}`
}

export const noPlace = (program: string, target: AttachTarget): SkepError =>
  new SkepError({
    code: "VM_NO_PLACE",
    message: `program ${program} cannot be attached to ${describeTarget(target)}: the embedded machine has no such place`,
    hint: 'run it by testRun, on a simulated kernel that has the place, or in the kernel (on: "kernel")',
  })
