import * as isa from "../../src/isa/index.ts"
import type { Random } from "./random.ts"

/** Registers that random code computes with; r9 counts turns, and r8 counts those of an inner loop. */
const FREE = [0, 1, 2, 3, 4, 5, 6, 7]
const BINARY = [isa.BPF_ADD, isa.BPF_SUB, isa.BPF_MUL, isa.BPF_OR, isa.BPF_AND, isa.BPF_XOR, isa.BPF_DIV, isa.BPF_MOD]
const SHIFTS = [isa.BPF_LSH, isa.BPF_RSH, isa.BPF_ARSH]
const JUMPS = [
  isa.BPF_JEQ,
  isa.BPF_JNE,
  isa.BPF_JGT,
  isa.BPF_JGE,
  isa.BPF_JLT,
  isa.BPF_JLE,
  isa.BPF_JSET,
  isa.BPF_JSGT,
  isa.BPF_JSGE,
  isa.BPF_JSLT,
  isa.BPF_JSLE,
]
const SIZES = [isa.BPF_B, isa.BPF_H, isa.BPF_W, isa.BPF_DW]
const NUMBERS = [
  0, 1, -1, 2, 7, 8, 31, 32, 33, 63, 64, 255, 256, 0x7fff, 0xffff, 0x7fffffff, -0x80000000, 0x12345678, -16,
]

/** A random program that ends: arithmetic, the stack, jumps forward, two nested loops, and calls of a function behind it. Returns r0. */
export function randomBpf(random: Random): isa.Insn[] {
  const calls: number[] = []
  const insns: isa.Insn[] = []
  const emit = (insn: isa.Insn): number => insns.push(insn) - 1
  const free = (): number => random.pick(FREE)
  const number = (): number => (random.chance(0.6) ? random.pick(NUMBERS) : random.below(2 ** 32) | 0)
  const slot = (bytes: number): number => -bytes * (1 + random.below(64 / bytes))
  for (const r of FREE)
    emit(isa.loadImm64(r, BigInt.asIntN(64, (BigInt(number()) << BigInt(random.below(33))) ^ BigInt(number()))))
  for (let at = -64; at < 0; at += 8) emit(isa.storeReg(isa.BPF_DW, 10, free(), at))

  const straight = (): void => {
    const [d, s] = [free(), free()]
    const kind = random.below(15)
    const op = random.pick(BINARY)
    if (kind < 2) emit((random.chance(0.5) ? isa.alu64Reg : isa.alu32Reg)(op, d, s))
    else if (kind < 4) emit((random.chance(0.5) ? isa.alu64Imm : isa.alu32Imm)(op, d, number()))
    else if (kind === 4)
      emit((random.chance(0.5) ? isa.alu64Imm : isa.alu32Imm)(random.pick(SHIFTS), d, random.below(64)))
    else if (kind === 5) emit((random.chance(0.5) ? isa.alu64Reg : isa.alu32Reg)(random.pick(SHIFTS), d, s))
    else if (kind === 6) emit(random.chance(0.5) ? isa.mov64Reg(d, s) : isa.mov32Reg(d, s))
    else if (kind === 7) emit(random.chance(0.5) ? isa.mov64Imm(d, number()) : isa.mov32Imm(d, number()))
    else if (kind === 8)
      emit(random.chance(0.5) ? isa.movsx64(d, s, random.pick([8, 16, 32])) : isa.movsx32(d, s, random.pick([8, 16])))
    else if (kind === 9) {
      const width = random.pick([16, 32, 64] as const)
      emit(random.pick([isa.toBe, isa.toLe, isa.bswap])(d, width))
    } else if (kind === 10) {
      const signed = random.pick([isa.BPF_DIV, isa.BPF_MOD])
      const make = random.pick([isa.signed64Reg, isa.signed32Reg])
      emit(
        random.chance(0.5) ? make(signed, d, s) : random.pick([isa.signed64Imm, isa.signed32Imm])(signed, d, number()),
      )
    } else if (kind === 11) emit(random.chance(0.5) ? isa.neg64(d) : isa.neg32(d))
    else memory(d)
  }
  /** An access of some bytes of the stack that a number chooses. */
  const indexed = (register: number): void => {
    const [index, pointer] = random.chance(0.5) ? [1, 2] : [4, 3]
    const size = random.pick(SIZES)
    const most = random.pick([3, 7, 15])
    emit((random.chance(0.5) ? isa.alu64Imm : isa.alu32Imm)(isa.BPF_AND, index, most))
    emit(isa.mov64Reg(pointer, 10))
    if (random.chance(0.5)) emit(isa.alu64Imm(isa.BPF_ADD, pointer, -8 * (1 + random.below(4))))
    emit(isa.alu64Reg(isa.BPF_ADD, pointer, index))
    const at = -24 - random.below(9)
    if (random.chance(0.5)) emit(isa.storeReg(size, pointer, register === pointer ? index : register, at))
    else emit(isa.loadMem(size, register, pointer, at))
    // Nothing is computed with the address itself.
    emit(isa.mov64Imm(pointer, number()))
  }
  /** Mostly accesses of whole words, so that some slots become variables. */
  const memory = (register: number): void => {
    if (random.chance(0.08)) {
      indexed(register)
      return
    }
    const size = random.chance(0.75) ? isa.BPF_DW : random.pick(SIZES)
    const bytes = isa.sizeBytes(size)
    const at = slot(bytes)
    const kind = random.below(9)
    if (kind < 3) emit(isa.loadMem(size, register, 10, at))
    else if (kind < 6) emit(isa.storeReg(size, 10, register, at))
    else if (kind === 6) emit(isa.storeImm(size, 10, at, number()))
    else if (kind === 7 && bytes < 8) emit(isa.loadMemSx(size, register, 10, at))
    else if (bytes >= 4) {
      const op = random.pick([isa.BPF_ADD, isa.BPF_XOR, isa.BPF_OR | isa.BPF_FETCH, isa.BPF_XCHG, isa.BPF_CMPXCHG])
      if (random.chance(0.3)) emit(isa.atomic(size, op, 10, register, at))
    }
  }
  const jump = (off: number): isa.Insn => {
    const [d, s, op] = [free(), free(), random.pick(JUMPS)]
    if (random.chance(0.5)) return (random.chance(0.5) ? isa.jumpReg : isa.jump32Reg)(op, d, s, off)
    return (random.chance(0.5) ? isa.jumpImm : isa.jump32Imm)(op, d, number(), off)
  }
  /** if (…) { a = 32 bits, read at once with all 64 } else a = 64 bits, the other way round, or both alike. */
  const twoWays = (): void => {
    const d = free()
    const write = (wide: boolean): void => {
      const at = random.below(3)
      if (at === 0) emit((wide ? isa.mov64Reg : isa.mov32Reg)(d, free()))
      else if (at === 1) emit((wide ? isa.alu64Reg : isa.alu32Reg)(random.pick(BINARY), d, free()))
      else emit(wide ? isa.movsx64(d, free(), 32) : isa.mov32Imm(d, number()))
    }
    const read = (): void => {
      const to = free()
      if (random.chance(0.5)) emit(isa.alu64Imm(random.pick(SHIFTS), to === d ? d : to, random.below(64)))
      emit(isa.alu64Reg(random.pick(BINARY), to, d))
    }
    const at = emit(jump(0))
    write(random.chance(0.5))
    if (random.chance(0.7)) read()
    const over = emit(isa.goto(0))
    insns[at] = { ...insns[at], off: distance(insns, at, insns.length) }
    write(random.chance(0.5))
    if (random.chance(0.3)) read()
    insns[over] = isa.goto(distance(insns, over, insns.length))
    emit((random.chance(0.5) ? isa.alu64Reg : isa.alu32Reg)(random.pick(BINARY), free(), d))
  }
  const part = (depth: number): void => {
    for (let n = 2 + random.below(8); n > 0; n--) {
      if (random.chance(0.12)) {
        // if (…) a = 1 number; else another
        const d = free()
        emit(isa.mov64Imm(d, number()))
        emit(jump(1))
        emit(random.chance(0.5) ? isa.mov64Imm(d, number()) : isa.mov32Imm(d, number()))
      } else if (random.chance(0.08)) twoWays()
      else if (depth < 3 && random.chance(0.25)) {
        const at = emit(jump(0))
        part(depth + 1)
        if (random.chance(0.5)) {
          const over = emit(isa.goto(0))
          insns[at] = { ...insns[at], off: distance(insns, at, insns.length) }
          part(depth + 1)
          insns[over] = isa.goto(distance(insns, over, insns.length))
        } else insns[at] = { ...insns[at], off: distance(insns, at, insns.length) }
      } else if (depth > 0 && random.chance(0.06)) {
        const d = free()
        emit(isa.mov64Reg(0, d))
        emit(isa.exit())
      } else if (random.chance(0.04)) {
        calls.push(emit(isa.callSub(0)))
        // A call leaves nothing in them.
        for (let r = 1; r <= 5; r++) emit(isa.mov64Imm(r, number()))
      } else straight()
    }
  }
  emit(isa.mov64Imm(9, 0))
  const outer = insns.length
  part(0)
  emit(isa.mov64Imm(8, 0))
  const inner = insns.length
  part(1)
  emit(isa.alu64Imm(isa.BPF_ADD, 8, 1))
  const again = emit(isa.jumpImm(isa.BPF_JLT, 8, random.below(5), 0))
  insns[again].off = distance(insns, again, inner)
  part(1)
  emit(random.chance(0.5) ? isa.alu64Imm(isa.BPF_ADD, 9, 1) : isa.alu32Imm(isa.BPF_ADD, 9, 1))
  const back = emit(isa.jumpImm(isa.BPF_JLT, 9, 1 + random.below(4), 0))
  insns[back].off = distance(insns, back, outer)
  // All that is left goes into the result.
  for (const r of FREE.slice(1)) emit(isa.alu64Reg(isa.BPF_XOR, 0, r))
  for (let at = -64; at < 0; at += 8) {
    emit(isa.loadMem(isa.BPF_DW, 1, 10, at))
    emit(isa.alu64Reg(isa.BPF_ADD, 0, 1))
  }
  emit(isa.exit())
  const callee = insns.length
  emit(isa.mov64Reg(0, 1))
  emit(isa.storeReg(isa.BPF_DW, 10, 2, -8))
  for (let n = random.below(4); n > 0; n--) emit(isa.alu64Reg(random.pick(BINARY), 0, random.pick([1, 2, 3])))
  emit(isa.loadMem(isa.BPF_W, 1, 10, -8))
  emit(isa.alu64Reg(isa.BPF_ADD, 0, 1))
  emit(isa.exit())
  for (const at of calls) insns[at] = isa.callSub(distance(insns, at, callee))
  return insns
}

/** Slots from the one behind an instruction to another instruction. */
function distance(insns: readonly isa.Insn[], from: number, to: number): number {
  const starts = isa.slotStarts(insns)
  return starts[to] - starts[from] - 1
}
