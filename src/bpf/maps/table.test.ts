import assert from "node:assert/strict"
import { test } from "node:test"
import { needsMachine } from "../../../tests/support/kernel.ts"
import type { SkepError } from "../../base/index.ts"
import { BPF, type CharArray, type Table } from "../index.ts"

/** A program with one table `t`, used from here alone. */
function withTable(name: string, declaration: string, use: (table: Table) => void): void {
  test(name, { skip: needsMachine }, async () => {
    using b = await BPF.load({ text: `${declaration}\nint f(void *ctx) { return 0; }` })
    use(b.table("t"))
  })
}

const fails = (code: string, text: RegExp, act: () => unknown): void =>
  assert.throws(act, (error: SkepError) => {
    assert.equal(error.code, code)
    assert.match(`${error.message}\n${error.hint}`, text)
    return true
  })

withTable("a hash of structs", "struct k { u32 a; u32 b; }; BPF_HASH(t, struct k, u64, 4);", t => {
  assert.equal(t.type, "hash")
  assert.equal(t.size, 0)
  t.set({ a: 1, b: 2 }, 3n).set({ a: 4, b: 5 }, 1n << 63n)
  assert.equal(t.get({ a: 1, b: 2 }), 3n)
  assert.equal(t.has({ a: 1, b: 3 }), false)
  assert.equal(t.get({ a: 1, b: 3 }), undefined)
  assert.equal(t.size, 2)
  assert.deepEqual(
    [...t].sort((x, y) => x[0].a - y[0].a),
    [
      [{ a: 1, b: 2 }, 3n],
      [{ a: 4, b: 5 }, 1n << 63n],
    ],
  )
  assert.equal(t.delete({ a: 1, b: 2 }), true)
  assert.equal(t.delete({ a: 1, b: 2 }), false)
  assert.deepEqual([...t.keys()], [{ a: 4, b: 5 }])
  assert.deepEqual(t.drain(), [[{ a: 4, b: 5 }, 1n << 63n]])
  t.set({ a: 1, b: 1 }, 1n).clear()
  assert.equal(t.size, 0)
})

withTable("a full map", "BPF_HASH(t, u32, u32, 2);", t => {
  t.set(1, 1).set(2, 2)
  fails("MACHINE_MAP_FULL", /map t is full: it holds 2 entries\nmake it larger/, () => t.set(3, 3))
  fails("MACHINE_KEY_EXISTS", /has this key already/, () => t.set(1, 1, "absent"))
  fails("MACHINE_NO_KEY", /no such key/, () => t.set(3, 3, "present"))
})

withTable("an array", "BPF_ARRAY(t, u32, 3);", t => {
  t.set(1, 7)
  assert.deepEqual(
    [...t],
    [
      [0, 0],
      [1, 7],
      [2, 0],
    ],
  )
  assert.equal(t.size, 3)
  assert.equal(t.get(3), undefined)
  fails("MACHINE_MAP_FULL", /no such index: it holds 3/, () => t.set(3, 1))
  t.clear()
  assert.deepEqual([...t.values()], [0, 0, 0])
})

withTable("a value for each CPU", "BPF_PERCPU_ARRAY(t, u32, 1);", t => {
  const { copies } = t.map
  const values = Array.from({ length: copies }, (_, cpu) => cpu + 10)
  t.set(0, values)
  assert.deepEqual(t.get(0), values)
  assert.deepEqual([...t.values()], [values])
  fails("BPF_PER_CPU", /array of \d+ values/, () => t.set(0, 1))
})

withTable(
  "nested types",
  "struct v { char name[16]; union { u32 x; u8 y; }; s16 list[2]; __int128 wide; u32 low:4, high:28; }; BPF_HASH(t, u64, struct v);",
  t => {
    t.set(5n, { name: "bee", x: 0x102, list: [-1, 2], wide: -5n, low: 3, high: 9 })
    const { name, ...rest } = t.get(5n)
    assert.equal((name as CharArray).text, "bee")
    assert.equal(`${name}`, "bee")
    assert.deepEqual(rest, { x: 0x102, y: 2, list: [-1, 2], wide: -5n, low: 3, high: 9 })
    assert.equal(JSON.stringify(name), '"bee"')
  },
)

withTable("a histogram", "BPF_HISTOGRAM(t);", t => {
  t.set(2, 4n)
  assert.match(t.log2Histogram({ valueType: "ns" }), /^ {5}ns +: count .*\n.*\n +2 -> 3 +: 4 +\|\*{40}\|$/)
})

withTable("values that do not fit", "BPF_HASH(t, u8, u32);", t => {
  fails("BTF_VALUE_RANGE", /256/, () => t.set(256, 1))
  fails("BTF_VALUE_TYPE", /./, () => t.set(1, "x"))
})

test("a table goes on to be read while it changes", { skip: needsMachine }, async () => {
  using b = await BPF.load({ text: "BPF_HASH(t, u32, u32, 10000);\nint f(void *ctx) { return 0; }" })
  const table = b.table<number, number>("t")
  for (let i = 0; i < 5000; i++) table.set(i, i)
  const seen = new Set<number>()
  for (const [key] of table) {
    assert.ok(!seen.has(key))
    seen.add(key)
    table.delete(key)
    table.set(key + 5000, 1)
  }
  assert.ok(seen.size >= 5000)
})
