import * as isa from "../../src/isa/index.ts"
import type { Random } from "./random.ts"

const OPERATIONS = [isa.BPF_ADD, isa.BPF_SUB, isa.BPF_MUL, isa.BPF_OR, isa.BPF_AND, isa.BPF_XOR]
const SHIFTS = [isa.BPF_LSH, isa.BPF_RSH, isa.BPF_ARSH]
const SUMS = [isa.BPF_ADD, isa.BPF_ADD, isa.BPF_SUB, isa.BPF_XOR, isa.BPF_OR]
const JUMPS = [
  isa.BPF_JEQ,
  isa.BPF_JNE,
  isa.BPF_JGT,
  isa.BPF_JLE,
  isa.BPF_JSET,
  isa.BPF_JSGT,
  isa.BPF_JSLT,
  isa.BPF_JGE,
]
const SIZES = [isa.BPF_W, isa.BPF_W, isa.BPF_W, isa.BPF_B, isa.BPF_H, isa.BPF_DW]

/** Registers of the program: two counters, the address of an access, two sums, and numbers of a turn. */
const [COUNTER, INNER, ADDRESS, SUM, OTHER] = [6, 7, 5, 8, 9]
const NUMBERS = [0, 1, 2, 3, 4]

/** Bytes that a random loop works on. */
export const LOOP_DATA = 5120

/**
 * A random program with a loop over arrays at an address: loads, arithmetic, sums, stores, steps on a condition, and sometimes a
 * loop inside. The arrays may overlap. What it computes is left in them and in r0.
 */
export function randomLoop(random: Random, address: number, tag: number): isa.Insn[] {
  const insns: isa.Insn[] = []
  const emit = (insn: isa.Insn): number => insns.push(insn) - 1
  const near = random.chance(0.25)
  const arrays = [512, near ? 512 + random.pick([-8, -4, 4, 1, 16]) : 1536, 2560]
  const turns = random.chance(0.3) ? random.pick([16, 32, 64]) : 1 + random.below(70)
  const step = random.chance(0.85) ? 1 : random.pick([2, 4])
  const operation = random.pick(SUMS)
  const number = (): number => random.pick([0, 1, 2, 7, 255, -1, 0x10000, random.below(2 ** 32) | 0])
  const alu = (wide: boolean, op: number, d: number, s: number): isa.Insn =>
    (wide ? isa.alu64Reg : isa.alu32Reg)(op, d, s)
  const known: number[] = []
  const some = (): number => random.pick(known)

  /** Puts the address of an element into a register: that of a turn, mostly. */
  const element = (size: number, inner: boolean): void => {
    const bytes = isa.sizeBytes(size)
    const base = BigInt.asIntN(64, (BigInt(tag >>> 0) << 32n) | BigInt(address + random.pick(arrays)))
    emit(isa.loadImm64(ADDRESS, base))
    const counters = inner ? random.pick([[COUNTER], [INNER], [COUNTER, INNER]]) : random.chance(0.9) ? [COUNTER] : []
    for (const counter of counters) {
      const index = random.pick(NUMBERS)
      known.splice(0, known.length, ...known.filter(n => n !== index))
      emit(random.chance(0.5) ? isa.mov64Reg(index, counter) : isa.mov32Reg(index, counter))
      const scale = random.chance(0.9) ? bytes : random.pick([1, 2, 4, 8])
      if (scale > 1) emit(isa.alu64Imm(isa.BPF_LSH, index, Math.log2(scale)))
      emit(isa.alu64Reg(isa.BPF_ADD, ADDRESS, index))
    }
  }
  const load = (inner: boolean): void => {
    const size = random.pick(SIZES)
    element(size, inner)
    const to = random.pick(NUMBERS)
    emit(
      size !== isa.BPF_DW && random.chance(0.2)
        ? isa.loadMemSx(size, to, ADDRESS, 0)
        : isa.loadMem(size, to, ADDRESS, random.chance(0.8) ? 0 : random.pick([-4, 4, 1])),
    )
    if (!known.includes(to)) known.push(to)
  }
  const compute = (): void => {
    if (known.length === 0) {
      const to = random.pick(NUMBERS)
      emit(isa.mov64Imm(to, number()))
      known.push(to)
      return
    }
    const [d, s] = [some(), some()]
    const wide = random.chance(0.25)
    const kind = random.below(9)
    if (kind < 3) emit(alu(wide, random.pick(OPERATIONS), d, random.chance(0.3) ? COUNTER : s))
    else if (kind < 5) emit((wide ? isa.alu64Imm : isa.alu32Imm)(random.pick(OPERATIONS), d, number()))
    else if (kind === 5) emit((wide ? isa.alu64Imm : isa.alu32Imm)(random.pick(SHIFTS), d, random.below(32)))
    else if (kind === 6) emit(random.chance(0.5) ? isa.movsx32(d, s, random.pick([8, 16])) : isa.neg32(d))
    else if (kind === 7) {
      emit(isa.mov64Imm(d, number()))
      emit(isa.jumpImm(random.pick(JUMPS), s === d ? COUNTER : s, number(), 1))
      emit(isa.mov64Imm(d, number()))
    } else emit(isa.mov64Reg(d, random.chance(0.3) ? COUNTER : s))
  }
  const sum = (): void => {
    if (random.chance(0.1)) {
      emit((random.chance(0.5) ? isa.alu64Imm : isa.alu32Imm)(isa.BPF_ADD, OTHER, number()))
      return
    }
    if (known.length === 0) return
    const to = random.chance(0.8) ? SUM : OTHER
    const wide = random.chance(0.1)
    if (random.chance(0.7)) emit(alu(wide, operation, to, some()))
    else {
      const through = random.pick(NUMBERS)
      const added = some()
      if (through === added) return
      emit(isa.mov64Reg(through, to))
      emit(alu(false, operation, through, added))
      emit(isa.mov64Reg(to, through))
      known.splice(0, known.length, ...known.filter(n => n !== through))
    }
  }
  const store = (inner: boolean): void => {
    const size = random.pick(SIZES)
    element(size, inner)
    if (known.length > 0 && random.chance(0.7)) emit(isa.storeReg(size, ADDRESS, some(), 0))
    else emit(isa.storeImm(size, ADDRESS, 0, number()))
  }
  const unless = (depth: number, inner: boolean): void => {
    if (known.length === 0) return
    const at = emit((random.chance(0.5) ? isa.jumpImm : isa.jump32Imm)(random.pick(JUMPS), some(), number(), 0))
    const before = [...known]
    for (let n = 1 + random.below(3); n > 0; n--) part(depth + 1, inner)
    insns[at] = { ...insns[at], off: distance(insns, at, insns.length) }
    // Numbers that are first written in the block are not known behind it.
    known.splice(0, known.length, ...known.filter(n => before.includes(n)))
  }
  const innerLoop = (): void => {
    emit(isa.mov64Imm(INNER, 0))
    const top = insns.length
    for (let n = 1 + random.below(3); n > 0; n--) part(1, true)
    emit(isa.alu32Imm(isa.BPF_ADD, INNER, 1))
    const back = emit(isa.jumpImm(isa.BPF_JLT, INNER, 1 + random.below(6), 0))
    insns[back].off = distance(insns, back, top)
  }
  const part = (depth: number, inner: boolean): void => {
    const kind = random.below(20)
    if (kind < 5) load(inner)
    else if (kind < 11) compute()
    else if (kind < 14) sum()
    else if (kind < 17) store(inner)
    else if (kind < 19 && depth === 0) unless(depth, inner)
    else if (depth === 0 && !inner && random.chance(0.4)) innerLoop()
  }

  for (const n of NUMBERS) emit(isa.mov64Imm(n, number()))
  for (const n of [SUM, OTHER]) emit(isa.mov64Imm(n, random.below(1000)))
  emit(isa.mov64Imm(COUNTER, 0))
  const testsFirst = random.chance(0.3)
  const top = insns.length
  const test = testsFirst ? emit(isa.jumpImm(isa.BPF_JGE, COUNTER, turns * step, 0)) : -1
  for (let n = 2 + random.below(6); n > 0; n--) part(0, false)
  emit((random.chance(0.5) ? isa.alu32Imm : isa.alu64Imm)(isa.BPF_ADD, COUNTER, step))
  if (testsFirst) {
    const back = emit(isa.goto(0))
    insns[back] = isa.goto(distance(insns, back, top))
    insns[test].off = distance(insns, test, insns.length)
  } else {
    const [op, bound] = random.pick([
      [isa.BPF_JLT, turns * step],
      [isa.BPF_JNE, turns * step],
      [isa.BPF_JLE, turns * step - 1],
      [isa.BPF_JSLT, turns * step],
    ])
    const back = emit((random.chance(0.5) ? isa.jumpImm : isa.jump32Imm)(op, COUNTER, bound, 0))
    insns[back].off = distance(insns, back, top)
  }
  emit(isa.mov64Reg(0, SUM))
  emit(isa.alu64Imm(isa.BPF_MUL, 0, 31))
  emit(isa.alu64Reg(isa.BPF_ADD, 0, OTHER))
  emit(isa.alu64Reg(isa.BPF_ADD, 0, COUNTER))
  emit(isa.exit())
  return insns
}

/** Slots from the one behind an instruction to another instruction. */
function distance(insns: readonly isa.Insn[], from: number, to: number): number {
  const starts = isa.slotStarts(insns)
  return starts[to] - starts[from] - 1
}
