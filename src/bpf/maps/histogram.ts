/** How a histogram is made of a table, and how it is shown. */
export interface HistogramOptions {
  /** What is counted, at the head of the first column: `usecs`. */
  readonly valueType?: string
  /** What comes before the section of a histogram whose keys are structs: `disk` gives `disk = sda`. */
  readonly sectionHeader?: string
  /** What a section is about, made of the key's members but the last: one value where it is one, else an object. */
  readonly bucket?: (members: unknown) => unknown
  /** How a section's bucket is shown. */
  readonly sectionText?: (bucket: unknown) => string
  /** In which order the sections come; as they are found without it. */
  readonly sort?: (a: unknown, b: unknown) => number
  /** Leaves out the slots before the first that counted something. */
  readonly stripLeadingZero?: boolean
}

/** A histogram of powers of two as data, with the names that BCC gives its parts. */
export interface JsonHistogram {
  /** When it was made: `2026-01-31 23:59:59`, local time. */
  readonly ts: string
  /** What is counted: `usecs`. */
  readonly val_type: string
  /** The slots, from the first to the last that counted something. */
  readonly data: readonly {
    readonly "interval-start": number
    readonly "interval-end": number
    readonly count: number
  }[]
  /** The section, under the name of its header. */
  readonly [section: string]: unknown
}

/** The options, or the two that print methods take by place, as BCC's do. */
export function named(valueType?: string | HistogramOptions, sectionHeader?: string): HistogramOptions {
  return typeof valueType === "object" ? valueType : { valueType, sectionHeader }
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
    for (let slot = first(counts, 1, options); slot < counts.length; slot++) {
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
    for (let slot = first(counts, 0, options); slot < counts.length; slot++) {
      lines.push(`        ${String(slot).padEnd(10)} : ${bar(counts[slot], most, STARS)}`)
    }
    return lines
  })
}

/** A histogram of powers of two as data: one without sections, else one for each. */
export function jsonHistogram(entries: Iterable<[unknown, unknown]>, options: HistogramOptions = {}): JsonHistogram[] {
  const now = new Date()
  const ts = new Date(now.getTime() - now.getTimezoneOffset() * 60_000).toISOString().slice(0, 19).replace("T", " ")
  return sectionsOf(entries, options).map(({ bucket, counts }) => ({
    ts,
    val_type: options.valueType ?? "value",
    data: counts.slice(1).map((count, i) => ({
      "interval-start": i === 0 ? 0 : 2 ** i,
      "interval-end": 2 ** (i + 1) - 1,
      count: Number(count),
    })),
    ...(bucket !== undefined && { [header(options)]: options.sectionText?.(bucket) ?? plain(bucket) }),
  }))
}

/** What JSON can hold of a bucket. */
const plain = (bucket: unknown): unknown =>
  typeof bucket === "bigint" || ArrayBuffer.isView(bucket) ? String(bucket) : bucket

const header = (options: HistogramOptions): string => options.sectionHeader ?? "section"

/** The first slot to be shown, from `from` on. */
function first(counts: readonly bigint[], from: number, { stripLeadingZero }: HistogramOptions): number {
  if (!stripLeadingZero) return from
  const slot = counts.findIndex((count, i) => i >= from && count > 0n)
  return slot < 0 ? counts.length : slot
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
  const parts = sectionsOf(entries, options).map(({ bucket, counts }) => {
    const text = bucket === undefined ? undefined : (options.sectionText?.(bucket) ?? textOf(bucket))
    return [...(text === undefined ? [] : [`${header(options)} = ${text}`]), ...lines(counts)].join("\n")
  })
  return parts.join("\n\n")
}

interface Section {
  /** Undefined for keys that are slots themselves. */
  readonly bucket: unknown
  /** By slot. */
  readonly counts: bigint[]
}

/** The histograms in a table. */
function sectionsOf(entries: Iterable<[unknown, unknown]>, options: HistogramOptions): Section[] {
  const sections = new Map<string, Section>()
  for (const [key, value] of entries) {
    const { members, slot } = place(key)
    const count = total(value)
    if (count === 0n || !(slot >= 0 && slot <= MAX_SLOT)) continue
    const bucket = members === undefined || options.bucket === undefined ? members : options.bucket(members)
    const text = textOf(bucket)
    let section = sections.get(text)
    if (section === undefined) sections.set(text, (section = { bucket, counts: [] }))
    while (section.counts.length <= slot) section.counts.push(0n)
    section.counts[slot] += count
  }
  const all = [...sections.values()]
  const { sort } = options
  return sort === undefined ? all : all.sort((a, b) => sort(a.bucket, b.bucket))
}

const isRecord = (value: unknown): value is object =>
  typeof value === "object" && value !== null && !ArrayBuffer.isView(value)

const textOf = (bucket: unknown): string =>
  isRecord(bucket) ? Object.values(bucket).map(String).join(" ") : String(bucket)

/** The slot a key stands for, and the rest of it, which tells its histogram apart. */
function place(key: unknown): { members: unknown; slot: number } {
  if (!isRecord(key)) return { members: undefined, slot: Number(key) }
  const entries = Object.entries(key)
  const [, slot] = entries.pop() ?? ["", -1]
  if (entries.length === 0) return { members: undefined, slot: Number(slot) }
  return { members: entries.length === 1 ? entries[0][1] : Object.fromEntries(entries), slot: Number(slot) }
}

/** The count in a value; those of a per-CPU table are added up. */
function total(value: unknown): bigint {
  if (Array.isArray(value)) return value.reduce((sum: bigint, one) => sum + total(one), 0n)
  return typeof value === "bigint" || typeof value === "number" ? BigInt(value) : 0n
}
