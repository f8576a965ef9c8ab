import assert from "node:assert/strict"
import { existsSync, readFileSync } from "node:fs"
import { test } from "node:test"
import fc from "fast-check"
import {
  alignOf,
  Btf,
  BtfBuilder,
  BtfCopier,
  dump,
  findMember,
  formatDefinition,
  formatType,
  sizeOf,
  valueCodec,
} from "./index.ts"

/** A BTF with a type of every kind, each used by another. */
function sample(littleEndian: boolean): Uint8Array {
  const b = new BtfBuilder()
  const int = b.add({ kind: "int", name: "int", size: 4, signed: true })
  const char = b.add({ kind: "int", name: "char", size: 1, char: true, signed: true })
  const float = b.add({ kind: "float", name: "double", size: 8 })
  const text = b.add({ kind: "array", type: char, indexType: int, count: 16 })
  const choice = b.add({ kind: "enum", name: "choice", size: 4, values: [{ name: "ONE", value: 1 }] })
  const wide = b.add({ kind: "enum64", name: "wide", size: 8, values: [{ name: "BIG", value: 2n ** 40n }] })
  const later = b.add({ kind: "fwd", name: "later" })
  const node = b.reserve()
  const next = b.add({ kind: "ptr", type: b.add({ kind: "type_tag", name: "rcu", type: node }) })
  const inner = b.add({
    kind: "union",
    name: "",
    size: 8,
    members: [
      { name: "ratio", type: float, bitOffset: 0 },
      { name: "wide", type: wide, bitOffset: 0 },
    ],
  })
  b.define(node, {
    kind: "struct",
    name: "node",
    size: 48,
    members: [
      { name: "next", type: next, bitOffset: 0 },
      { name: "comm", type: text, bitOffset: 64 },
      { name: "low", type: int, bitOffset: 192, bitSize: 5 },
      { name: "", type: inner, bitOffset: 256 },
      { name: "choice", type: b.add({ kind: "const", type: choice }), bitOffset: 320 },
    ],
  })
  const alias = b.add({ kind: "typedef", name: "node_t", type: b.add({ kind: "volatile", type: node }) })
  const params = [
    { name: "node", type: b.add({ kind: "restrict", type: b.add({ kind: "ptr", type: alias }) }) },
    { name: "later", type: b.add({ kind: "ptr", type: later }) },
  ]
  const proto = b.add({ kind: "func_proto", type: int, params, variadic: true })
  const func = b.add({ kind: "func", name: "walk", type: proto, linkage: "global" })
  b.add({ kind: "decl_tag", name: "hot", type: func, component: -1 })
  const variable = b.add({ kind: "var", name: "count", type: int, linkage: "global" })
  b.add({ kind: "datasec", name: ".data", size: 4, vars: [{ type: variable, offset: 0, size: 4 }] })
  return b.encode(littleEndian)
}

/** Runs something that may only fail with a documented code. */
function guarded<T>(run: () => T): T | undefined {
  try {
    return run()
  } catch (error) {
    assert.match(String((error as { code?: string }).code), /^BTF_/, String((error as Error).stack))
    return undefined
  }
}

/** Asks everything of a BTF that may be damaged. */
function exercise(bytes: Uint8Array): void {
  const btf = guarded(() => Btf.parse(bytes))
  if (btf === undefined) return
  guarded(() => btf.findEnumerator("BIG"))
  guarded(() => btf.find("no such name"))
  guarded(() => dump(btf))
  for (let id = 0; id < Math.min(btf.count, 40); id++) {
    guarded(() => btf.name(id))
    guarded(() => btf.find(btf.name(id), btf.kind(id)))
    guarded(() => btf.resolved(id))
    guarded(() => findMember(btf, id, "ratio"))
    guarded(() => alignOf(btf, id))
    guarded(() => formatType(btf, id, "x"))
    guarded(() => formatDefinition(btf, id))
    guarded(() => new BtfCopier(new BtfBuilder(), btf, { pointees: "full" }).copy(id))
    guarded(() => {
      if (sizeOf(btf, id) > 4096) return
      const codec = valueCodec(btf, id)
      codec.encode(codec.decode(new Uint8Array(4096)))
    })
  }
}

test("undamaged BTF of every kind answers everything", () => {
  for (const littleEndian of [true, false]) {
    const bytes = sample(littleEndian)
    exercise(bytes)
    const btf = Btf.parse(bytes)
    assert.equal(findMember(btf, btf.find("node"), "wide")?.bitOffset, 256)
    assert.ok(dump(btf).includes("struct node {"))
  }
})

test("BTF that is cut off anywhere is refused with a code", () => {
  const bytes = sample(true)
  for (let length = 0; length < bytes.length; length++) {
    assert.throws(() => Btf.parse(bytes.subarray(0, length)), { code: /^BTF_/ }, `${length} bytes`)
  }
})

test("BTF with bytes changed is read or refused with a code", () => {
  const change = fc.tuple(fc.nat(), fc.nat(255))
  fc.assert(
    fc.property(fc.boolean(), fc.array(change, { minLength: 1, maxLength: 8 }), (littleEndian, changes) => {
      const bytes = sample(littleEndian)
      for (const [at, byte] of changes) bytes[at % bytes.length] = byte
      exercise(bytes)
    }),
    { numRuns: 300, includeErrorInReport: true },
  )
})

test("BTF whose types refer to each other at random is read or refused with a code", () => {
  const change = fc.tuple(fc.nat(), fc.nat(30))
  fc.assert(
    fc.property(fc.array(change, { minLength: 1, maxLength: 12 }), changes => {
      const bytes = sample(true)
      const view = new DataView(bytes.buffer)
      const words = view.getUint32(12, true) / 4
      for (const [at, word] of changes) view.setUint32(24 + (at % words) * 4, word, true)
      exercise(bytes)
    }),
    { numRuns: 1000, includeErrorInReport: true },
  )
})

const refused: [what: string, code: string, change: (view: DataView) => void][] = [
  ["a wrong magic number", "BTF_BAD_MAGIC", v => v.setUint16(0, 0xeb9e, true)],
  ["a newer version", "BTF_BAD_VERSION", v => v.setUint8(2, 2)],
  ["a header that is too short", "BTF_BAD_HEADER", v => v.setUint32(4, 20, true)],
  ["types outside the section", "BTF_TRUNCATED", v => v.setUint32(12, 1 << 20, true)],
  ["types that are not words", "BTF_BAD_HEADER", v => v.setUint32(12, 30, true)],
  ["strings outside the section", "BTF_TRUNCATED", v => v.setUint32(16, 1 << 20, true)],
  ["a string without an end", "BTF_BAD_STRING", v => v.setUint8(v.byteLength - 1, 65)],
  ["a kind nobody knows", "BTF_BAD_KIND", v => v.setUint32(28, 31 << 24, true)],
  ["more members than there are words", "BTF_TRUNCATED", v => v.setUint32(28, (4 << 24) | 0xffff, true)],
]
for (const [what, code, change] of refused) {
  test(`BTF with ${what} is refused`, () => {
    const bytes = sample(true)
    change(new DataView(bytes.buffer))
    assert.throws(() => Btf.parse(bytes), { code })
  })
}

const lookups: [what: string, code: string, look: (btf: Btf) => unknown][] = [
  ["a type past the end", "BTF_BAD_ID", btf => btf.type(btf.count)],
  ["type -1", "BTF_BAD_ID", btf => btf.kind(-1)],
  ["type 1.5", "BTF_BAD_ID", btf => btf.type(1.5)],
  ["type NaN", "BTF_BAD_ID", btf => btf.name(Number.NaN)],
  ["a string past the end", "BTF_BAD_STRING", btf => btf.string(1 << 20)],
]
for (const [what, code, look] of lookups) {
  test(`asking for ${what} is refused`, () => assert.throws(() => look(Btf.parse(sample(true))), { code }))
}

const VMLINUX = "/sys/kernel/btf/vmlinux"

test("a kernel's BTF with bytes changed is read or refused with a code", {
  skip: existsSync(VMLINUX) ? false : `${VMLINUX} is missing`,
}, () => {
  const whole = readFileSync(VMLINUX)
  const change = fc.tuple(fc.nat(whole.length - 1), fc.nat(255))
  fc.assert(
    fc.property(fc.array(change, { minLength: 1, maxLength: 30 }), changes => {
      const before = changes.map(([at]) => whole[at])
      for (const [at, byte] of changes) whole[at] = byte
      const btf = guarded(() => Btf.parse(whole))
      for (const name of ["task_struct", "sk_buff", "file"]) {
        guarded(() => btf && dump(btf, [btf.find(name, "struct")]))
      }
      for (const [i, [at]] of changes.entries()) whole[at] = before[i]
    }),
    { numRuns: 20, includeErrorInReport: true },
  )
})
