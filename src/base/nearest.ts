import { editDistance } from "./suggest.ts"

/**
 * The names nearest to a misspelled one, nearest first, at most `count`: what "did you mean" offers. A name is near
 * when at most a third of its characters and at most three of them differ, so that going through a hundred thousand
 * names takes a fraction of a second.
 */
export function nearestNames(name: string, candidates: Iterable<string>, count = 1): string[] {
  const limit = Math.max(1, Math.min(3, Math.floor(name.length / 3)))
  const found: { name: string; distance: number }[] = []
  let worst = limit
  for (const candidate of candidates) {
    if (candidate === name) continue
    const distance = editDistance(name, candidate, worst)
    if (distance > worst || distance >= candidate.length) continue
    const at = found.findIndex(f => f.distance > distance)
    found.splice(at < 0 ? found.length : at, 0, { name: candidate, distance })
    if (found.length > count) found.pop()
    if (found.length === count) worst = found[count - 1].distance
  }
  return found.map(f => f.name)
}
