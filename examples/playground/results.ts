import { type BPF, jsonHistogram } from "skep/browser"
import { element } from "./element.ts"
import { bars, table } from "./plot.ts"

/** Most rows of a table that are shown. */
const MOST_ROWS = 200

/** Maps whose elements say something to people. */
const SHOWN = /^(lru_)?(percpu_)?(hash|array)$/

/** What is in the program's tables: histograms as bars, others as rows, the largest values first. */
export function shownTables(bpf: BPF): HTMLElement[] {
  return bpf.maps
    .filter(({ type }) => SHOWN.test(type))
    .map(({ name, type }) => {
      const entries = [...bpf.table(name)] as [unknown, unknown][]
      const inside = bpf.histograms.has(name) ? histogram(entries) : rows(entries)
      return element("div", {}, element("h2", {}, `${name} `, element("small", {}, type)), inside)
    })
}

function histogram(entries: [unknown, unknown][]): Element | string {
  const [first] = jsonHistogram(entries)
  const data = first?.data ?? []
  const used = data.slice(
    data.findIndex(({ count }) => count > 0),
    data.findLastIndex(({ count }) => count > 0) + 1,
  )
  if (used.length === 0) return "nothing yet"
  return bars(used.map(slot => [`${slot["interval-start"]} to ${slot["interval-end"]}`, slot.count]))
}

const isNumber = (value: unknown): value is number | bigint => typeof value === "number" || typeof value === "bigint"
const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value) && !ArrayBuffer.isView(value)

function rows(entries: [unknown, unknown][]): HTMLElement | string {
  if (entries.length === 0) return "empty"
  const sorted = entries.toSorted(([, a], [, b]) => (isNumber(a) && isNumber(b) ? Number(b) - Number(a) : 0))
  const columns = (value: unknown, name: string): string[] => (isRecord(value) ? Object.keys(value) : [name])
  const cells = (value: unknown): unknown[] => (isRecord(value) ? Object.values(value) : [value])
  const [key, value] = sorted[0]
  return table(
    [...columns(key, "key"), ...columns(value, "value")],
    sorted.slice(0, MOST_ROWS).map(([key, value]) => [...cells(key), ...cells(value)]),
  )
}
