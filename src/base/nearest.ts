/**
 * Number of edits (insert, delete, replace a character, swap two neighbours) that turn `a` into `b`; anything above
 * `limit` gives `limit + 1`, after little work.
 */
export function editDistance(a: string, b: string, limit: number): number {
  if (Math.abs(a.length - b.length) > limit) return limit + 1
  let twoAbove = new Uint16Array(b.length + 1)
  let above = new Uint16Array(b.length + 1)
  let row = new Uint16Array(b.length + 1)
  for (let j = 0; j <= b.length; j++) row[j] = j
  for (let i = 1; i <= a.length; i++) {
    const spare = twoAbove
    twoAbove = above
    above = row
    row = spare
    row[0] = i
    let least = i
    for (let j = 1; j <= b.length; j++) {
      let cost = above[j - 1]
      if (a.charCodeAt(i - 1) !== b.charCodeAt(j - 1)) {
        cost = Math.min(cost, above[j], row[j - 1]) + 1
        const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]
        if (swapped) cost = Math.min(cost, twoAbove[j - 2] + 1)
      }
      row[j] = cost
      if (cost < least) least = cost
    }
    if (least > limit) return limit + 1
  }
  return Math.min(row[b.length], limit + 1)
}

/**
 * The names nearest to a misspelled one, nearest first, at most `count`: what "did you mean" offers. A name is near
 * when at most a third of its characters differ.
 */
export function nearestNames(name: string, candidates: Iterable<string>, count = 1): string[] {
  const limit = Math.max(1, Math.floor(name.length / 3))
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
