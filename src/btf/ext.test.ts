import assert from "node:assert/strict"
import { test } from "node:test"
import fc from "fast-check"
import {
  Btf,
  BtfBuilder,
  type BtfExt,
  CORE_RELO_KINDS,
  decodeBtfExt,
  encodeBtfExt,
  encodeFuncInfo,
  encodeLineInfo,
} from "./index.ts"

/** Plain objects, as the reader makes them. */
function record<T>(shape: { [K in keyof T]: fc.Arbitrary<T[K]> }): fc.Arbitrary<T> {
  return fc.record(shape, { noNullPrototype: true }) as fc.Arbitrary<T>
}

const word = fc.nat(0xffffffff)
const text = fc.string({ maxLength: 20 }).filter(s => !s.includes("\0"))

function sections<R>(each: fc.Arbitrary<R>) {
  return fc.array(record({ section: text, records: fc.array(each, { maxLength: 4 }) }), { maxLength: 3 })
}

const anyExt: fc.Arbitrary<BtfExt> = record({
  funcs: sections(record({ insn: word, type: word })),
  lines: sections(record({ insn: word, file: text, text, line: fc.nat(0x3fffff), column: fc.nat(0x3ff) })),
  relos: sections(record({ insn: word, type: word, access: text, kind: fc.constantFrom(...CORE_RELO_KINDS) })),
})

/** Encodes with a .BTF beside it and decodes again. */
function roundTrip(ext: BtfExt, littleEndian: boolean, change = (bytes: Uint8Array) => bytes): BtfExt {
  const builder = new BtfBuilder()
  const bytes = encodeBtfExt(ext, s => builder.string(s), littleEndian)
  return decodeBtfExt(change(bytes), Btf.parse(builder.encode(littleEndian)))
}

test(".BTF.ext reads back as it was written, in both byte orders", () => {
  fc.assert(fc.property(anyExt, fc.boolean(), (ext, le) => assert.deepEqual(roundTrip(ext, le), ext)))
})

test("lines and columns that do not fit are cut to the largest that do", () => {
  const lines = [{ section: ".text", records: [{ insn: 0, file: "a.c", text: "", line: 2 ** 30, column: 5000 }] }]
  const [read] = roundTrip({ funcs: [], lines, relos: [] }, true).lines
  assert.deepEqual([read.records[0].line, read.records[0].column], [0x3fffff, 0x3ff])
})

test("records for the kernel have the layout of its structs", () => {
  assert.deepEqual(encodeFuncInfo([{ insn: 1, type: 2 }]), Uint8Array.of(1, 0, 0, 0, 2, 0, 0, 0))
  const line = { insn: 3, file: "f", text: "t", line: 2, column: 5 }
  const bytes = encodeLineInfo([line], s => (s === "f" ? 7 : 9))
  assert.deepEqual(bytes, Uint8Array.of(3, 0, 0, 0, 7, 0, 0, 0, 9, 0, 0, 0, 5, 8, 0, 0))
})

const ext: BtfExt = { funcs: [{ section: ".text", records: [{ insn: 0, type: 1 }] }], lines: [], relos: [] }
const damages: [what: string, code: string, change: (bytes: Uint8Array) => Uint8Array][] = [
  ["an empty section", "BTF_EXT_TRUNCATED", () => new Uint8Array()],
  ["a wrong magic number", "BTF_EXT_BAD_HEADER", b => b.with(0, 1)],
  ["a header longer than the section", "BTF_EXT_BAD_HEADER", b => b.with(5, 1)],
  ["a part outside the section", "BTF_EXT_TRUNCATED", b => b.with(12, 200)],
  ["records that are too short", "BTF_EXT_BAD_RECORD", b => b.with(32, 4)],
  ["more records than there are bytes", "BTF_EXT_TRUNCATED", b => b.with(40, 9)],
]
for (const [what, code, change] of damages) {
  test(`.BTF.ext with ${what} is refused`, () => assert.throws(() => roundTrip(ext, true, change), { code }))
}

test(".BTF.ext with any byte changed or cut off is read or refused with a code", () => {
  fc.assert(
    fc.property(anyExt, fc.nat(), fc.nat(255), fc.nat(), (input, at, byte, cut) => {
      try {
        roundTrip(input, true, bytes => bytes.with(at % bytes.length, byte).subarray(0, bytes.length - (cut % 8)))
      } catch (error) {
        assert.match((error as { code?: string }).code ?? "", /^BTF_/)
      }
    }),
  )
})
