import assert from "node:assert/strict"
import { existsSync, readFileSync } from "node:fs"
import { test } from "node:test"
import { inspect } from "node:util"
import fc from "fast-check"
import { compilers, objectSections } from "../../../tests/support/native.ts"
import {
  Btf,
  BtfBuilder,
  type BtfInput,
  type BtfMemberInput,
  type BtfTypeInput,
  CharArray,
  decodeValue,
  encodeValue,
  sizeOf,
  valueCodec,
} from "../index.ts"

/** Types of the tables below, by the name that C gives them. */
class Types {
  readonly builder = new BtfBuilder()

  int(name: string, size: number, signed = false, flags: { char?: boolean; bool?: boolean } = {}): number {
    return this.builder.add({ kind: "int", name, size, signed, ...flags })
  }
  array(type: number, count: number): number {
    return this.builder.add({ kind: "array", type, indexType: this.int("u32", 4), count })
  }
  record(kind: "struct" | "union", name: string, size: number, members: readonly BtfMemberInput[]): number {
    return this.builder.add({ kind, name, size, members })
  }
  enum(type: Omit<BtfTypeInput & { kind: "enum" | "enum64" }, "kind">, kind: "enum" | "enum64" = "enum"): number {
    return this.builder.add({ kind, ...type })
  }
}

const m = (name: string, type: number, bitOffset: number, bitSize = 0): BtfMemberInput => ({
  name,
  type,
  bitOffset,
  bitSize,
})

type Build = (t: Types) => number
const u8: Build = t => t.int("u8", 1)
const u16: Build = t => t.int("u16", 2)
const u32: Build = t => t.int("u32", 4)
const u64: Build = t => t.int("u64", 8)
const s32: Build = t => t.int("int", 4, true)
const s64: Build = t => t.int("long", 8, true)
const s128: Build = t => t.int("__int128", 16, true)
const u128: Build = t => t.int("unsigned __int128", 16)
const bool: Build = t => t.int("_Bool", 1, false, { bool: true })
const char: Build = t => t.int("char", 1, true, { char: true })
const chars: (n: number) => Build = n => t => t.array(char(t), n)
const color: Build = t =>
  t.enum({
    name: "color",
    size: 4,
    signed: true,
    values: [
      { name: "RED", value: 0 },
      { name: "BLUE", value: -2 },
    ],
  })
const huge: Build = t => t.enum({ name: "huge", size: 8, values: [{ name: "MOST", value: 2n ** 64n - 1n }] }, "enum64")
const nested: Build = t =>
  t.record("struct", "outer", 24, [
    m("pid", u32(t), 0),
    m("in", t.record("struct", "in", 4, [m("a", u16(t), 0), m("b", u16(t), 16)]), 32),
    m("", t.record("union", "", 8, [m("whole", u64(t), 0), m("half", u32(t), 0)]), 64),
    m("list", t.array(u16(t), 3), 128),
  ])
const fields: Build = t =>
  t.record("struct", "fields", 16, [
    m("a", u32(t), 0, 3),
    m("b", s32(t), 3, 5),
    m("c", u8(t), 8, 7),
    m("flag", bool(t), 15, 1),
    m("d", u32(t), 31, 32),
    m("e", u64(t), 63, 41),
    m("f", color(t), 104, 2),
  ])
const flexible: Build = t => t.record("struct", "flexible", 4, [m("n", u16(t), 0), m("tail", t.array(u16(t), 0), 16)])
const flexibleText: Build = t =>
  t.record("struct", "message", 4, [m("n", u32(t), 0), m("text", t.array(char(t), 0), 32)])

function make(build: Build, littleEndian = true): [Btf, number] {
  const types = new Types()
  const id = build(types)
  return [Btf.parse(types.builder.encode(littleEndian)), id]
}

const bytesOf = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex.replaceAll(" ", ""), "hex"))
const hexOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex")

const both: [bytes: string, type: string, build: Build, value: unknown][] = [
  ["ff", "u8", u8, 255],
  ["feffffff", "int", s32, -2],
  ["feffffff", "u32", u32, 4294967294],
  ["0100000000000080", "long", s64, -(2n ** 63n) + 1n],
  ["ffffffffffffffff", "u64", u64, 2n ** 64n - 1n],
  ["feffffffffffffffffffffffffffffff", "__int128", s128, -2n],
  ["01000000000000000000000000000080", "unsigned __int128", u128, 2n ** 127n + 1n],
  ["01", "_Bool", bool, true],
  ["feffffff", "enum color", color, -2],
  ["ffffffffffffffff", "enum huge", huge, 2n ** 64n - 1n],
  ["0000c03f", "float", t => t.builder.add({ kind: "float", name: "float", size: 4 }), 1.5],
  ["000000000000f8bf", "double", t => t.builder.add({ kind: "float", name: "double", size: 8 }), -1.5],
  ["efbeadde00c0ffff", "void *", t => t.builder.add({ kind: "ptr", type: 0 }), 0xffffc000deadbeefn],
  ["68690000", "char[4]", chars(4), CharArray.of(104, 105, 0, 0)],
  ["0102", "u8[2]", t => t.array(u8(t), 2), CharArray.of(1, 2)],
  ["01ff", "s8[2]", t => t.array(t.int("signed char", 1, true), 2), [1, -1]],
  ["0100", "_Bool[2]", t => t.array(bool(t), 2), [true, false]],
  ["6100 6263", "char[2][2]", t => t.array(chars(2)(t), 2), [CharArray.of(97, 0), CharArray.of(98, 99)]],
  ["0100000002000000", "u32[2]", t => t.array(u32(t), 2), [1, 2]],
  [
    "07000000 0100 0200 0500000000000000 0a000b000c00 0000",
    "struct outer",
    nested,
    { pid: 7, in: { a: 1, b: 2 }, whole: 5n, half: 5, list: [10, 11, 12] },
  ],
  ["0200 0300 0400", "struct flexible with elements", flexible, { n: 2, tail: [3, 4] }],
  ["02000000", "struct message without text", flexibleText, { n: 2, text: new CharArray(0) }],
  ["02000000 6869", "struct message with text", flexibleText, { n: 2, text: CharArray.of(104, 105) }],
]
for (const [hex, type, build, value] of both) {
  test(`${hex} is a ${type}`, () => {
    const [btf, id] = make(build)
    assert.deepEqual(decodeValue(btf, id, bytesOf(hex)), value)
    assert.equal(hexOf(encodeValue(btf, id, value as BtfInput)), hex.replaceAll(" ", ""))
  })
}

test("bit-fields keep their bits in both byte orders", () => {
  const value = { a: 5, b: -3, c: 0x55, flag: true, d: 0xdeadbeef, e: 2n ** 40n + 1n, f: -2 }
  for (const littleEndian of [true, false]) {
    const [btf, id] = make(fields, littleEndian)
    const bytes = encodeValue(btf, id, value)
    assert.deepEqual(decodeValue(btf, id, bytes), value)
    assert.equal(bytes[0], littleEndian ? 0b11101_101 : 0b101_11101)
  }
})

test("big-endian values are read as such", () => {
  const [btf, id] = make(nested, false)
  const bytes = bytesOf("00000007 0001 0002 0000000100000005 000a000b000c 0000")
  const value = { pid: 7, in: { a: 1, b: 2 }, whole: 0x100000005n, half: 1, list: [10, 11, 12] }
  assert.deepEqual(decodeValue(btf, id, bytes), value)
  assert.deepEqual(encodeValue(btf, id, value), bytes)
})

test("a char array is text on demand", () => {
  const [btf, id] = make(chars(8))
  const value = decodeValue(btf, id, new TextEncoder().encode("naïve\0x"), 0) as CharArray
  assert.ok(value instanceof CharArray)
  assert.equal(value.text, "naïve")
  assert.equal(`${value}`, "naïve")
  assert.equal(JSON.stringify({ value }), '{"value":"naïve"}')
  assert.equal(inspect({ value }), '{ value: "naïve" }')
  assert.deepEqual([...value], [110, 97, 195, 175, 118, 101, 0, 120])
  assert.equal(new CharArray([0xff, 0x41]).text, "\ufffdA")
})

test("a decoded value does not change with the bytes it came from", () => {
  const [btf, id] = make(chars(2))
  const bytes = bytesOf("6162")
  const value = decodeValue(btf, id, bytes)
  bytes.fill(0)
  assert.equal(String(value), "ab")
})

test("enumerations give names when asked", () => {
  const named = { enums: "name" } as const
  const [btf, id] = make(color)
  assert.equal(decodeValue(btf, id, bytesOf("feffffff"), 0, named), "BLUE")
  assert.equal(decodeValue(btf, id, bytesOf("05000000"), 0, named), 5)
  const [wide, wideId] = make(huge)
  assert.equal(decodeValue(wide, wideId, bytesOf("ffffffffffffffff"), 0, named), "MOST")
})

const encoded: [type: string, build: Build, value: BtfInput, hex: string][] = [
  ["a bigint for a u32", u32, 7n, "07000000"],
  ["a number for a u64", u64, 7, "0700000000000000"],
  ["a number for a pointer", t => t.builder.add({ kind: "ptr", type: 0 }), 16, "1000000000000000"],
  ["1 for a _Bool", bool, 1, "01"],
  ["a name for an enumeration", color, "BLUE", "feffffff"],
  ["an unsigned number for a signed enumeration", color, 4294967295, "ffffffff"],
  ["text for a char array", chars(4), "hi", "68690000"],
  ["text that fills a char array", chars(2), "hi", "6869"],
  ["an array for a char array", chars(4), [1, -1], "01ff0000"],
  ["fewer elements than an array has", t => t.array(u16(t), 3), [1], "010000000000"],
  ["a typed array for an array", t => t.array(u16(t), 2), Uint16Array.of(1, 2), "01000200"],
  [
    "a record with members left out",
    nested,
    { in: { b: 2 }, half: 9 },
    `00000000000002000900000000000000${"00".repeat(8)}`,
  ],
  ["text for a flexible array", flexibleText, { text: "hi" }, "000000006869"],
]
for (const [what, build, value, hex] of encoded) {
  test(`encoding takes ${what}`, () => {
    const [btf, id] = make(build)
    assert.equal(hexOf(encodeValue(btf, id, value)), hex)
  })
}

const refusals: [build: Build, value: unknown, message: string][] = [
  [u32, 4294967296, "the value (u32) takes an integer from 0 to 4294967295, not 4294967296"],
  [u32, -1, "the value (u32) takes an integer from 0 to 4294967295, not -1"],
  [u32, 1.5, "the value (u32) takes an integer from 0 to 4294967295, not 1.5"],
  [u32, "1", 'the value (u32) takes an integer from 0 to 4294967295, not "1"'],
  [u64, 2 ** 53, `the value (u64) takes an integer from 0 to 18446744073709551615, not ${2 ** 53}`],
  [u64, null, "the value (u64) takes an integer from 0 to 18446744073709551615, not null"],
  [bool, 2, "the value (_Bool) takes true or false, not 2"],
  [chars(2), "abc", "the value (char[2]) does not hold 3 bytes"],
  [chars(2), [1, 256], "[1] (char[2]) takes a byte from 0 to 255, not 256"],
  [chars(2), 5, "the value (char[2]) takes a text or bytes, not 5"],
  [
    color,
    "GREEN",
    'the value (enum color) takes one of its enumerators or an integer from -2147483648 to 4294967295, not "GREEN"',
  ],
  [nested, 3, "the value (struct outer) takes an object with its members, not 3"],
  [nested, [3], "the value (struct outer) takes an object with its members, not an array"],
  [nested, { pdi: 3 }, 'struct outer has no member "pdi"'],
  [nested, { in: { c: 3 } }, 'in (struct in) has no member "c"'],
  [nested, { in: { b: 65536 } }, "in.b (u16) takes an integer from 0 to 65535, not 65536"],
  [nested, { list: [1, 2, 3, 4] }, "list (u16[3]) does not hold 4 elements"],
  [nested, { list: [1, {}] }, "list[1] (u16) takes an integer from 0 to 65535, not an object"],
  [fields, { a: 8 }, "a (u32) takes an integer from 0 to 7, not 8"],
  [fields, { b: -17 }, "b (int) takes an integer from -16 to 15, not -17"],
  [fields, { e: 2n ** 41n }, "e (u64) takes an integer from 0 to 2199023255551, not 2199023255552"],
]
for (const [build, value, message] of refusals) {
  test(`encoding refuses: ${message}`, () => {
    const [btf, id] = make(build)
    assert.throws(() => encodeValue(btf, id, value as BtfInput), { name: "SkepError", message })
  })
}

test("too few bytes are refused", () => {
  const [btf, id] = make(nested)
  assert.throws(() => decodeValue(btf, id, new Uint8Array(23)), { code: "BTF_VALUE_SHORT" })
  assert.throws(() => decodeValue(btf, id, new Uint8Array(30), 7), { code: "BTF_VALUE_SHORT" })
  assert.throws(() => decodeValue(btf, id, new Uint8Array(30), -1), { code: "BTF_VALUE_SHORT" })
  assert.throws(() => encodeValue(btf, id, {}, new Uint8Array(23)), { code: "BTF_VALUE_SHORT" })
  assert.throws(() => valueCodec(btf, id).decodeMany(new Uint8Array(47), 2), { code: "BTF_VALUE_SHORT" })
})

test("a value is written into a part of given bytes", () => {
  const [btf, id] = make(u16)
  const bytes = new Uint8Array(4).fill(9)
  assert.equal(encodeValue(btf, id, 1, bytes, 1), bytes)
  assert.equal(hexOf(bytes), "09010009")
})

test("values that lie one after the other are decoded together", () => {
  const [btf, id] = make(u16)
  assert.deepEqual(valueCodec(btf, id).decodeMany(bytesOf("0100ffff0200ffff"), 2, 4), [1, 2])
  assert.deepEqual(valueCodec(btf, id).decodeMany(bytesOf("01000200"), 2), [1, 2])
})

const broken: [what: string, code: string, build: Build][] = [
  ["void", "BTF_NO_SIZE", () => 0],
  ["a forward declaration", "BTF_NO_SIZE", t => t.builder.add({ kind: "fwd", name: "f" })],
  ["an integer of 3 bytes", "BTF_BAD_SIZE", t => t.int("odd", 3)],
  ["a member over the end", "BTF_BAD_MEMBER", t => t.record("struct", "s", 4, [m("a", u32(t), 8)])],
  ["a member inside a byte", "BTF_BAD_MEMBER", t => t.record("struct", "s", 8, [m("a", u32(t), 1)])],
  ["a bit-field wider than its type", "BTF_BAD_MEMBER", t => t.record("struct", "s", 8, [m("a", u8(t), 0, 9)])],
  ["a bit-field of an array", "BTF_BAD_MEMBER", t => t.record("struct", "s", 8, [m("a", chars(2)(t), 0, 9)])],
  ["an endless array", "BTF_CYCLE", t => t.array(t.builder.nextId + 1, 1)],
  ["an endless record", "BTF_CYCLE", t => t.record("struct", "s", 8, [m("", t.builder.nextId, 0)])],
  ["an endless typedef", "BTF_CYCLE", t => t.builder.add({ kind: "typedef", name: "t", type: t.builder.nextId })],
  ["an array of 2^32 - 1", "BTF_TOO_LARGE", t => t.array(u32(t), 0xffffffff)],
  [
    "members that double at each of 40 levels",
    "BTF_TOO_LARGE",
    t => {
      let id = u32(t)
      for (let i = 0; i < 40; i++) id = t.record("struct", `s${i}`, 4, [m("a", id, 0), m("b", id, 0)])
      return id
    },
  ],
]
for (const [what, code, build] of broken) {
  test(`there are no values of ${what}`, () => {
    const [btf, id] = make(build)
    assert.throws(() => valueCodec(btf, id), { code })
  })
}

/** Random types whose bytes all count: no unions with members that have more than one encoding. */
const anyType: fc.Arbitrary<Build> = fc.letrec<{ type: Build; scalar: Build }>(tie => ({
  scalar: fc.constantFrom(u8, u16, u32, u64, s32, s64, s128, u128, bool, char, color, huge, chars(5)),
  type: fc.oneof(
    { maxDepth: 3 },
    tie("scalar"),
    fc.tuple(tie("type"), fc.nat(3)).map(
      ([type, n]): Build =>
        t =>
          t.array(type(t), n),
    ),
    fc.array(fc.tuple(tie("type"), fc.nat(3)), { minLength: 1, maxLength: 5 }).map(
      (parts): Build =>
        t => {
          const sized = parts.map(([type, gap]) => ({ type: type(t), gap }))
          const btf = Btf.parse(t.builder.encode())
          let at = 0
          const members = sized.map(({ type, gap }, i) => {
            const member = m(`m${i}`, type, at * 8)
            at += sizeOf(btf, type) + gap
            return member
          })
          return t.record("struct", `s${at}`, at, members)
        },
    ),
    fc.array(fc.tuple(fc.constantFrom(u8, u32, s32, u64, s64, u128, s128, color), fc.nat(127)), { maxLength: 8 }).map(
      (parts): Build =>
        t => {
          let at = 0
          const members = parts.map(([type, width], i) => {
            const id = type(t)
            const bits = 1 + (width % (sizeOf(Btf.parse(t.builder.encode()), id) * 8))
            const member = m(`b${i}`, id, at, bits)
            at += bits
            return member
          })
          return t.record("struct", `bits${at}`, Math.ceil(at / 8), members)
        },
    ),
  ),
})).type

test("decoding what was encoded gives the same value and the same bytes", () => {
  fc.assert(
    fc.property(anyType, fc.boolean(), fc.infiniteStream(fc.nat(255)), (build, littleEndian, noise) => {
      const [btf, id] = make(build, littleEndian)
      const random = Uint8Array.from({ length: sizeOf(btf, id) }, () => noise.next().value)
      const value = decodeValue(btf, id, random)
      const bytes = encodeValue(btf, id, value as BtfInput)
      assert.deepEqual(decodeValue(btf, id, bytes), value)
      assert.deepEqual(encodeValue(btf, id, decodeValue(btf, id, bytes) as BtfInput), bytes)
    }),
  )
})

const skip = compilers("gcc", "objcopy").length === 2 ? false : "gcc or objcopy is missing"

test("values that gcc laid out are decoded with the BTF that gcc wrote", { skip }, () => {
  const source = `
    enum mode { IDLE, BUSY = 5 };
    struct point { short x, y; };
    struct sample {
      unsigned a : 3; int b : 5; unsigned char c : 7; unsigned long d : 40; _Bool e;
      char comm[16]; struct point points[2]; unsigned __int128 big;
      union { long whole; struct { int low, high; }; };
      enum mode mode; void *next; double ratio; signed char small[2];
    } __attribute__((packed)) sample = {
      .a = 5, .b = -7, .c = 100, .d = 0xabcdef0123, .e = 1, .comm = "hello", .points = {{1, -2}, {3, -4}},
      .big = ((unsigned __int128)1 << 100) + 9, .low = -1, .high = 1, .mode = BUSY, .next = (void *)0x1234,
      .ratio = 0.25, .small = {-1, 2},
    };`
  const [section, data] = objectSections("gcc", ["-gbtf"], source, ".BTF", ".data")
  const btf = Btf.parse(section)
  const value = decodeValue(btf, btf.find("sample", "struct"), data)
  assert.deepEqual(value, {
    a: 5,
    b: -7,
    c: 100,
    d: 0xabcdef0123n,
    e: true,
    comm: CharArray.from([..."hello".padEnd(16, "\0")].map(c => c.charCodeAt(0))),
    points: [
      { x: 1, y: -2 },
      { x: 3, y: -4 },
    ],
    big: 2n ** 100n + 9n,
    whole: 0x1ffffffffn,
    low: -1,
    high: 1,
    mode: 5,
    next: 0x1234n,
    ratio: 0.25,
    small: [-1, 2],
  })

  const size = sizeOf(btf, btf.find("sample", "struct"))
  const bytes = encodeValue(btf, btf.find("sample", "struct"), value as BtfInput)
  assert.equal(hexOf(bytes), hexOf(data.subarray(0, size)))
})

const VMLINUX = "/sys/kernel/btf/vmlinux"
const noKernel = existsSync(VMLINUX) ? false : `${VMLINUX} is missing`

test("a sample of a kernel's records decodes and encodes", { skip: noKernel }, () => {
  const btf = Btf.parse(readFileSync(VMLINUX))
  let count = 0
  for (const id of [...btf.ids("struct"), ...btf.ids("union")]) {
    if (count++ % 40 !== 0 || sizeOf(btf, id) > 4096) continue
    const zeros = new Uint8Array(sizeOf(btf, id))
    const value = decodeValue(btf, id, zeros)
    assert.deepEqual(encodeValue(btf, id, value as BtfInput), zeros, btf.name(id))
  }
  assert.ok(count > 40)
})
