export interface HistogramOptions {
  /** What is counted, at the head of the first column: `usecs`. */
  readonly valueType?: string
  /** What comes before the section of a histogram whose keys are structs: `disk` gives `disk = sda`. */
  readonly sectionHeader?: string
}

/** Columns of stars in a histogram. */
const STARS = 40

/**
 * Draws a histogram of powers of two. Slot n counts values from 2ⁿ⁻¹ to 2ⁿ−1, as `bpf_log2l` numbers them:
 *
 *          usecs               : count     distribution
 *              0 -> 1          : 3        |*************                           |
 *              2 -> 3          : 9        |****************************************|
 *
 * Keys are the slots; of a key that is a struct, the last member is the slot and the others tell its section apart.
 */
export function log2Histogram(entries: Iterable<[unknown, unknown]>, options: HistogramOptions = {}): string {
  return draw(entries, options, counts => {
    const wide = counts.length > 33
    const [digits, stars] = wide ? [20, STARS / 2] : [10, STARS]
    const head = `${" ".repeat(wide ? 15 : 5)}${(options.valueType ?? "value").padEnd(wide ? 29 : 19)}`
    const most = Math.max(...counts.map(Number))
    const lines = [`${head} : count     distribution`]
    for (let slot = 1; slot < counts.length; slot++) {
      const low = slot === 1 ? 0n : 1n << BigInt(slot - 1)
      const high = (1n << BigInt(slot)) - 1n
      const range = `${String(low).padStart(digits)} -> ${String(high).padEnd(digits)}`
      lines.push(`${range} : ${bar(counts[slot], most, stars)}`)
    }
    return lines
  })
}

/** Draws a histogram whose slots are the values themselves, from 0 to the largest that was counted. */
export function linearHistogram(entries: Iterable<[unknown, unknown]>, options: HistogramOptions = {}): string {
  return draw(entries, options, counts => {
    const most = Math.max(...counts.map(Number))
    const lines = [`     ${(options.valueType ?? "value").padEnd(13)} : count     distribution`]
    for (const [slot, count] of counts.entries()) {
      lines.push(`        ${String(slot).padEnd(10)} : ${bar(count, most, STARS)}`)
    }
    return lines
  })
}

/** Highest slot that is drawn: keys that are no slots must not fill the memory. */
const MAX_SLOT = 1024

function bar(count: bigint, most: number, width: number): string {
  const stars = most === 0 ? 0 : Math.floor((Number(count) * width) / most)
  return `${String(count).padEnd(8)} |${"*".repeat(stars).padEnd(width)}|`
}

function draw(
  entries: Iterable<[unknown, unknown]>,
  options: HistogramOptions,
  lines: (counts: bigint[]) => string[],
): string {
  const sections = new Map<string, bigint[]>()
  for (const [key, value] of entries) {
    const { section, slot } = place(key)
    const count = total(value)
    if (count === 0n || !(slot >= 0 && slot <= MAX_SLOT)) continue
    let counts = sections.get(section)
    if (counts === undefined) sections.set(section, (counts = []))
    while (counts.length <= slot) counts.push(0n)
    counts[slot] += count
  }
  const parts: string[] = []
  for (const [section, counts] of sections) {
    const title = section === "" ? [] : [`${options.sectionHeader ?? "section"} = ${section}`]
    parts.push([...title, ...lines(counts)].join("\n"))
  }
  return parts.join("\n\n")
}

/** The slot a key stands for, and which histogram it belongs to. */
function place(key: unknown): { section: string; slot: number } {
  if (typeof key === "object" && key !== null && !ArrayBuffer.isView(key)) {
    const members = Object.values(key)
    const slot = Number(members.pop() ?? -1)
    return { section: members.map(String).join(" "), slot }
  }
  return { section: "", slot: Number(key) }
}

/** The count in a value; those of a per-CPU table are added up. */
function total(value: unknown): bigint {
  if (Array.isArray(value)) return value.reduce((sum: bigint, one) => sum + total(one), 0n)
  return typeof value === "bigint" || typeof value === "number" ? BigInt(value) : 0n
}
