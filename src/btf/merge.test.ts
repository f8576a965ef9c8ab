import assert from "node:assert/strict"
import { test } from "node:test"
import { Btf, BtfBuilder, formatDefinition, mergeBtf } from "./index.ts"

/** A list of a program: `struct list { struct list *next; T value; }`. */
function list(size: 4 | 8): Btf {
  const builder = new BtfBuilder()
  const struct = builder.reserve()
  const pointer = builder.add({ kind: "ptr", type: struct })
  const int = builder.add({ kind: "int", name: size === 4 ? "int" : "long", size, signed: true })
  const members = [
    { name: "next", type: pointer, bitOffset: 0 },
    { name: "value", type: int, bitOffset: 64 },
  ]
  builder.define(struct, { kind: "struct", name: "list", size: 16, members })
  builder.add({ kind: "var", name: "head", type: pointer, linkage: "global" })
  return Btf.parse(builder.encode())
}

const merged = (...inputs: readonly Btf[]) => {
  const result = mergeBtf(inputs.map(btf => ({ btf, roots: [btf.find("head", "var")] })))
  return { ...result, btf: Btf.parse(result.builder.encode()) }
}

test("records that point to themselves are merged", () => {
  const { btf } = merged(list(4), list(4))
  assert.equal(btf.findAll("list", "struct").length, 1)
  assert.equal(btf.findAll("head", "var").length, 2)
  assert.equal(btf.count - 1, 5)
})

test("records that differ deep inside are not", () => {
  const { btf, id } = merged(list(4), list(8))
  assert.equal(btf.findAll("list", "struct").length, 2)
  assert.notEqual(id(0, 1), id(1, 1))
  assert.match(formatDefinition(btf, id(1, 1)), /long value;/)
})

test("what no root leads to is left out", () => {
  const { btf, id } = merged(list(4))
  const result = mergeBtf([{ btf, roots: [btf.find("int", "int")] }])
  assert.equal(result.builder.nextId, 2)
  assert.equal(result.id(0, btf.find("head", "var")), 0)
  assert.ok(id(0, 1) > 0)
})

test("a declaration is replaced by what it declares", () => {
  const [a, b] = [list(4), list(4)]
  const [first, second] = [a.find("head", "var"), b.find("head", "var")]
  const replaced = new Map([[second, { input: 0, id: first }]])
  const result = mergeBtf([
    { btf: a, roots: [] },
    { btf: b, roots: [second], replaced },
  ])
  assert.equal(result.id(1, second), result.id(0, first))
  assert.equal(Btf.parse(result.builder.encode()).findAll("head", "var").length, 1)
})
