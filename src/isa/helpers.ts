import { HELPER_PROTOTYPES, HELPER_VERSIONS } from "./helperTable.ts"

/** A helper function of the kernel: what a program calls by number. */
export interface Helper {
  /** Number in `enum bpf_func_id`, the immediate of the call. */
  readonly id: number
  /** Name as programs write it, `bpf_map_lookup_elem`. */
  readonly name: string
  /** C type of the result, `void *` or `long`. */
  readonly ret: string
  /** C declarations of the parameters, `const void *key`; a last `...` for a variable list; empty for none. */
  readonly args: readonly string[]
  /** First kernel version that has it. */
  readonly kernelSince: string
}

const ROWS = 211
/** Number of the newest helper. */
export const LAST_HELPER: number = ROWS

let rows: string[] | undefined
let ids: Map<string, number> | undefined
const known: (Helper | undefined)[] = []

const row = (id: number): string => (rows ??= HELPER_PROTOTYPES.split("\n"))[id - 1]

/** Where the name stands in a row `long map_pop_elem(…)`: [start, the bracket]. */
function nameRange(text: string): [number, number] {
  const end = text.indexOf("(")
  let start = end
  while (text[start - 1] !== " " && text[start - 1] !== "*") start--
  return [start, end]
}

/** The helper of a number; undefined where the kernel has none. */
export function helperById(id: number): Helper | undefined {
  if (!Number.isInteger(id) || id < 1 || id > ROWS) return undefined
  return (known[id] ??= parse(id))
}

/** The name of a helper number, without parsing its prototype. */
export function helperName(id: number): string | undefined {
  if (!Number.isInteger(id) || id < 1 || id > ROWS) return undefined
  const text = row(id)
  return `bpf_${text.slice(...nameRange(text))}`
}

/** The number of a helper by its full name (`bpf_ktime_get_ns`). */
export function helperId(name: string): number | undefined {
  if (ids === undefined) {
    ids = new Map()
    for (let id = 1; id <= ROWS; id++) ids.set(row(id).slice(...nameRange(row(id))), id)
  }
  return name.startsWith("bpf_") ? ids.get(name.slice(4)) : undefined
}

/** The helper of a full name. */
export function helperByName(name: string): Helper | undefined {
  const id = helperId(name)
  return id === undefined ? undefined : helperById(id)
}

/** The names of all helpers, in the order of their numbers. */
export function helperNames(): string[] {
  const names: string[] = []
  for (let id = 1; id <= ROWS; id++) names.push(helperName(id)!)
  return names
}

/** A helper's prototype as C: `void *bpf_map_lookup_elem(void *map, const void *key)`. */
export function helperPrototype(helper: Helper): string {
  const gap = helper.ret.endsWith("*") ? "" : " "
  return `${helper.ret}${gap}${helper.name}(${helper.args.length === 0 ? "void" : helper.args.join(", ")})`
}

function parse(id: number): Helper {
  const text = row(id)
  const [start, end] = nameRange(text)
  const list = text.slice(end + 1, -1)
  let kernelSince = ""
  for (const [first, version] of HELPER_VERSIONS) if (first <= id) kernelSince = version
  return {
    id,
    name: `bpf_${text.slice(start, end)}`,
    ret: text.slice(0, start).trimEnd(),
    args: list === "void" ? [] : list.split(", "),
    kernelSince,
  }
}
