import type { Link, LoadedProgram } from "../../machine/index.ts"
import { badOption } from "../errors.ts"
import type { ProgramHost } from "./host.ts"

/** Which function takes the place of which. */
export interface FreplaceOptions {
  /** Function of this program: `SEC("freplace/NAME") int f(…)`, or any other with the arguments of the one that it replaces. */
  readonly fn: string
  /** The loaded program of which it takes a function's place: `other.program("main")`. It must stay loaded. */
  readonly target: LoadedProgram
  /** The global function of the target; what the section says without it. */
  readonly function?: string
}

/** Puts a function in the place of another program's. */
export function attachFreplace(host: ProgramHost, { fn, target, function: given }: FreplaceOptions): Link {
  const said = host.programs.find(({ name }) => name === fn)?.attach
  const name = given ?? (said?.kind === "freplace" ? said.event : undefined)
  if (name === undefined) {
    throw badOption(
      `attachFreplace: nothing says which function of ${target.name} ${fn} replaces`,
      `give its name: { fn: "${fn}", target, function: "…" }`,
    )
  }
  const place = { kind: "freplace", event: name } as const
  return host.program(fn, { type: "ext", attach: place, replaces: { program: target, function: name } }).attach(place)
}
