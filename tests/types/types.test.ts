import assert from "node:assert/strict"
import { test } from "node:test"
import { MAP_CLASSES } from "../../src/bpf/maps/create.ts"
import { Btf, CharArray, valueCodec } from "../../src/btf/index.ts"
import { describe } from "../../src/gen/describe.ts"
import { typesText } from "../../src/gen/index.ts"
import { globalVariables, readElf, writeElf } from "../../src/object/index.ts"
import { golden } from "../support/golden.ts"
import { map, object } from "../support/kernel.ts"
import { Random } from "../support/random.ts"
import { typeChecks } from "../support/tsc.ts"
import { kindsObject } from "./program.ts"

const kinds = kindsObject()
const text = typesText(kinds, { name: "Kinds", source: "kinds.c" })
const btf = Btf.parse(kinds.btf)

test("the types of a program with values of every kind", () => golden("tests/golden/types/kinds.txt", text))

test("the types of the object file are the same", () => {
  // Sections, and so variables, may stand in another order there.
  const lines = (text: string): string[] => text.split("\n").sort()
  assert.deepEqual(lines(typesText(readElf(writeElf(kinds)), { name: "Kinds", source: "kinds.c" })), lines(text))
})

test("a table of the kernel's operations needs no type of its values", () => {
  const operations = map("mine", "struct_ops", { valueType: 1 })
  const { tables, declarations } = describe({ ...kinds, maps: [operations] })
  assert.deepEqual([tables[0].type, declarations], ["StructOpsMap", []])
})

for (const [type, { name }] of Object.entries(MAP_CLASSES)) {
  test(`a table of type ${type} is a ${name}, as the loaded one is`, () => {
    const [table] = describe(object({ maps: [map("t", type)] })).tables
    // The test's bundle numbers classes whose name it has twice.
    assert.equal(/^\w+/.exec(table.type)![0], name.replace(/\d+$/, ""))
  })
}

/** A decoded value as an expression of TypeScript. */
function literal(value: unknown): string {
  if (value instanceof CharArray) return `CharArray.of(${[...value].join(", ")}) as CharArray`
  if (typeof value === "bigint") return `${value}n`
  if (Array.isArray(value)) return `[${value.map(literal).join(", ")}]`
  if (typeof value !== "object" || value === null) return JSON.stringify(value)
  return `{ ${Object.entries(value)
    .map(([name, part]) => `${JSON.stringify(name)}: ${literal(part)}`)
    .join(", ")} }`
}

test("what is decoded fits the types, member by member", () => {
  const random = new Random(1)
  const of = (id: number): string => {
    const codec = valueCodec(btf, id)
    return literal(codec.decode(Uint8Array.from({ length: codec.size }, () => random.below(256))))
  }
  const lines: string[] = []
  const fits = (type: string, id: number): number => lines.push(`export const v${lines.length}: ${type} = ${of(id)}`)
  for (let round = 0; round < 8; round++) {
    for (const { name, keyType, valueType, eventType } of kinds.maps) {
      if (name === "stats") {
        fits("Parts<Kinds['tables']['stats']>[0]", keyType)
        fits("Parts<Kinds['tables']['stats']>[1]", valueType)
      }
      if (eventType !== undefined) fits(`Kinds["events"]["${name}"]`, eventType)
    }
    for (const { name, type } of globalVariables(kinds, btf).values()) fits(`Kinds["globals"]["${name}"]`, type)
  }
  assert.equal(lines.length, 8 * 10)
  const head = `import { CharArray, type HashTable } from "skep"
import type { Kinds } from "./kinds.ts"
type Parts<T> = T extends HashTable<infer K, infer V> ? [K, V] : never
`
  typeChecks("types/fits", { "kinds.ts": text, "fits.ts": `${head}${lines.join("\n")}\n` })
})

test("names and types of a program are checked; without them everything goes", () => {
  const program = `import { BPF, type CharArray, type HashTable, PerCpuArray, type Table } from "skep"
import type { everything, Kinds } from "./kinds.ts"

type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false
const same = <A, B>(_: Same<A, B>): void => {}

export async function typed(): Promise<void> {
  using b = await BPF.load<Kinds>({ file: "kinds.c", globals: { threshold: 7, title: "text", total: 5 } })
  // @ts-expect-error no such variable
  await BPF.load<Kinds>({ file: "kinds.c", globals: { treshold: 7 } })
  // @ts-expect-error a text
  await BPF.load<Kinds>({ file: "kinds.c", globals: { threshold: "7" } })

  const stats = b.table("stats")
  same<typeof stats, HashTable<{ pid: number; comm: CharArray }, everything>>(true)
  same<everything["u64"], bigint>(true)
  // @ts-expect-error no such table
  b.table("stat")
  // @ts-expect-error no such member
  for (const [key] of stats) console.log(key.pidd)
  for (const [key, value] of stats) same<[typeof key.pid, typeof value.s64, typeof value.ok], [number, bigint, boolean]>(true)
  stats.get({ pid: 1, comm: "sh" })?.rows[0].q.toFixed()
  stats.set({ pid: 1, comm: "sh" }, { u64: 5, list: [1, 2, 3], ok: true })
  // @ts-expect-error no such member
  stats.get({ pidd: 1 })
  // @ts-expect-error a number
  stats.get({ pid: "1" })
  const { key, value } = stats.columns()
  console.log(key.pid[0], key.comm.text(0), value.u64[0])
  b.table("counts", PerCpuArray<bigint>).sum(0)
  b.table("counts").sum(0)?.toString()
  b.table("outer").get(1n)?.get(0)?.comm.text
  // @ts-expect-error no such method
  b.table("counts").take(0)

  for await (const { who, ns } of b.events("events")) same<[typeof who.comm, typeof ns], [CharArray, bigint]>(true)
  for await (const bytes of b.events("events", { raw: true })) same<typeof bytes, Uint8Array>(true)
  // @ts-expect-error no such stream
  b.events("stats")
  b.onEvents("events", batch => {
    batch.column("ns")
    // @ts-expect-error no such member
    batch.column("nss")
    batch.each(event => event.who.pid.toFixed())
  })

  b.globals.total += 1n
  b.globals.title = "text"
  b.globals.last = { pid: 3 }
  // @ts-expect-error no such member
  b.globals.last = { pidd: 3 }
  same<typeof b.globals.total, bigint>(true)
  // @ts-expect-error a constant
  b.globals.threshold = 5
  // @ts-expect-error no such variable
  b.globals.totals = 5n
  b.liveGlobal<BigUint64Array>("total")

  b.program("started")
  // @ts-expect-error no such function
  b.program("start")
  b.attachKprobe({ event: "vfs_read", fn: "started" })
  // @ts-expect-error no such function
  b.attachKprobe({ event: "vfs_read", fn: "start" })
  b.xdp("eth0").attach("pass", { mode: "generic" })
  // @ts-expect-error no such function
  b.tc("eth0").ingress.attach("passes")
}

export async function opened(): Promise<void> {
  const program = await BPF.open<Kinds>({ file: "kinds.c" })
  program.globals.threshold = 5
  program.globals.title = "text"
  program.resize("stats", 10)
  // @ts-expect-error no such table
  program.resize("stat", 10)
  using b = program.load()
  b.table("stats")
  any(b)
}

// Where nothing is known, as ever: any program goes there.
function any(b: BPF): void {
  const table = b.table<{ pid: number }, bigint>("counts")
  same<typeof table, Table<{ pid: number }, bigint>>(true)
  for (const [k, v] of b.table("stats")) console.log(k.a.b, v.c)
  b.events<{ pid: number }>("events").takeNow()[0].pid.toFixed()
  b.onEvents("events", batch => batch.column("pid"))
  b.globals.threshold = 5
  b.program("f")
}
`
  typeChecks("types/program", { "kinds.ts": text, "program.ts": program })
})
