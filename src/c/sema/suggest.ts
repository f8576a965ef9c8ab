/** Edits (insert, delete, replace, swap of neighbours) that turn `a` into `b`; more than `limit` counts as `limit + 1`. */
export function editDistance(a: string, b: string, limit: number): number {
  if (Math.abs(a.length - b.length) > limit) return limit + 1
  let before: number[] = []
  let last: number[] = Array.from({ length: b.length + 1 }, (_, j) => j)
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    let best = i
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1]
      let cost = Math.min(last[j] + 1, row[j - 1] + 1, last[j - 1] + (same ? 0 : 1))
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) cost = Math.min(cost, before[j - 2] + 1)
      row.push(cost)
      if (cost < best) best = cost
    }
    if (best > limit) return limit + 1
    before = last
    last = row
  }
  return last[b.length]
}

/** The candidate nearest to a name, when one is near enough: a third of its letters may differ. */
export function nearest(name: string, candidates: Iterable<string>): string | undefined {
  let limit = Math.max(1, Math.floor((name.length + 1) / 3))
  let found: string | undefined
  for (const candidate of candidates) {
    if (candidate === name) continue
    const distance = editDistance(name, candidate, limit)
    if (distance > limit || (distance === limit && found !== undefined)) continue
    if (distance >= candidate.length) continue
    found = candidate
    limit = distance
  }
  return found
}

/** `; did you mean 'x'?` or nothing. */
export function didYouMean(suggestion: string | undefined): string {
  return suggestion === undefined ? "" : `; did you mean '${suggestion}'?`
}
