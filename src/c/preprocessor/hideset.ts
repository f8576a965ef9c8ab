/**
 * A set of macro names that a token must not be expanded with again (Prosser's algorithm, on which C's wording rests).
 * Sets are immutable lists that share their tails; they are mostly of one to five names.
 */
export interface HideSet {
  readonly name: string
  readonly rest: HideSet | undefined
}

export function hides(set: HideSet | undefined, name: string): boolean {
  for (; set !== undefined; set = set.rest) if (set.name === name) return true
  return false
}

export function addName(set: HideSet | undefined, name: string): HideSet {
  return hides(set, name) ? (set as HideSet) : { name, rest: set }
}

export function union(a: HideSet | undefined, b: HideSet | undefined): HideSet | undefined {
  if (a === b || a === undefined) return b
  let out = b
  for (let s: HideSet | undefined = a; s !== undefined; s = s.rest)
    if (!hides(b, s.name)) out = { name: s.name, rest: out }
  return out
}

export function intersection(a: HideSet | undefined, b: HideSet | undefined): HideSet | undefined {
  if (a === b) return a
  let out: HideSet | undefined
  for (let s = a; s !== undefined; s = s.rest) if (hides(b, s.name)) out = { name: s.name, rest: out }
  return out
}
