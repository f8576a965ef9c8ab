// A table of many entries, read whole: maps.mjs ENTRIES. One line of JSON with the times in milliseconds.
import { BPF, HashTable } from "skep"

const entries = Number(process.argv[2] ?? 1_000_000)
const text = `struct key { u32 pid; u32 cpu; };
struct value { u64 count; u64 ns; };
BPF_HASH(t, struct key, struct value, ${entries});
int f(void *ctx) { return 0; }`

type Key = { pid: number; cpu: number }
type Value = { count: bigint; ns: bigint }
using b = await BPF.load({ text })
const table = b.table("t", HashTable<Key, Value>)

function* all(): Generator<[Key, Value]> {
  for (let i = 0; i < entries; i++)
    yield [
      { pid: i, cpu: i & 7 },
      { count: BigInt(i), ns: 1n },
    ]
}

/** The shortest of three runs. */
function time(run: () => number): number {
  const times = Array.from({ length: 3 }, () => {
    const start = performance.now()
    if (run() !== entries) throw new Error("not all were read")
    return performance.now() - start
  })
  return Math.min(...times)
}

const fill = performance.now()
table.setMany(all())
const filled = performance.now() - fill
const typed = time(() => {
  let count = 0
  let sum = 0n
  for (const [, value] of table.entries()) {
    sum += value.count
    count++
  }
  return sum > 0n ? count : 0
})
const columns = time(() => {
  const { count, value } = table.columns()
  let sum = 0n
  for (let i = 0; i < count; i++) sum += value.count[i] as bigint
  return sum > 0n ? count : 0
})
const clear = performance.now()
const cleared = table.readAndClear().length
const taken = performance.now() - clear
if (cleared !== entries) throw new Error("not all were cleared")
process.stdout.write(`${JSON.stringify({ entries, filled, typed, columns, taken })}\n`)
