import assert from "node:assert/strict"
import { test } from "node:test"
import fc from "fast-check"
import { arbitraryInsn, arbitraryInsns, everyForm } from "../../tests/support/arbitraryInsn.ts"
import { SkepError } from "../base/index.ts"
import * as isa from "./index.ts"

const toHex = (bytes: Uint8Array): string => Array.from(bytes, b => b.toString(16).padStart(2, "0")).join(" ")
const fromHex = (text: string): Uint8Array => Uint8Array.from(text.split(" "), b => Number.parseInt(b, 16))

/** The bytes and the instruction stand for each other. */
function bytes(hex: string, insn: isa.Insn): void {
  test(`${hex} is ${isa.formatInsn(insn)}`, () => {
    assert.equal(toHex(isa.encodeInsns([insn])), hex)
    assert.deepEqual(isa.decodeInsns(fromHex(hex)), [insn])
  })
}

bytes("b7 01 00 00 05 00 00 00", isa.mov64Imm(1, 5))
bytes("bf a2 00 00 00 00 00 00", isa.mov64Reg(2, 10))
bytes("07 02 00 00 f8 ff ff ff", isa.alu64Imm(isa.BPF_ADD, 2, -8))
bytes("bc 21 10 00 00 00 00 00", isa.movsx32(1, 2, 16))
bytes("3f 21 01 00 00 00 00 00", isa.signed64Reg(isa.BPF_DIV, 1, 2))
bytes("d7 00 00 00 20 00 00 00", isa.bswap(0, 32))
bytes("bf 21 01 00 01 00 00 00", isa.addrSpaceCast(1, 2, 0, 1))
bytes("79 13 70 00 00 00 00 00", isa.loadMem(isa.BPF_DW, 3, 1, 112))
bytes("89 21 f8 ff 00 00 00 00", isa.loadMemSx(isa.BPF_H, 1, 2, -8))
bytes("72 0a ff ff 07 00 00 00", isa.storeImm(isa.BPF_B, 10, -1, 7))
bytes("db 21 08 00 f1 00 00 00", isa.atomic(isa.BPF_DW, isa.BPF_CMPXCHG, 1, 2, 8))
bytes("d3 21 04 00 00 01 00 00", isa.loadAcquire(isa.BPF_B, 1, 2, 4))
bytes("18 01 00 00 f0 de bc 9a 00 00 00 00 78 56 34 12", isa.loadImm64(1, 0x123456789abcdef0n))
bytes("18 01 00 00 ff ff ff ff 00 00 00 00 ff ff ff ff", isa.loadImm64(1, -1n))
bytes("18 21 00 00 05 00 00 00 00 00 00 00 08 00 00 00", isa.loadMapValue(1, 5, 8))
bytes("06 00 00 00 00 00 01 00", isa.gotol(65536))
bytes("e5 00 01 00 00 00 00 00", isa.mayGoto(1))
bytes("85 10 00 00 ff ff ff ff", isa.callSub(-1))
bytes("8d 03 00 00 00 00 00 00", isa.callReg(3))

test("big endian swaps the registers and the bytes of the fields", () => {
  const insns = [isa.loadMem(isa.BPF_W, 1, 2, 8), isa.loadImm64(3, 0x1_0000_0002n)]
  const encoded = isa.encodeInsns(insns, { bigEndian: true })
  assert.equal(toHex(encoded), "61 12 00 08 00 00 00 00 18 30 00 00 00 00 00 02 00 00 00 00 00 00 00 01")
  assert.deepEqual(isa.decodeInsns(encoded, { bigEndian: true }), insns)
})

test("an unsigned constant and its signed twin are the same load", () => {
  assert.deepEqual(isa.loadImm64(1, 0xffff_ffff_ffff_fffen), isa.loadImm64(1, -2n))
})

test("every form of instruction decodes to itself", () => {
  const insns = everyForm()
  assert.deepEqual(isa.decodeInsns(isa.encodeInsns(insns)), insns)
})

test("every opcode that is known has a form, and no other", () => {
  const known = new Set<number>()
  for (let op = 0; op < 256; op++) {
    const problem = isa.insnProblem({ op, dst: 0, src: 0, off: 0, imm: 0, ...(op === isa.OP_LDDW && { imm64: 0 }) })
    if (problem?.code !== "ISA_UNKNOWN_OPCODE") known.add(op)
  }
  assert.deepEqual(known, new Set(everyForm().map(insn => insn.op)))
  assert.equal(known.size, 129)
})

test("decode(encode(x)) = x, in both byte orders", () => {
  fc.assert(
    fc.property(arbitraryInsns(), fc.boolean(), (insns, bigEndian) => {
      assert.deepEqual(isa.decodeInsns(isa.encodeInsns(insns, { bigEndian }), { bigEndian }), insns)
    }),
  )
})

test("encode(decode(bytes)) = bytes, or the bytes are refused with a code of this room", () => {
  const slot = fc.oneof(
    fc.uint8Array({ minLength: 8, maxLength: 8 }),
    arbitraryInsn().map(insn => isa.encodeInsns([insn])),
  )
  fc.assert(
    fc.property(fc.array(slot, { maxLength: 4 }), fc.nat(40), (slots, cut) => {
      const all = Uint8Array.from(slots.flatMap(s => [...s]))
      const some = all.subarray(0, cut)
      let insns: isa.Insn[]
      try {
        insns = isa.decodeInsns(some)
      } catch (error) {
        assert.ok(error instanceof SkepError && error.code.startsWith("ISA_"))
        return
      }
      assert.deepEqual(isa.encodeInsns(insns), some)
    }),
  )
})

/** The decoder refuses these bytes with this code and names this slot. */
function refused(hex: string, code: string, message: RegExp): void {
  test(`refuses ${hex}`, () => {
    assert.throws(
      () => isa.decodeInsns(fromHex(hex)),
      (error: unknown) => error instanceof SkepError && error.code === code && message.test(error.message),
    )
  })
}

refused("00 00 00 00 00 00 00 00", "ISA_UNKNOWN_OPCODE", /^slot 0: opcode 0x00/)
refused("95 00 00 00 00 00 00 00 e7 00 00 00 00 00 00 00", "ISA_UNKNOWN_OPCODE", /^slot 1: opcode 0xe7/)
for (const op of ["8c", "8f", "df", "e4", "f7", "0d", "0e", "86", "8e", "9d", "96", "ed", "e6", "f5", "f6"]) {
  refused(`${op} 00 00 00 00 00 00 00`, "ISA_UNKNOWN_OPCODE", new RegExp(`^slot 0: opcode 0x${op}`))
}
for (const op of ["08", "10", "38", "58", "60", "99", "a1", "02", "e2", "03", "a3", "c2"]) {
  refused(`${op} 00 00 00 00 00 00 00`, "ISA_UNKNOWN_OPCODE", new RegExp(`^slot 0: opcode 0x${op}`))
}
refused("b7 0b 00 00 05 00 00 00", "ISA_BAD_REGISTER", /^slot 0: destination register r11 /)
refused("bf b1 00 00 00 00 00 00", "ISA_BAD_REGISTER", /^slot 0: source register r11 /)
refused("b7 21 00 00 05 00 00 00", "ISA_RESERVED_FIELD", /field src of opcode 0xb7 is 2/)
refused("b7 01 08 00 05 00 00 00", "ISA_RESERVED_FIELD", /field off of opcode 0xb7 is 8/)
refused("0f 21 00 00 05 00 00 00", "ISA_RESERVED_FIELD", /field imm of opcode 0x0f is 5/)
refused("0f 21 01 00 00 00 00 00", "ISA_RESERVED_FIELD", /field off/)
refused("87 01 00 00 05 00 00 00", "ISA_RESERVED_FIELD", /field imm/)
refused("87 21 00 00 00 00 00 00", "ISA_RESERVED_FIELD", /field src/)
refused("dc 01 01 00 10 00 00 00", "ISA_RESERVED_FIELD", /field off/)
refused("79 21 00 00 01 00 00 00", "ISA_RESERVED_FIELD", /field imm/)
refused("7a 21 00 00 01 00 00 00", "ISA_RESERVED_FIELD", /field src/)
refused("7b 21 00 00 01 00 00 00", "ISA_RESERVED_FIELD", /field imm/)
refused("05 00 01 00 01 00 00 00", "ISA_RESERVED_FIELD", /field imm/)
refused("05 01 01 00 00 00 00 00", "ISA_RESERVED_FIELD", /field dst/)
refused("06 00 01 00 01 00 00 00", "ISA_RESERVED_FIELD", /field off/)
refused("15 21 01 00 01 00 00 00", "ISA_RESERVED_FIELD", /field src/)
refused("1d 21 01 00 01 00 00 00", "ISA_RESERVED_FIELD", /field imm/)
refused("85 00 01 00 01 00 00 00", "ISA_RESERVED_FIELD", /field off/)
refused("85 01 00 00 01 00 00 00", "ISA_RESERVED_FIELD", /field dst/)
refused("8d 01 00 00 01 00 00 00", "ISA_RESERVED_FIELD", /field imm/)
refused("95 00 00 00 01 00 00 00", "ISA_RESERVED_FIELD", /field imm/)
refused("e5 00 01 00 01 00 00 00", "ISA_RESERVED_FIELD", /field imm/)
refused("20 00 01 00 00 00 00 00", "ISA_RESERVED_FIELD", /field off/)
refused("20 10 00 00 00 00 00 00", "ISA_RESERVED_FIELD", /field src/)
refused("40 11 00 00 00 00 00 00", "ISA_RESERVED_FIELD", /field dst/)
refused("18 01 01 00 05 00 00 00 00 00 00 00 00 00 00 00", "ISA_RESERVED_FIELD", /field off/)
refused("18 11 00 00 05 00 00 00 00 00 00 00 01 00 00 00", "ISA_RESERVED_FIELD", /field imm64/)
refused("18 01 00 00 05 00 00 00 00 01 00 00 00 00 00 00", "ISA_RESERVED_FIELD", /^slot 1: the second slot/)
refused("18 01 00 00 05 00 00 00 b7 00 00 00 00 00 00 00", "ISA_RESERVED_FIELD", /^slot 1: the second slot/)
refused("18 71 00 00 05 00 00 00 00 00 00 00 00 00 00 00", "ISA_BAD_PSEUDO", /source field 7/)
refused("85 30 00 00 05 00 00 00", "ISA_BAD_PSEUDO", /source field 3/)
refused("e5 10 01 00 00 00 00 00", "ISA_BAD_PSEUDO", /source field 1/)
refused("bf 21 02 00 00 00 00 00", "ISA_BAD_OFFSET", /offset 2/)
refused("bc 21 20 00 00 00 00 00", "ISA_BAD_OFFSET", /offset 32/)
refused("bc 21 01 00 00 00 00 00", "ISA_BAD_OFFSET", /offset 1/)
refused("3f 21 02 00 00 00 00 00", "ISA_BAD_OFFSET", /offset 2/)
refused("dc 01 00 00 08 00 00 00", "ISA_BAD_IMMEDIATE", /immediate 8/)
refused("db 21 00 00 10 00 00 00", "ISA_BAD_IMMEDIATE", /immediate 16/)
refused("db 21 00 00 e0 00 00 00", "ISA_BAD_IMMEDIATE", /immediate 224/)
refused("d3 21 00 00 00 00 00 00", "ISA_BAD_IMMEDIATE", /immediate 0/)
refused("b7 01 00 00 00 00 00 00 18 01 00 00 05 00 00 00", "ISA_TRUNCATED", /^slot 1: /)
refused("95 00 00 00", "ISA_BAD_LENGTH", /^4 bytes/)

/** The encoder refuses a field that does not fit. */
function unfit(what: string, insn: isa.Insn): void {
  test(`does not encode ${what}`, () => {
    assert.throws(
      () => isa.encodeInsns([isa.exit(), insn]),
      (error: unknown) =>
        error instanceof SkepError && error.code === "ISA_FIELD_RANGE" && error.message.startsWith("instruction 1 "),
    )
  })
}

unfit("an offset of 32768", isa.goto(32768))
unfit("an offset that is no whole number", isa.goto(1.5))
unfit("register 16", isa.mov64Reg(16, 0))
unfit("register -1", isa.mov64Reg(0, -1))
unfit("an immediate of 2^31", { ...isa.mov64Imm(1, 0), imm: 2 ** 31 })
unfit("a missing high word", { op: isa.OP_LDDW, dst: 0, src: 0, off: 0, imm: 0 })
unfit("a high word of another instruction", { ...isa.exit(), imm64: 0 })
unfit("opcode 256", { ...isa.exit(), op: 256 })

test("slots count a 64-bit load twice", () => {
  const insns = [isa.exit(), isa.loadImm64(1, 5n), isa.exit()]
  assert.equal(isa.slotCount(insns), 4)
  assert.deepEqual([...isa.slotStarts(insns)], [0, 1, 3, 4])
})
