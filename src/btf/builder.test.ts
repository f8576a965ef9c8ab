import assert from "node:assert/strict"
import { test } from "node:test"
import fc from "fast-check"
import { appendStrings, Btf, BtfBuilder, BtfCopier, type BtfTypeInput, findMember } from "./index.ts"

/** Plain objects, as the reader makes them. */
function record<T>(shape: { [K in keyof T]: fc.Arbitrary<T[K]> }): fc.Arbitrary<T> {
  return fc.record(shape, { noNullPrototype: true }) as fc.Arbitrary<T>
}

const word = fc.nat({ max: 0xffffffff })
const name = fc.string({ maxLength: 12 }).filter(s => !s.includes("\0"))
const id = fc.nat(50)

/** Any type at all, with arbitrary ids. Function parameters have a name, so that none looks like `...`. */
const anyType: fc.Arbitrary<BtfTypeInput> = fc.oneof(
  record({
    kind: fc.constant("int" as const),
    name,
    size: fc.constantFrom(1, 2, 4, 8, 16),
    bits: fc.nat(128),
    bitOffset: fc.nat(128),
    signed: fc.boolean(),
    char: fc.boolean(),
    bool: fc.boolean(),
  }),
  record({ kind: fc.constantFrom("ptr", "const", "volatile", "restrict"), type: id }),
  record({ kind: fc.constant("typedef" as const), name, type: id }),
  record({ kind: fc.constant("type_tag" as const), name, type: id, attribute: fc.boolean() }),
  record({ kind: fc.constant("array" as const), type: id, indexType: id, count: word }),
  record({
    kind: fc.constantFrom("struct", "union"),
    name,
    size: word,
    members: fc.array(
      record({ name, type: id, bitOffset: fc.nat(0xffffff), bitSize: fc.constantFrom(0, 1, 31, 128) }),
      { maxLength: 5 },
    ),
  }),
  fc.boolean().chain(signed =>
    record({
      kind: fc.constant("enum" as const),
      name,
      size: fc.constantFrom(1, 2, 4, 8),
      signed: fc.constant(signed),
      values: fc.array(record({ name, value: signed ? fc.integer() : word }), { maxLength: 5 }),
    }),
  ),
  fc.boolean().chain(signed =>
    record({
      kind: fc.constant("enum64" as const),
      name,
      size: fc.constant(8),
      signed: fc.constant(signed),
      values: fc.array(
        record({
          name,
          value: signed ? fc.bigInt(-(2n ** 63n), 2n ** 63n - 1n) : fc.bigInt(0n, 2n ** 64n - 1n),
        }),
        { maxLength: 5 },
      ),
    }),
  ),
  record({ kind: fc.constant("fwd" as const), name, union: fc.boolean() }),
  record({
    kind: fc.constantFrom("func" as const, "var" as const),
    name,
    type: id,
    linkage: fc.constantFrom("static", "global", "extern"),
  }),
  record({
    kind: fc.constant("func_proto" as const),
    type: id,
    params: fc.array(record({ name: name.filter(n => n !== ""), type: id }), { maxLength: 5 }),
    variadic: fc.boolean(),
  }),
  record({
    kind: fc.constant("datasec" as const),
    name,
    size: word,
    vars: fc.array(record({ type: id, offset: word, size: word }), { maxLength: 5 }),
  }),
  record({ kind: fc.constant("float" as const), name, size: fc.constantFrom(2, 4, 8, 12, 16) }),
  record({ kind: fc.constant("decl_tag" as const), name, type: id, component: fc.nat(9), attribute: fc.boolean() }),
) as fc.Arbitrary<BtfTypeInput>

/** What the reader gives for a written type. */
const read = (input: BtfTypeInput): unknown => ("name" in input ? { ...input } : { name: "", ...input })

test("reading what was written gives the same types, in both byte orders", () => {
  fc.assert(
    fc.property(fc.array(anyType, { maxLength: 20 }), fc.boolean(), (types, littleEndian) => {
      const builder = new BtfBuilder()
      const ids = types.map(type => builder.add(type))
      const btf = Btf.parse(builder.encode(littleEndian))
      assert.equal(btf.littleEndian, littleEndian)
      for (const [i, type] of types.entries()) assert.deepEqual(btf.type(ids[i]), read(type))
      for (const type of types) {
        if (!("name" in type) || type.name === "" || type.kind === "type_tag" || type.kind === "decl_tag") continue
        assert.deepEqual(btf.type(btf.find(type.name, type.kind)).name, type.name)
      }
    }),
  )
})

test("a section that starts at an odd byte is read", () => {
  const builder = new BtfBuilder()
  builder.add({ kind: "int", name: "int", size: 4 })
  const bytes = builder.encode()
  const shifted = new Uint8Array(bytes.length + 1)
  shifted.set(bytes, 1)
  assert.equal(Btf.parse(shifted.subarray(1)).name(1), "int")
})

/** `struct node { int value; struct node *next; }` */
function addNode(builder: BtfBuilder): number {
  const int = builder.add({ kind: "int", name: "int", size: 4, signed: true })
  const node = builder.reserve()
  const next = builder.add({ kind: "ptr", type: node })
  builder.define(node, {
    kind: "struct",
    name: "node",
    size: 16,
    members: [
      { name: "value", type: int, bitOffset: 0 },
      { name: "next", type: next, bitOffset: 64 },
    ],
  })
  return node
}

test("a record that points to itself is reserved first", () => {
  const builder = new BtfBuilder()
  const node = addNode(builder)
  const btf = Btf.parse(builder.encode())
  assert.equal(btf.find("node", "struct"), node)
  const next = findMember(btf, node, "next")
  const pointer = btf.type(next?.type ?? 0)
  assert.ok(pointer.kind === "ptr" && pointer.type === node)
})

test("equal types and strings are written once", () => {
  const builder = new BtfBuilder()
  const first = builder.add({ kind: "int", name: "int", size: 4 })
  const size = builder.encode().length
  assert.equal(builder.add({ kind: "int", name: "int", size: 4, bits: 32 }), first)
  assert.notEqual(builder.add({ kind: "int", name: "int", size: 4, signed: true }), first)
  assert.equal(builder.encode().length, size + 16)
})

test("split BTF continues the ids and strings of its base", () => {
  const kernel = new BtfBuilder()
  const node = addNode(kernel)
  const base = Btf.parse(kernel.encode())
  const builder = new BtfBuilder({ base })
  const pair = builder.add({
    kind: "struct",
    name: "pair",
    size: 32,
    members: [
      { name: "left", type: node, bitOffset: 0 },
      { name: "", type: node, bitOffset: 128 },
    ],
  })
  const values = [{ name: "ONLY", value: 7 }]
  const choice = builder.add({ kind: "enum", name: "choice", size: 4, values })
  const module = Btf.parse(builder.encode(), { base })
  assert.deepEqual([pair, choice], [base.count, base.count + 1])
  assert.deepEqual([module.firstId, module.count], [base.count, base.count + 2])
  assert.equal(module.find("pair", "struct"), pair)
  assert.equal(module.find("node", "struct"), node)
  assert.equal(module.find("int"), base.find("int"))
  assert.deepEqual(module.findAll("node"), [node])
  assert.equal(module.type(node), base.type(node))
  assert.deepEqual([...module.ids("struct")], [node, pair])
  assert.deepEqual(module.findEnumerator("ONLY"), { name: "ONLY", value: 7, type: choice })
  assert.equal(base.findEnumerator("ONLY"), undefined)
  assert.deepEqual(findMember(module, pair, "value"), {
    name: "value",
    type: base.find("int"),
    bitOffset: 128,
    bitSize: 0,
    path: [1, 0],
  })
})

test("strings are appended to encoded BTF", () => {
  for (const littleEndian of [true, false]) {
    const builder = new BtfBuilder()
    const node = addNode(builder)
    const appender = appendStrings(builder.encode(littleEndian))
    const file = appender.string("hello.c")
    const line = appender.string("return 0; /* naïve */")
    assert.equal(appender.string("hello.c"), file)
    const btf = Btf.parse(appender.encode())
    assert.equal(btf.string(file), "hello.c")
    assert.equal(btf.string(line), "return 0; /* naïve */")
    assert.equal(btf.name(node), "node")
  }
})

/** `struct outer { struct node in; struct other *far; node_t *alias; node_t value; }`; other holds a node. */
function outer(): [Btf, number] {
  const builder = new BtfBuilder()
  const node = addNode(builder)
  const alias = builder.add({ kind: "typedef", name: "node_t", type: node })
  const other = builder.add({
    kind: "struct",
    name: "other",
    size: 16,
    members: [{ name: "in", type: node, bitOffset: 0 }],
  })
  const id = builder.add({
    kind: "struct",
    name: "outer",
    size: 48,
    members: [
      { name: "alias", type: builder.add({ kind: "ptr", type: alias }), bitOffset: 0 },
      { name: "far", type: builder.add({ kind: "ptr", type: other }), bitOffset: 64 },
      { name: "in", type: node, bitOffset: 128 },
      { name: "value", type: alias, bitOffset: 256 },
    ],
  })
  return [Btf.parse(builder.encode()), id]
}

/** The types along a path of member names and `*`, as `kind name`. */
function walk(btf: Btf, id: number, path: string): string {
  for (const step of path.split(" ")) {
    if (step === "*") {
      const pointer = btf.resolved(id)
      assert.equal(pointer.kind, "ptr")
      id = pointer.kind === "ptr" ? pointer.type : 0
    } else {
      id = findMember(btf, id, step)?.type ?? 0
    }
  }
  const { kind, name } = btf.resolved(id)
  return `${kind} ${name}`
}

test("a copy keeps forward declarations of what is pointed to", () => {
  const [from, id] = outer()
  const builder = new BtfBuilder()
  const copy = new BtfCopier(builder, from).copy(id)
  const btf = Btf.parse(builder.encode())
  assert.equal(btf.name(copy), "outer")
  assert.equal(walk(btf, copy, "far *"), "fwd other")
  assert.equal(walk(btf, copy, "alias *"), "fwd node")
  assert.equal(walk(btf, copy, "in"), "struct node")
  assert.equal(walk(btf, copy, "in next *"), "struct node")
  assert.equal(walk(btf, copy, "value"), "struct node")
})

test("a full copy has the same types", () => {
  const [from, id] = outer()
  const builder = new BtfBuilder()
  const copier = new BtfCopier(builder, from, { pointees: "full" })
  const copy = copier.copy(id)
  assert.equal(copier.copy(id), copy)
  const btf = Btf.parse(builder.encode())
  assert.equal(walk(btf, copy, "far * in next * next * value"), "int int")
  assert.equal(btf.count, from.count)
})

const refused: [what: string, code: string, build: (builder: BtfBuilder) => unknown][] = [
  ["a NUL in a name", "BTF_BAD_NAME", b => b.add({ kind: "typedef", name: "a\0b", type: 1 })],
  ["a size over 32 bits", "BTF_RANGE", b => b.add({ kind: "float", name: "f", size: 2 ** 32 })],
  [
    "too many members",
    "BTF_RANGE",
    b => b.add({ kind: "func_proto", type: 0, params: new Array(65536).fill({ name: "", type: 1 }) }),
  ],
  [
    "a bit-field too far out",
    "BTF_RANGE",
    b =>
      b.add({ kind: "struct", name: "s", size: 4, members: [{ name: "m", type: 1, bitOffset: 2 ** 24, bitSize: 1 }] }),
  ],
  ["a type reserved and left", "BTF_UNDEFINED", b => [b.reserve(), b.encode()]],
  ["a type defined that was not reserved", "BTF_NOT_RESERVED", b => b.define(1, { kind: "ptr", type: 0 })],
]
for (const [what, code, build] of refused) {
  test(`the builder refuses ${what}`, () => assert.throws(() => build(new BtfBuilder()), { code }))
}
