/**
 * Edit distance with transpositions (optimal string alignment), or `limit + 1` as soon as it is known to be more than
 * `limit`.
 */
export function editDistance(a: string, b: string, limit: number): number {
  if (Math.abs(a.length - b.length) > limit) return limit + 1
  const width = b.length + 1
  let before = new Uint16Array(width)
  let previous = new Uint16Array(width)
  let current = new Uint16Array(width)
  for (let j = 0; j < width; j++) previous[j] = j
  for (let i = 1; i <= a.length; i++) {
    current[0] = i
    let best = i
    for (let j = 1; j < width; j++) {
      const same = a.charCodeAt(i - 1) === b.charCodeAt(j - 1)
      let cost = Math.min(previous[j] + 1, current[j - 1] + 1, previous[j - 1] + (same ? 0 : 1))
      if (
        i > 1 &&
        j > 1 &&
        a.charCodeAt(i - 1) === b.charCodeAt(j - 2) &&
        a.charCodeAt(i - 2) === b.charCodeAt(j - 1)
      ) {
        cost = Math.min(cost, before[j - 2] + 1)
      }
      current[j] = cost
      if (cost < best) best = cost
    }
    if (best > limit) return limit + 1
    const spare = before
    before = previous
    previous = current
    current = spare
  }
  return previous[b.length]
}

/**
 * The candidate that a misspelt name most likely means, for "did you mean": at most a third of the name's letters wrong
 * (upper and lower case count as nearly the same). The first of equals wins.
 */
export function suggest(name: string, candidates: Iterable<string>): string | undefined {
  const limit = Math.max(1, Math.floor(name.length / 3))
  const lower = name.toLowerCase()
  let best: string | undefined
  let bestCost = limit + 1
  for (const candidate of candidates) {
    if (candidate === name || candidate.length === 0) continue
    let cost = editDistance(name, candidate, limit)
    if (cost > 1 && lower === candidate.toLowerCase()) cost = 1
    if (cost < bestCost && cost < Math.max(name.length, candidate.length)) {
      best = candidate
      bestCost = cost
      if (cost === 1) break
    }
  }
  return best
}

/** `; did you mean 'x'?`, or nothing: to be put after a message about a name. */
export function didYouMean(name: string, candidates: Iterable<string>): string {
  return offer(suggest(name, candidates))
}

/** The same for a suggestion found already. */
export function offer(suggestion: string | undefined): string {
  return suggestion === undefined ? "" : `; did you mean '${suggestion}'?`
}
