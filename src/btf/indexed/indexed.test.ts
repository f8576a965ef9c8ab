import assert from "node:assert/strict"
import { existsSync, readFileSync } from "node:fs"
import { test } from "node:test"
import { Btf, BtfBuilder, type BtfKind, indexedBtf } from "../index.ts"
import { INDEX_HEADER } from "./layout.ts"
import type { ByteSource } from "./source.ts"

const VMLINUX = "/sys/kernel/btf/vmlinux"
const skip = existsSync(VMLINUX) ? false : `${VMLINUX} is missing`

interface Counted extends ByteSource {
  /** Bytes that were read. */
  total: number
}

function source(file: Uint8Array): Counted {
  return {
    size: file.length,
    total: 0,
    read(at, length) {
      assert.ok(at + length <= file.length)
      this.total += length
      return file.slice(at, at + length)
    },
  }
}

const small = (): BtfBuilder => {
  const builder = new BtfBuilder()
  const int = builder.add({
    kind: "int",
    name: "int",
    size: 4,
    bits: 32,
    bitOffset: 0,
    signed: true,
    char: false,
    bool: false,
  })
  builder.add({
    kind: "struct",
    name: "größe",
    size: 4,
    members: [{ name: "höhe", type: int, bitOffset: 0, bitSize: 0 }],
  })
  builder.add({ kind: "typedef", name: "twice", type: int })
  builder.add({ kind: "struct", name: "twice", size: 0, members: [] })
  builder.add({ kind: "enum64", name: "wide", size: 8, signed: true, values: [{ name: "ONE", value: -1n }] })
  builder.add({ kind: "enum", name: "", size: 4, signed: true, values: [{ name: "ONE", value: -2 }] })
  return builder
}

test("types and names are those of the section", () => {
  const bytes = small().encode()
  const btf = Btf.open(source(indexedBtf(bytes)!))!
  const plain = Btf.parse(bytes)
  assert.equal(btf.count, plain.count)
  assert.deepEqual(btf.bytes, bytes)
  for (let id = 0; id < plain.count; id++) assert.deepEqual(btf.type(id), plain.type(id))
  for (const name of ["int", "größe", "twice", "wide", "ONE", "höhe", "none", "", "int\0"]) {
    assert.equal(btf.find(name), plain.find(name), name)
    assert.deepEqual(btf.findAll(name), plain.findAll(name), name)
    assert.deepEqual(btf.findEnumerator(name), plain.findEnumerator(name), name)
  }
  assert.equal(btf.find("twice", "struct"), 4)
  assert.deepEqual(btf.findEnumerator("ONE"), { name: "ONE", value: -2, type: 6 })
})

test("a BTF goes on where an indexed one ends", () => {
  const base = Btf.open(source(indexedBtf(small().encode())!))!
  const builder = new BtfBuilder({ base })
  const own = builder.add({ kind: "struct", name: "own", size: 0, members: [] })
  const split = Btf.parse(builder.encode(), { base })
  assert.equal(own, base.count)
  assert.equal(split.find("own", "struct"), own)
  assert.equal(split.find("twice", "struct"), 4)
  assert.equal(split.name(own), "own")
})

test("a kernel's types are those of the section, whether asked by number or by name", { skip }, () => {
  const bytes = readFileSync(VMLINUX)
  const plain = Btf.parse(bytes)
  const btf = Btf.open(source(indexedBtf(bytes)!))!
  const kinds: readonly BtfKind[] = ["struct", "union", "enum", "typedef", "func", "int"]
  for (let id = 1; id < plain.count; id += 9) {
    const type = plain.type(id)
    assert.deepEqual(btf.type(id), type)
    assert.equal(btf.resolve(id), plain.resolve(id))
    if (type.kind === "enum" && type.values.length > 0 && id % 90 === 1) {
      const { name } = type.values[0]
      assert.deepEqual(btf.findEnumerator(name), plain.findEnumerator(name))
    }
    if (id % 900 !== 1 || type.name === "") continue
    assert.equal(btf.find(type.name, type.kind), plain.find(type.name, type.kind))
    for (const kind of kinds) assert.equal(btf.find(type.name, kind) !== 0, plain.find(type.name, kind) !== 0)
    assert.deepEqual(btf.findAll(type.name), plain.findAll(type.name))
  }
  for (const kind of kinds) assert.equal([...btf.ids(kind)].length, [...plain.ids(kind)].length)
  assert.deepEqual(btf.namesWith("___"), plain.namesWith("___"))
})

test("little is read for a type of a kernel", { skip }, () => {
  const file = source(indexedBtf(readFileSync(VMLINUX))!)
  const btf = Btf.open(file)!
  const type = btf.type(btf.find("task_struct", "struct"))
  assert.ok(type.kind === "struct" && type.members.length > 100)
  assert.ok(file.total < 2_000_000, `${file.total} bytes`)
})

test("what is no such file, or not whole, is not opened", () => {
  const file = indexedBtf(small().encode())!
  assert.ok(Btf.open(source(file)))
  const damaged = (change: (bytes: Uint8Array) => Uint8Array): void =>
    assert.equal(Btf.open(source(change(file.slice()))), undefined)
  damaged(bytes => bytes.subarray(0, 0))
  damaged(bytes => bytes.subarray(0, INDEX_HEADER))
  damaged(bytes => bytes.subarray(0, bytes.length - 4))
  damaged(bytes => bytes.subarray(0, bytes.length - 1))
  damaged(bytes => bytes.fill(0))
  damaged(bytes => bytes.fill(0, bytes.length - 64))
  damaged(bytes => bytes.fill(0, 0, 4))
})
