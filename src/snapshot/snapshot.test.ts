import assert from "node:assert/strict"
import { readFileSync } from "node:fs"
import { test } from "node:test"
import { deflateRawSync } from "node:zlib"
import { Btf, BtfBuilder, dump } from "../btf/index.ts"
import { readFormats, writeFormats } from "./formats.ts"
import { prune } from "./prune.ts"
import { readTypes } from "./readTypes.ts"
import { makeSnapshot, openSnapshot } from "./snapshot.ts"
import { writeTypes } from "./writeTypes.ts"

const file = readFileSync("data/linux.snapshot")

/** A type of every kind. */
function everyKind(): Btf {
  const b = new BtfBuilder()
  const int = b.add({ kind: "int", name: "int", size: 4, signed: true })
  const u8 = b.add({ kind: "int", name: "unsigned char", size: 1, char: true })
  b.add({ kind: "int", name: "_Bool", size: 1, bool: true })
  b.add({ kind: "float", name: "double", size: 8 })
  const node = b.reserve()
  const pointer = b.add({ kind: "ptr", type: node })
  const array = b.add({ kind: "array", type: u8, indexType: int, count: 16 })
  b.define(node, {
    kind: "struct",
    name: "node",
    size: 32,
    members: [
      { name: "next", type: pointer, bitOffset: 0 },
      { name: "low", type: int, bitOffset: 64, bitSize: 3 },
      { name: "high", type: int, bitOffset: 67, bitSize: 29 },
      { name: "name", type: array, bitOffset: 128 },
    ],
  })
  b.add({ kind: "union", name: "either", size: 8, members: [{ name: "next", type: pointer, bitOffset: 0 }] })
  const values = [
    { name: "MINUS", value: -1 },
    { name: "MANY", value: 2_000_000_000 },
  ]
  b.add({ kind: "enum", name: "numbers", size: 4, signed: true, values })
  b.add({ kind: "enum64", name: "large", size: 8, values: [{ name: "HUGE", value: 0x8000_0000_0000_0001n }] })
  b.add({ kind: "fwd", name: "far", union: true })
  const alias = b.add({ kind: "typedef", name: "node_t", type: node })
  for (const kind of ["const", "volatile", "restrict"] as const) b.add({ kind, type: alias })
  b.add({ kind: "type_tag", name: "user", type: int })
  const proto = b.add({ kind: "func_proto", type: int, params: [{ name: "node", type: pointer }], variadic: true })
  const func = b.add({ kind: "func", name: "walk", type: proto, linkage: "global" })
  b.add({ kind: "decl_tag", name: "bpf_kfunc", type: func, component: -1 })
  const variable = b.add({ kind: "var", name: "first", type: pointer, linkage: "static" })
  b.add({ kind: "datasec", name: ".data", size: 8, vars: [{ type: variable, offset: 0, size: 8 }] })
  return Btf.parse(b.encode())
}

test("types of every kind come out as they went in", () => {
  const btf = everyKind()
  assert.equal(dump(Btf.parse(readTypes(writeTypes(btf)))), dump(btf))
})

const kept = (depth: number): Btf =>
  Btf.parse(prune(chain(), { root: (kind, name) => kind === "struct" && name === "first", depth }))

/** `first` holds a `part` and points to `second`, which points to `third`; nothing leads to `other`. */
function chain(): Btf {
  const b = new BtfBuilder()
  const record = (name: string, members: readonly (readonly [string, number])[]): number =>
    b.add({
      kind: "struct",
      name,
      size: 8 * members.length,
      members: members.map(([member, type], i) => ({ name: member, type, bitOffset: i * 64 })),
    })
  const long = b.add({ kind: "int", name: "long", size: 8, signed: true })
  const third = record("third", [["c", long]])
  const second = record("second", [["next", b.add({ kind: "ptr", type: third })]])
  const part = record("part", [["p", long]])
  record("other", [["o", long]])
  const qualified = b.add({ kind: "ptr", type: b.add({ kind: "const", type: second }) })
  record("first", [
    ["part", part],
    ["next", qualified],
  ])
  return Btf.parse(b.encode())
}

test("what a root is made of is kept, what it points to is known by name", () => {
  const btf = kept(0)
  assert.equal(btf.kind(btf.find("part")), "struct")
  assert.equal(btf.kind(btf.find("second")), "fwd")
  assert.deepEqual([btf.find("third"), btf.find("other")], [0, 0])
})

test("and what is so many pointers away is kept, too", () => {
  const btf = kept(1)
  assert.equal(btf.kind(btf.find("second")), "struct")
  assert.equal(btf.kind(btf.find("third")), "fwd")
})

const HEADER = `name: EVENT
ID: 7
format:
	field:unsigned short common_type;	offset:0;	size:2;	signed:0;
	field:unsigned char common_flags;	offset:2;	size:1;	signed:0;
	field:unsigned char common_preempt_count;	offset:3;	size:1;	signed:0;
	field:int common_pid;	offset:4;	size:4;	signed:1;

`

function format(what: string, ...fields: string[]): void {
  test(`format: ${what}`, () => {
    const text = HEADER + fields.map(field => `\tfield:${field};\n`).join("")
    const formats = new Map([["cat:EVENT", `${text}\nprint fmt: "%d", REC->a\n`]])
    assert.deepEqual(readFormats(writeFormats(formats)), new Map([["cat:EVENT", text]]))
  })
}

format("no fields of its own")
format(
  "one behind the other",
  "char comm[16];\toffset:8;\tsize:16;\tsigned:0",
  "pid_t pid;\toffset:24;\tsize:4;\tsigned:1",
)
format("a gap before a long", "int a;\toffset:8;\tsize:4;\tsigned:1", "long b;\toffset:16;\tsize:8;\tsigned:1")
format("a gap that nothing tells of", "u8 a;\toffset:8;\tsize:1;\tsigned:0", "u8 b;\toffset:12;\tsize:1;\tsigned:0")
format("data behind the record", "__data_loc char[] name;\toffset:8;\tsize:4;\tsigned:0")

test("the snapshot takes no more than 400 KB", () => assert.ok(file.length <= 400_000, `${file.length} bytes`))

test("it has what programs name, and members where that kernel has them", () => {
  const { btf, version, formats, config } = openSnapshot(file)
  for (const name of ["task_struct", "file", "dentry", "sock", "tcp_sock", "sk_buff", "request", "pt_regs"]) {
    assert.equal(btf.kind(btf.find(name, "struct")), "struct", name)
  }
  for (const name of ["vfs_read", "tcp_v4_connect", "do_sys_openat2", "__x64_sys_execve"]) {
    assert.notEqual(btf.find(name, "func"), 0, name)
  }
  assert.equal(version >> 8, (6 << 8) | 18)
  assert.match(formats.get("sched:sched_switch") ?? "", /field:pid_t next_pid;\s+offset:56;/)
  assert.equal(config.get("CONFIG_SMP"), "1")
})

test("a snapshot of a snapshot is the same", () => {
  const { release, version, btf, formats, config } = openSnapshot(file)
  const lines = [...config].map(([name, value]) =>
    name.endsWith("_MODULE") && value === "1" ? `${name.slice(0, -7)}=m` : `${name}=${value === "1" ? "y" : value}`,
  )
  const again = makeSnapshot({ release, version, btf, formats, config: lines.join("\n") }, bytes =>
    deflateRawSync(bytes),
  )
  const opened = openSnapshot(again)
  assert.equal(opened.btf.count, btf.count)
  assert.deepEqual(opened.formats, formats)
})

test("damage is told by its code", () => {
  for (let at = 0; at < 30; at++) {
    const damaged = Uint8Array.from(file)
    damaged[(at * 12_931) % file.length] ^= 0x5a
    try {
      const { btf, formats, config } = openSnapshot(damaged)
      assert.ok(btf.count > 0 && formats.size >= 0 && config.size >= 0)
    } catch (error) {
      assert.match((error as { code?: string }).code ?? "", /^(SNAPSHOT|BTF)_BAD/)
    }
  }
  for (const length of [0, 5, 11, 12, 1000]) {
    assert.throws(() => openSnapshot(file.subarray(0, length)), { code: "SNAPSHOT_BAD" })
  }
})
