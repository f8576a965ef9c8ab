/** How the values of all CPUs become one: by name, or a function of any two. */
export type Reducer<V> = "sum" | "max" | "min" | "avg" | ((a: V, b: V) => V)

/** One value made of many. Structs and arrays are gone through member by member; of texts and truths the first is kept. */
export function reduce<V>(values: readonly V[], how: Reducer<V>): unknown {
  if (typeof how === "function") return values.reduce(how)
  return combine(values, how)
}

function combine(values: readonly unknown[], how: "sum" | "max" | "min" | "avg"): unknown {
  const [first] = values
  if (typeof first === "number") return ofNumbers(values as number[], how)
  if (typeof first === "bigint") return ofBigints(values as bigint[], how)
  if (Array.isArray(first))
    return first.map((_, i) =>
      combine(
        values.map(v => (v as unknown[])[i]),
        how,
      ),
    )
  if (typeof first === "object" && first !== null && !ArrayBuffer.isView(first)) {
    const members = Object.keys(first).map(name => [
      name,
      combine(
        values.map(v => (v as never)[name]),
        how,
      ),
    ])
    return Object.fromEntries(members)
  }
  return first
}

function ofNumbers(values: readonly number[], how: "sum" | "max" | "min" | "avg"): number {
  if (how === "max") return values.reduce((a, b) => Math.max(a, b))
  if (how === "min") return values.reduce((a, b) => Math.min(a, b))
  const sum = values.reduce((a, b) => a + b, 0)
  return how === "sum" ? sum : sum / values.length
}

function ofBigints(values: readonly bigint[], how: "sum" | "max" | "min" | "avg"): bigint {
  if (how === "max" || how === "min") {
    const sorted = [...values].sort((a, b) => (a === b ? 0 : a < b ? -1 : 1))
    return how === "max" ? sorted[sorted.length - 1] : sorted[0]
  }
  const sum = values.reduce((a, b) => a + b, 0n)
  return how === "sum" ? sum : sum / BigInt(values.length)
}
