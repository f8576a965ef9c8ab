import type { Link } from "../../machine/index.ts"

/** Number of places that links of some kinds hold. */
export function placesHeld(links: Iterable<Link>, kinds: RegExp): number {
  let count = 0
  for (const { target } of links) {
    if (!kinds.test(target.kind)) continue
    if ("functions" in target && target.functions !== undefined) count += target.functions.length
    else if ("events" in target) count += target.events.length
    else count++
  }
  return count
}
