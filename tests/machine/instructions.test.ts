import assert from "node:assert/strict"
import { test } from "node:test"
import * as isa from "../../src/isa/index.ts"
import type { Machine } from "../../src/machine/index.ts"
import { VirtualMachine } from "../../src/vm/index.ts"
import { Random } from "../oracle/random.ts"
import { kernel, needsRoot, object, program } from "../support/kernel.ts"

/** First seed and number of programs; another range can be tried by hand. */
const first = Number(process.env.SKEP_SEED ?? 1)
const count = Number(process.env.SKEP_COUNT ?? 300)

const OPERATIONS = [
  isa.BPF_ADD,
  isa.BPF_SUB,
  isa.BPF_MUL,
  isa.BPF_DIV,
  isa.BPF_OR,
  isa.BPF_AND,
  isa.BPF_MOD,
  isa.BPF_XOR,
]
const SHIFTS = [isa.BPF_LSH, isa.BPF_RSH, isa.BPF_ARSH]
const CONDITIONS = [0x10, 0x20, 0x30, 0x40, 0x50, 0x60, 0x70, 0xa0, 0xb0, 0xc0, 0xd0]
const ATOMICS = [isa.BPF_ADD, isa.BPF_OR, isa.BPF_AND, isa.BPF_XOR, isa.BPF_XCHG]
const SIZES = [isa.BPF_B, isa.BPF_H, isa.BPF_W, isa.BPF_DW]
/** Bytes of the stack that programs use. */
const CELLS = 4

/** A program of instructions of every kind on random values, that folds all registers into r0. */
function randomProgram(random: Random): isa.Insn[] {
  const pick = <T>(list: readonly T[]): T => list[random.below(list.length)]
  const register = (): number => random.below(9)
  const word = (): number => (random.below(3) === 0 ? random.below(7) - 3 : Number(BigInt.asIntN(32, random.word())))
  const cell = (): number => -8 * (1 + random.below(CELLS))
  const insns: isa.Insn[] = []
  for (let r = 0; r < 9; r++) insns.push(isa.loadImm64(r, random.below(4) === 0 ? BigInt(word()) : random.word()))
  for (let i = 1; i <= CELLS; i++) insns.push(isa.storeReg(isa.BPF_DW, 10, i, -8 * i))
  const forms: (() => isa.Insn[])[] = [
    () => [isa.alu64Reg(pick(OPERATIONS), register(), register())],
    () => [isa.alu32Reg(pick(OPERATIONS), register(), register())],
    () => [isa.alu64Imm(pick(OPERATIONS), register(), word() || 1)],
    () => [isa.alu32Imm(pick(OPERATIONS), register(), word() || 1)],
    () => [isa.alu64Reg(pick(SHIFTS), register(), register())],
    () => [isa.alu32Reg(pick(SHIFTS), register(), register())],
    () => [isa.alu64Imm(pick(SHIFTS), register(), random.below(64))],
    () => [isa.alu32Imm(pick(SHIFTS), register(), random.below(32))],
    () => [isa.signed64Reg(pick([isa.BPF_DIV, isa.BPF_MOD]), register(), register())],
    () => [isa.signed32Reg(pick([isa.BPF_DIV, isa.BPF_MOD]), register(), register())],
    () => [isa.signed64Imm(pick([isa.BPF_DIV, isa.BPF_MOD]), register(), word() || 1)],
    () => [isa.signed32Imm(pick([isa.BPF_DIV, isa.BPF_MOD]), register(), word() || 1)],
    () => [isa.mov64Reg(register(), register()), isa.mov32Reg(register(), register())],
    () => [isa.mov64Imm(register(), word()), isa.mov32Imm(register(), word())],
    () => [isa.movsx64(register(), register(), pick([8, 16, 32]))],
    () => [isa.movsx32(register(), register(), pick([8, 16]))],
    () => [pick([isa.toLe, isa.toBe, isa.bswap])(register(), pick([16, 32, 64]))],
    () => [pick([isa.neg64, isa.neg32])(register())],
    () => [isa.storeReg(pick(SIZES), 10, register(), cell())],
    () => [isa.storeImm(pick(SIZES), 10, cell(), word())],
    () => [isa.loadMem(pick(SIZES), register(), 10, cell())],
    () => [isa.loadMemSx(pick(SIZES.slice(0, 3)), register(), 10, cell())],
    () => [isa.atomic(pick([isa.BPF_W, isa.BPF_DW]), pick(ATOMICS) | isa.BPF_FETCH, 10, register(), cell())],
    () => [isa.atomic(pick([isa.BPF_W, isa.BPF_DW]), isa.BPF_CMPXCHG, 10, register(), cell())],
    () => [isa.jumpReg(pick(CONDITIONS), register(), register(), 1), isa.alu64Imm(isa.BPF_XOR, register(), word())],
    () => [isa.jump32Reg(pick(CONDITIONS), register(), register(), 1), isa.alu64Imm(isa.BPF_ADD, register(), word())],
    () => [isa.jumpImm(pick(CONDITIONS), register(), word(), 1), isa.alu32Imm(isa.BPF_XOR, register(), word())],
    () => [isa.jump32Imm(pick(CONDITIONS), register(), word(), 1), isa.alu64Imm(isa.BPF_SUB, register(), word())],
  ]
  for (let i = 0; i < 40; i++) insns.push(...pick(forms)())
  for (let r = 1; r < 9; r++) {
    insns.push(isa.alu64Imm(isa.BPF_MUL, 0, 31), isa.alu64Reg(isa.BPF_ADD, 0, r))
  }
  for (let i = 1; i <= CELLS; i++) {
    insns.push(
      isa.loadMem(isa.BPF_DW, 1, 10, -8 * i),
      isa.alu64Imm(isa.BPF_MUL, 0, 31),
      isa.alu64Reg(isa.BPF_XOR, 0, 1),
    )
  }
  insns.push(isa.mov64Reg(1, 0), isa.alu64Imm(isa.BPF_RSH, 1, 32), isa.alu64Reg(isa.BPF_XOR, 0, 1), isa.exit())
  return insns
}

function result(machine: Machine, insns: isa.Insn[]): number {
  using loaded = machine.load(object({ programs: [program("f", insns, { type: "sched_cls" })] }))
  return loaded.program("f").testRun({ data: new Uint8Array(64) }).retval
}

test(`random programs ${first} to ${first + count - 1} give the same on all machines`, () => {
  const machines = [new VirtualMachine({ jit: false }), new VirtualMachine(), ...(needsRoot ? [] : [kernel()])]
  for (let seed = first; seed < first + count; seed++) {
    const insns = randomProgram(new Random(seed))
    const [expected, ...others] = machines.map(machine => result(machine, insns))
    for (const other of others) assert.equal(other, expected, `seed ${seed}\n${isa.disassemble(insns)}`)
  }
})
