import type { BPF, Table } from "../bpf/index.ts"
import { styled } from "./style.ts"

/** Types of maps whose elements say something to people. */
const SHOWN = /^(lru_)?(percpu_)?(hash|array)$|^lpm_trie$/

/** Longest cell of a table that is shown whole. */
const CELL = 64

export interface ShownTable {
  readonly name: string
  readonly text: string
}

/** The program's tables as text: histograms drawn, others as columns, largest values first. */
export function* shownTables(bpf: BPF): Generator<ShownTable> {
  for (const { name, type } of bpf.maps) {
    if (!SHOWN.test(type)) continue
    const table = bpf.table(name)
    const slots = bpf.histograms.get(name)
    const drawn = slots === "log2" ? table.log2Histogram() : slots === "linear" ? table.linearHistogram() : undefined
    if (drawn !== undefined && drawn !== "") yield { name, text: `${title(name, type)}\n${drawn}` }
    else yield { name, text: tableText(table) }
  }
}

const title = (name: string, about: string): string => `${styled(name, "1")} (${about})`

/** A table as columns. */
export function tableText(table: Table<unknown, unknown>): string {
  const isArray = table.type.endsWith("array")
  const entries = [...table.entries()].filter(([, value]) => !isArray || !isZero(value))
  const many = entries.length === 1 ? "1 entry" : `${entries.length} entries`
  const count = isArray ? `${entries.length} of ${table.maxEntries} not zero` : many
  const head = title(table.name, `${table.type}, ${count}`)
  if (entries.length === 0) return head
  const perCpu = table.type.includes("percpu")
  const rows = entries.map(([key, value]) => ({ key, value: perCpu ? joinCpus(value as unknown[]) : value }))
  if (rows.every(row => isNumber(row.value))) rows.sort((a, b) => compare(b.value, a.value))
  const names = { key: columnsOf(rows[0].key, "key"), value: columnsOf(rows[0].value, perCpu ? "all CPUs" : "value") }
  const cells = rows.map(({ key, value }) => [...cellsOf(key, names.key), ...cellsOf(value, names.value)])
  return [head, ...align([[...names.key, ...names.value], ...cells], cells[0].map(isRight))].join("\n")
}

/** Numbers of all CPUs as their sum. */
function joinCpus(values: unknown[]): unknown {
  if (!values.every(isNumber)) return values
  return values.reduce((sum: bigint, value) => sum + BigInt(value), 0n)
}

const isNumber = (value: unknown): value is number | bigint => typeof value === "number" || typeof value === "bigint"

const compare = (a: unknown, b: unknown): number => {
  const [x, y] = [a as bigint, b as bigint]
  return x < y ? -1 : x > y ? 1 : 0
}

function isZero(value: unknown): boolean {
  if (isNumber(value)) return Number(value) === 0
  if (typeof value === "boolean") return !value
  if (ArrayBuffer.isView(value)) return (value as Uint8Array).every(byte => byte === 0)
  if (typeof value === "object" && value !== null) return Object.values(value).every(isZero)
  return false
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value) && !ArrayBuffer.isView(value)

/** A struct has a column for each member, anything else one. */
function columnsOf(value: unknown, name: string): string[] {
  return isRecord(value) ? Object.keys(value) : [name]
}

function cellsOf(value: unknown, names: readonly string[]): string[] {
  const values = isRecord(value) ? names.map(name => value[name]) : [value]
  return values.map(one => cut(valueText(one)))
}

const cut = (text: string): string => (text.length > CELL ? `${text.slice(0, CELL - 1)}…` : text)

/** A decoded value on one line: `{a: 1, b: [2, 3]}`; control characters of texts are escaped. */
export function valueText(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(valueText).join(", ")}]`
  if (isRecord(value)) {
    const members = Object.entries(value).map(([name, one]) => `${name}: ${valueText(one)}`)
    return `{${members.join(", ")}}`
  }
  if (value instanceof Uint8Array && value.constructor === Uint8Array) return Buffer.from(value).toString("hex")
  return JSON.stringify(String(value)).slice(1, -1)
}

const isRight = (cell: string): boolean => /^-?\d+$/.test(cell)

/** Rows with their cells under each other; `right` says which columns hold numbers. */
function align(rows: readonly (readonly string[])[], right: readonly boolean[]): string[] {
  const widths = right.map((_, i) => Math.max(...rows.map(row => row[i].length)))
  return rows.map(row => {
    const cells = row.map((cell, i) => (right[i] ? cell.padStart(widths[i]) : cell.padEnd(widths[i])))
    return `  ${cells.join("  ")}`.trimEnd()
  })
}

/** A value for JSON: bigints that a double cannot hold as text. */
export function jsonValue(_name: string, value: unknown): unknown {
  if (typeof value !== "bigint") return value
  return value >= BigInt(Number.MIN_SAFE_INTEGER) && value <= BigInt(Number.MAX_SAFE_INTEGER)
    ? Number(value)
    : String(value)
}
