import assert from "node:assert/strict"
import { test } from "node:test"
import { Btf, BtfBuilder, type BtfMemberInput, type BtfValue, CharColumn, type Column, valueCodec } from "../index.ts"
import { decoderOf, fastDecoderOf } from "./decode.ts"
import { shapeOf } from "./shape.ts"

const ROWS = 37

/** A record of everything that values are made of, at places that are aligned and at some that are not. */
function everything(littleEndian: boolean, shift: number): { btf: Btf; id: number; size: number } {
  const b = new BtfBuilder()
  const int = (name: string, size: number, signed = false, flags = {}): number =>
    b.add({ kind: "int", name, size, signed, ...flags })
  const u32 = int("u32", 4)
  const types = [
    [int("s8", 1, true), 8],
    [int("u8", 1), 8],
    [int("_Bool", 1, false, { bool: true }), 8],
    [int("s16", 2, true), 16],
    [int("u16", 2), 16],
    [int("s32", 4, true), 32],
    [u32, 32],
    [int("s64", 8, true), 64],
    [int("u64", 8), 64],
    [int("__int128", 16, true), 128],
    [b.add({ kind: "float", name: "float", size: 4 }), 32],
    [b.add({ kind: "float", name: "double", size: 8 }), 64],
    [b.add({ kind: "array", type: int("char", 1, true, { char: true }), indexType: u32, count: 5 }), 40],
    [b.add({ kind: "array", type: int("u16", 2), indexType: u32, count: 3 }), 48],
    [b.add({ kind: "array", type: u32, indexType: u32, count: 20 }), 640],
    [b.add({ kind: "enum", name: "e", size: 4, signed: true, values: [{ name: "A", value: 1 }] }), 32],
    [
      b.add({
        kind: "struct",
        name: "in",
        size: 12,
        members: [
          { name: "x", type: u32, bitOffset: 0, bitSize: 0 },
          { name: "y", type: u32, bitOffset: 32, bitSize: 7 },
          { name: "z", type: int("s64", 8, true), bitOffset: 39, bitSize: 41 },
        ],
      }),
      96,
    ],
  ]
  let at = shift * 8
  const members = types.map(([type, bits], i): BtfMemberInput => {
    const place = { name: `m${i}`, type, bitOffset: at, bitSize: 0 }
    at += bits
    return place
  })
  const size = Math.ceil(at / 64) * 8 + shift
  const id = b.add({ kind: "struct", name: "all", size, members })
  return { btf: Btf.parse(b.encode(littleEndian)), id, size }
}

/** Value i of a column, as decoding gives it. */
function rowOf(column: Column, like: BtfValue, i: number): unknown {
  if (column instanceof CharColumn) return column.at(i)
  if (ArrayBuffer.isView(column) || Array.isArray(column)) {
    if (Array.isArray(like)) return like.map((_, j) => column[i * like.length + j])
    return typeof like === "boolean" ? column[i] !== 0 : column[i]
  }
  return Object.fromEntries(Object.entries(column).map(([k, c]) => [k, rowOf(c, (like as never)[k], i)]))
}

for (const littleEndian of [true, false]) {
  for (const shift of [0, 1]) {
    const order = `${littleEndian ? "little" : "big"} endian, from byte ${shift}`
    const { btf, id, size } = everything(littleEndian, shift)
    const stride = size + 3 * shift
    const bytes = new Uint8Array(ROWS * stride).map((_, i) => (i * 2654435761) >>> 13)
    const shape = shapeOf(btf, id)
    const view = new DataView(bytes.buffer)
    const slow = decoderOf(shape, littleEndian, {})

    test(`columns have what decoding gives: ${order}`, () => {
      const columns = valueCodec(btf, id).columns(bytes, ROWS, stride)
      for (let i = 0; i < ROWS; i++) {
        const value = slow(view, i * stride, i * stride + size)
        assert.deepEqual(rowOf(columns, value, i), value)
      }
    })

    test(`generated decoders give the same: ${order}`, () => {
      for (const enums of ["number", "name"] as const) {
        const fast = fastDecoderOf(shape, littleEndian, { enums })!
        const plain = decoderOf(shape, littleEndian, { enums })
        for (let i = 0; i < ROWS; i++) assert.deepEqual(fast(view, i * stride, size), plain(view, i * stride, size))
      }
      const codec = valueCodec(btf, id)
      const values = Array.from({ length: 200 }, (_, i) => codec.decode(bytes, (i % ROWS) * stride))
      assert.deepEqual(values[150], values[150 % ROWS])
    })
  }
}

test("a column that lies alone is a view of the bytes", () => {
  const b = new BtfBuilder()
  const id = b.add({ kind: "int", name: "u64", size: 8, signed: false })
  const bytes = new Uint8Array(24)
  const column = valueCodec(Btf.parse(b.encode()), id).columns(bytes, 3) as BigUint64Array
  assert.equal(column.buffer, bytes.buffer)
  assert.equal(column.length, 3)
})

test("columns of fewer bytes than there are values", () => {
  const b = new BtfBuilder()
  const id = b.add({ kind: "int", name: "u64", size: 8, signed: false })
  const codec = valueCodec(Btf.parse(b.encode()), id)
  assert.throws(() => codec.columns(new Uint8Array(23), 3), { code: "BTF_VALUE_SHORT" })
  assert.throws(() => codec.columns(new Uint8Array(24), 3, 4), { code: "BTF_VALUE_SHORT" })
  assert.equal((codec.columns(new Uint8Array(0), 0) as BigUint64Array).length, 0)
})

test("a member that is called __proto__", () => {
  const b = new BtfBuilder()
  const u8 = b.add({ kind: "int", name: "u8", size: 1, signed: false })
  const member = { name: "__proto__", type: u8, bitOffset: 0, bitSize: 0 }
  const id = b.add({ kind: "struct", name: "s", size: 1, members: [member] })
  const shape = shapeOf(Btf.parse(b.encode()), id)
  const value = fastDecoderOf(shape, true, {})!(new DataView(Uint8Array.of(7).buffer), 0, 1)
  assert.deepEqual(Object.entries(value), [["__proto__", 7]])
})
