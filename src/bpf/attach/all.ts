import type { Link } from "../../machine/index.ts"
import type { ProgramSpec } from "../../object/index.ts"

/** Kinds of places that a name says only half of (a control group, or another program, is the other), and iterators, which run when they are read. */
const NEEDS_MORE = new Set(["lsm_cgroup", "freplace", "iter"])

/** Attaches the functions whose section or name says where, and then what else there is; after an error none of them is. */
export function attachAll(
  programs: readonly ProgramSpec[],
  attach: (fn: string) => Link,
  others: readonly (() => Link)[] = [],
): Link[] {
  const links: Link[] = []
  try {
    for (const { name, attach: place, autoload } of programs) {
      if (place !== undefined && autoload !== false && !NEEDS_MORE.has(place.kind)) links.push(attach(name))
    }
    for (const other of others) links.push(other())
    return links
  } catch (error) {
    for (const link of links.reverse()) link.detach()
    throw error
  }
}
