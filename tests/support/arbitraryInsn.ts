import fc from "fast-check"
import * as isa from "../../src/isa/index.ts"

const ALU = [0x00, 0x10, 0x20, 0x30, 0x40, 0x50, 0x60, 0x70, 0x90, 0xa0, 0xb0, 0xc0]
const COMPARE = [0x10, 0x20, 0x30, 0x40, 0x50, 0x60, 0x70, 0xa0, 0xb0, 0xc0, 0xd0]
const SIZES = [isa.BPF_B, isa.BPF_H, isa.BPF_W, isa.BPF_DW]
const ATOMICS = [isa.BPF_ADD, isa.BPF_OR, isa.BPF_AND, isa.BPF_XOR]

const WIDTHS = [16, 32, 64] as const
const i32 = (): fc.Arbitrary<number> =>
  fc.oneof(fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }), fc.integer({ min: -9, max: 9 }))
const i16 = (): fc.Arbitrary<number> => fc.integer({ min: -(2 ** 15), max: 2 ** 15 - 1 })

/** One instruction of every form, with the values of its fields left open. */
const forms: ((dst: number, src: number, off: number, imm: number, high: number) => isa.Insn[])[] = [
  (dst, src) => ALU.flatMap(op => [isa.alu64Reg(op, dst, src), isa.alu32Reg(op, dst, src)]),
  (dst, _src, _off, imm) => ALU.flatMap(op => [isa.alu64Imm(op, dst, imm), isa.alu32Imm(op, dst, imm)]),
  (dst, src, _off, imm) =>
    [isa.BPF_DIV, isa.BPF_MOD].flatMap(op => [
      isa.signed64Reg(op, dst, src),
      isa.signed32Reg(op, dst, src),
      isa.signed64Imm(op, dst, imm),
      isa.signed32Imm(op, dst, imm),
    ]),
  dst => [isa.neg64(dst), isa.neg32(dst)],
  dst => WIDTHS.flatMap(bits => [isa.toLe(dst, bits), isa.toBe(dst, bits), isa.bswap(dst, bits)]),
  (dst, src) => [
    ...([8, 16, 32] as const).map(bits => isa.movsx64(dst, src, bits)),
    ...([8, 16] as const).map(bits => isa.movsx32(dst, src, bits)),
  ],
  (dst, src) => [isa.addrSpaceCast(dst, src, 1, 0), isa.addrSpaceCast(dst, src, 0, 1)],
  (dst, src, off, imm) =>
    SIZES.flatMap(size => [
      isa.loadMem(size, dst, src, off),
      isa.storeReg(size, dst, src, off),
      isa.storeImm(size, dst, off, imm),
    ]),
  (dst, src, off) => SIZES.slice(0, 3).map(size => isa.loadMemSx(size, dst, src, off)),
  (dst, src, off) =>
    [isa.BPF_W, isa.BPF_DW].flatMap(size =>
      [...ATOMICS, ...ATOMICS.map(op => op | isa.BPF_FETCH), isa.BPF_XCHG, isa.BPF_CMPXCHG].map(op =>
        isa.atomic(size, op, dst, src, off),
      ),
    ),
  (dst, src, off) =>
    SIZES.flatMap(size => [isa.loadAcquire(size, dst, src, off), isa.storeRelease(size, dst, src, off)]),
  (_dst, src, _off, imm) => SIZES.slice(0, 3).flatMap(size => [isa.loadAbs(size, imm), isa.loadInd(size, src, imm)]),
  (dst, _src, _off, imm, high) => [isa.lddw(dst, 0, imm, high)],
  (dst, _src, _off, imm, high) => [
    isa.loadMapFd(dst, imm),
    isa.loadMapValue(dst, imm, high),
    isa.loadBtfId(dst, imm, high),
    isa.loadFunc(dst, imm),
    isa.loadMapIdx(dst, imm),
    isa.loadMapIdxValue(dst, imm, high),
  ],
  (dst, src, off) => COMPARE.flatMap(op => [isa.jumpReg(op, dst, src, off), isa.jump32Reg(op, dst, src, off)]),
  (dst, _src, off, imm) => COMPARE.flatMap(op => [isa.jumpImm(op, dst, imm, off), isa.jump32Imm(op, dst, imm, off)]),
  (_dst, _src, off, imm) => [isa.goto(off), isa.gotol(imm), isa.mayGoto(off)],
  (dst, _src, off, imm) => [isa.call(imm), isa.callSub(imm), isa.callKfunc(imm, off), isa.callReg(dst)],
  () => [isa.exit()],
]

/** Every form of instruction with one choice of field values. */
export function everyForm(dst = 1, src = 2, off = -8, imm = 7, high = 0): isa.Insn[] {
  return forms.flatMap(form => form(dst, src, off, imm, high))
}

/** A valid instruction of any form. */
export function arbitraryInsn(): fc.Arbitrary<isa.Insn> {
  const register = fc.integer({ min: 0, max: 10 })
  return fc
    .tuple(fc.nat(forms.length - 1), fc.nat(1000), register, register, i16(), i32(), i32())
    .map(([form, pick, dst, src, off, imm, high]) => {
      const choices = forms[form](dst, src, off, imm, high)
      return choices[pick % choices.length]
    })
}

/** A list of valid instructions, unconnected: jumps lead anywhere. */
export function arbitraryInsns(maxLength = 12): fc.Arbitrary<isa.Insn[]> {
  return fc.array(arbitraryInsn(), { maxLength })
}
