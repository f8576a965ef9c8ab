import type { Placed } from "../places.ts"
import type { VmProgram } from "../program.ts"

/** Programs of control groups, by where they stand in a group's life. */
export class CgroupHooks {
  readonly #programs: { readonly hook: string; readonly path: string; readonly program: VmProgram }[] = []
  readonly #pathOf: (id: bigint) => string | undefined

  /** `pathOf` tells the folder of a control group. */
  constructor(pathOf: (id: bigint) => string | undefined) {
    this.#pathOf = pathOf
  }

  /** Puts a program into a control group: it runs for the groups below, too. */
  attach(hook: string, path: string, program: VmProgram): Placed {
    const own = { hook, path: path.replace(/\/+$/, ""), program }
    this.#programs.push(own)
    return {
      place: `cgroup ${hook} ${path}`,
      method: "link",
      detach: () => void this.#programs.splice(this.#programs.indexOf(own), 1),
    }
  }

  /** The programs that run for a control group: its own first, then those of the groups that it lies in. */
  programs(hook: string, id: bigint): VmProgram[] {
    const path = this.#pathOf(id)
    if (path === undefined) return []
    return this.#programs
      .filter(one => one.hook === hook && (path === one.path || path.startsWith(`${one.path}/`)))
      .sort((a, b) => b.path.length - a.path.length)
      .map(({ program }) => program)
  }
}
