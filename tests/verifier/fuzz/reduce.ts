const SLOT = 8
const CALL = 0x85
const LDDW = 0x18
/** `goto +0`, and `r0 = 0`. */
const NOTHING: readonly (readonly number[])[] = [
  [0x05, 0, 0, 0, 0, 0, 0, 0],
  [0xb7, 0, 0, 0, 0, 0, 0, 0],
]

/** Makes a program say less: slot by slot it becomes one that does nothing, as long as `interesting` holds. */
export function reduce(program: Uint8Array, interesting: (bytes: Uint8Array) => boolean): Uint8Array {
  let best = program
  for (let changed = true; changed; ) {
    changed = false
    for (let at = 0; at < best.length - SLOT; at += SLOT) {
      const isWide = best[at] === LDDW
      for (const nothing of best[at] === CALL ? [NOTHING[1], NOTHING[0]] : NOTHING) {
        if (nothing.every((byte, i) => best[at + i] === byte) || best[at] === NOTHING[0][0]) continue
        const tried = best.slice()
        tried.set(nothing, at)
        if (isWide) tried.set(NOTHING[0], at + SLOT)
        if (!interesting(tried)) continue
        best = tried
        changed = true
        break
      }
    }
  }
  return best
}
