/** Text without line splices (translation phase 2), and the way back to the offsets of the file. */
export interface CleanText {
  readonly text: string
  /** Ascending offsets in `text` where something was taken out; undefined when nothing was. */
  readonly at: readonly number[] | undefined
  /** How much was taken out up to and including that place. */
  readonly removed: readonly number[]
}

/** Takes out every backslash that ends a line, with the line end (and, as GNU C does, white space between the two). */
export function spliceLines(text: string): CleanText {
  const bom = text.charCodeAt(0) === 0xfeff
  let slash = text.indexOf("\\")
  if (slash < 0 && !bom) return { text, at: undefined, removed: [] }
  const at: number[] = []
  const removed: number[] = []
  let out = ""
  let from = 0
  let total = 0
  if (bom) {
    from = total = 1
    at.push(0)
    removed.push(1)
  }
  for (; slash >= 0; slash = text.indexOf("\\", slash + 1)) {
    let end = slash + 1
    while (isBlank(text.charCodeAt(end))) end++
    if (text.charCodeAt(end) !== 10) continue
    end++
    out += text.slice(from, slash)
    total += end - slash
    at.push(out.length)
    removed.push(total)
    from = end
    slash = end - 1
  }
  if (at.length === 0) return { text, at: undefined, removed }
  return { text: out + text.slice(from), at, removed }
}

const isBlank = (c: number) => c === 32 || c === 9 || c === 13 || c === 11 || c === 12
