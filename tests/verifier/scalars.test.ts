import assert from "node:assert/strict"
import { test } from "node:test"
import * as isa from "../../src/isa/index.ts"
import {
  alu,
  constant,
  isTaken,
  ofSize,
  printScalar,
  refine,
  type Scalar,
  signExtend32,
  signExtend64,
  UNKNOWN,
  zeroExtend32,
} from "../../src/verifier/scalar/index.ts"
import { needsRoot } from "../support/kernel.ts"
import { Random } from "../support/random.ts"
import { judgeInsns } from "./kernelLog.ts"

const OPERATIONS = [
  isa.BPF_ADD,
  isa.BPF_SUB,
  isa.BPF_MUL,
  isa.BPF_DIV,
  isa.BPF_MOD,
  isa.BPF_AND,
  isa.BPF_OR,
  isa.BPF_XOR,
  isa.BPF_LSH,
  isa.BPF_RSH,
  isa.BPF_ARSH,
]
const CONDITIONS = [
  isa.BPF_JEQ,
  isa.BPF_JNE,
  isa.BPF_JSET,
  isa.BPF_JGT,
  isa.BPF_JGE,
  isa.BPF_JLT,
  isa.BPF_JLE,
  isa.BPF_JSGT,
  isa.BPF_JSGE,
  isa.BPF_JSLT,
  isa.BPF_JSLE,
]
const REGISTERS = [6, 7, 8]
const NEW_KERNEL = 7

/** What was worked out of a register after an instruction, by slot. */
type Step = { slot: number; register: number; expected: string }

/** A constant near the places where types end. */
function number(random: Random): number {
  const bit = random.pick([0, 1, 2, 4, 7, 8, 15, 16, 24, 31])
  return (random.pick([1, -1]) * ((2 ** bit + random.below(5) - 2) | 0)) | 0
}

/** A straight program over a few registers that hold what is partly known, with what ours says of each step. */
function straight(random: Random, length: number): { insns: isa.Insn[]; steps: Step[] } {
  const known = new Map<number, Scalar>()
  const insns: isa.Insn[] = []
  const steps: Step[] = []
  const set = (insn: isa.Insn, register: number, value: Scalar) => {
    steps.push({ slot: insns.length, register, expected: printScalar(value) })
    insns.push(insn)
    known.set(register, value)
  }
  set(isa.loadMem(isa.BPF_W, 6, 1, 0), 6, ofSize(4))
  insns.push(isa.call(NEW_KERNEL))
  set(isa.mov64Reg(7, 0), 7, UNKNOWN)
  const start = number(random)
  set(isa.mov64Imm(8, start), 8, constant(BigInt(start)))
  const exits: number[] = []
  while (insns.length < length) {
    const dst = random.pick(REGISTERS)
    const src = random.pick(REGISTERS.filter(other => other !== dst))
    const wide = random.chance(0.5)
    const width = wide ? 64 : 32
    const a = known.get(dst)!
    const kind = random.below(10)
    if (kind < 5) {
      const operation = random.pick(OPERATIONS)
      // For an operand that is 0 or −1 the kernel goes both ways, one for each.
      const isMask = (a.smin === -1n && a.smax === 0n) || (a.s32min === -1 && a.s32max === 0)
      if ((operation === isa.BPF_AND || operation === isa.BPF_OR) && isMask) continue
      const isShift = [isa.BPF_LSH, isa.BPF_RSH, isa.BPF_ARSH].includes(operation)
      if (random.chance(0.5)) {
        const isDivision = operation === isa.BPF_DIV || operation === isa.BPF_MOD
        const imm = isShift ? random.pick([1, 4, 16, 31, wide ? 32 : 8]) : number(random) || (isDivision ? 3 : 0)
        const insn = wide ? isa.alu64Imm(operation, dst, imm) : isa.alu32Imm(operation, dst, imm)
        set(insn, dst, alu(operation, a, constant(BigInt(imm)), width))
      } else {
        const insn = wide ? isa.alu64Reg(operation, dst, src) : isa.alu32Reg(operation, dst, src)
        set(insn, dst, alu(operation, a, known.get(src)!, width))
      }
    } else if (kind < 6) {
      const bits = random.pick([8, 16, 32] as const)
      // A copy of the same value: from there on both registers would be refined together.
      if (known.get(src)!.umax < 1n << BigInt(!wide && bits === 32 ? 32 : bits - 1)) continue
      if (wide) set(isa.movsx64(dst, src, bits), dst, signExtend64(known.get(src)!, bits / 8))
      else if (bits === 32) set(isa.mov32Reg(dst, src), dst, zeroExtend32(known.get(src)!))
      else set(isa.movsx32(dst, src, bits), dst, signExtend32(known.get(src)!, bits / 8))
    } else if (kind < 7) {
      set(wide ? isa.neg64(dst) : isa.neg32(dst), dst, alu(isa.BPF_NEG, a, a, width))
    } else {
      const condition = random.pick(CONDITIONS)
      const byRegister = random.chance(0.4)
      const imm = number(random)
      const b = byRegister ? known.get(src)! : constant(BigInt(imm))
      if (isTaken(condition, a, b, width) !== undefined) continue
      const refined = refine(condition, false, a, b, width)
      exits.push(insns.length)
      steps.push({ slot: insns.length, register: dst, expected: printScalar(refined.a) })
      known.set(dst, refined.a)
      if (byRegister) {
        steps.push({ slot: insns.length, register: src, expected: printScalar(refined.b) })
        known.set(src, refined.b)
        insns.push(wide ? isa.jumpReg(condition, dst, src, 0) : isa.jump32Reg(condition, dst, src, 0))
      } else insns.push(wide ? isa.jumpImm(condition, dst, imm, 0) : isa.jump32Imm(condition, dst, imm, 0))
    }
  }
  const end = insns.length
  for (const at of exits) insns[at] = { ...insns[at], off: end - at - 1 }
  insns.push(isa.mov64Imm(0, 0), isa.exit())
  return { insns, steps }
}

/** The registers that the log prints after each instruction of the first way through the program. */
function printed(log: string): Map<number, Map<number, string>> {
  const states = new Map<number, Map<number, string>>()
  for (const line of log.split("\nfrom ")[0].split("\n")) {
    const match = /^(\d+): \(..\) .*? ; (.*)$/.exec(line) ?? /^(\d+): \(..\) .*?;\s+(R.*)$/.exec(line)
    if (match === null || states.has(Number(match[1]))) continue
    const registers = new Map<number, string>()
    for (const [, register, value] of match[2].matchAll(
      /R(\d+)(?:_[rwDP]+)?=(P?-?\w+(?:\([^=]*?(?:=.*?)?\))?)(?= |$)/g,
    )) {
      registers.set(Number(register), value.replace(/^P(?=\w)/, "").replace(/\bid=\d+(?:[+-]\d+)?,?/, ""))
    }
    states.set(Number(match[1]), registers)
  }
  return states
}

test("what is known of numbers is what the running kernel's log says", { skip: needsRoot }, () => {
  const seed = Number(process.env.SKEP_SEED ?? 1)
  let compared = 0
  for (let i = 0; i < Number(process.env.SKEP_COUNT ?? 200); i++) {
    const { insns, steps } = straight(new Random(seed * 1_000_003 + i), 30)
    const { accepted, log } = judgeInsns(insns)
    assert.ok(accepted, log)
    const states = printed(log)
    for (const { slot, register, expected } of steps) {
      const got = states.get(slot)?.get(register)
      if (got === undefined) continue
      compared++
      assert.equal(expected, got, `program ${i}, slot ${slot}, r${register}:\n${log}`)
    }
  }
  assert.ok(compared > 1000 || process.env.SKEP_COUNT !== undefined, `${compared} compared`)
})
