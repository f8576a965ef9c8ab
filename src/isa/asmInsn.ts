import { atomicOp } from "./asmAtomic.ts"
import type { Cursor } from "./asmCursor.ts"
import { pointer, store } from "./asmMemory.ts"
import {
  type AsmInsn,
  asRegister,
  atRegister,
  full,
  immediate,
  like,
  MAX32,
  MIN32,
  operand,
  register,
} from "./asmOperand.ts"
import { assignment, pseudo } from "./asmValue.ts"
import * as b from "./build.ts"
import { helperId } from "./helpers.ts"
import type { Insn } from "./insn.ts"
import * as o from "./opcodes.ts"

/** Comparisons; one that is the start of another stands after it. */
const CONDITIONS: readonly (readonly [sign: string, op: number])[] = [
  ["s>=", o.BPF_JSGE],
  ["s>", o.BPF_JSGT],
  ["s<=", o.BPF_JSLE],
  ["s<", o.BPF_JSLT],
  ["==", o.BPF_JEQ],
  ["!=", o.BPF_JNE],
  [">=", o.BPF_JGE],
  [">", o.BPF_JGT],
  ["<=", o.BPF_JLE],
  ["<", o.BPF_JLT],
  ["&", o.BPF_JSET],
]

/**
 * Reads one instruction in either syntax. `opcode` is the one given in front of it (`(18)`), which tells apart what
 * reads the same: `(18) r1 = 0x5` and `(b7) r1 = 5`.
 *
 *     insn = reg op (reg | imm) | reg = value | place = (reg | imm) | "lock" place op reg
 *          | "if" reg cond (reg | imm) "goto" target | ("goto" | "gotol" | "may_goto") target
 *          | "call" callee | "callx" reg | "exit" | "store_release" "(" pointer "," reg ")"
 *          | "ld_pseudo" reg "," imm "," imm
 */
export function parseInsn(c: Cursor, opcode: number | undefined): AsmInsn {
  c.skipSpace()
  const start = c.at
  if (c.take("*")) return { insn: store(c, opcode) }
  const word = c.word()
  switch (word) {
    case "exit":
      return { insn: b.exit() }
    case "goto":
      return target(c, distance => b.goto(distance))
    case "gotol":
      return target(c, distance => b.gotol(distance))
    case "may_goto":
      return target(c, distance => b.mayGoto(distance))
    case "if":
      return condition(c, opcode)
    case "call":
      return call(c)
    case "callx":
      return { insn: b.callReg(full(c)) }
    case "lock":
      return { insn: atomicOp(c) }
    case "store_release": {
      c.expect("(", "after store_release")
      const to = pointer(c)
      c.expect(",", "before the value that is stored")
      const value = operand(c, to.size)
      c.expect(")", "after the value that is stored")
      return { insn: b.storeRelease(to.size, to.base, value, to.off) }
    }
    case "ld_pseudo":
      return { insn: pseudo(c) }
  }
  const dst = asRegister(word)
  if (dst === undefined) {
    c.at = start
    throw c.error("expected an instruction")
  }
  return assignment(c, dst, opcode)
}

/** `+3`, `pc+3`, `+3 <LBB0_1>` or a label. */
function target(c: Cursor, jump: (distance: number) => Insn): AsmInsn {
  c.skipSpace()
  const start = c.at
  const wide = jump(0).op === o.OP_JA32
  const word = c.word()
  if (word !== "" && word !== "pc" && !/^\d/.test(word)) return { insn: jump(0), label: word }
  if (!c.atSign()) {
    c.at = start
    throw c.error("expected a signed distance (+3, pc-2) or a label")
  }
  const distance = c.integer(wide ? MIN32 : -0x8000, wide ? MAX32 : 0x7fff, "a distance")
  if (c.take("<")) c.until(">")
  return { insn: jump(distance) }
}

function condition(c: Cursor, opcode: number | undefined): AsmInsn {
  const left = register(c)
  const op = c.takeAny(CONDITIONS)?.[1]
  if (op === undefined) throw c.error("expected a comparison")
  if (atRegister(c)) {
    const right = like(c, left)
    c.expect("goto", "after the condition")
    return target(c, off => (left.half ? b.jump32Reg : b.jumpReg)(op, left.number, right, off))
  }
  const imm = immediate(c, left.half || opcode !== undefined)
  c.expect("goto", "after the condition")
  return target(c, off => (left.half ? b.jump32Imm : b.jumpImm)(op, left.number, imm, off))
}

// callee = N ["<" kind ">"] | "pc" ±N ["#" name] | name ["#" N] | "kernel-function#" (N ["module" N] | NAME)
function call(c: Cursor): AsmInsn {
  if (c.atNumber()) {
    const number = c.integer(MIN32, MAX32, "a function number")
    if (c.take("<subprogram>")) return { insn: b.callSub(number) }
    if (!c.take("<kernel-function")) return { insn: b.call(number) }
    const insn = b.callKfunc(number, moduleIndex(c))
    c.expect(">", "after the kind of function")
    return { insn }
  }
  if (c.take("kernel-function#")) {
    if (c.atNumber()) return { insn: b.callKfunc(c.integer(MIN32, MAX32, "a BTF id"), moduleIndex(c)) }
    const name = c.word()
    if (name === "") throw c.error("expected a BTF id or the name of a kernel function")
    return { insn: b.callKfunc(0), symbol: { kind: "kfunc", name } }
  }
  c.skipSpace()
  const start = c.at
  const name = c.word()
  if (name === "") throw c.error("expected a function")
  if (name === "pc" && c.atSign()) {
    const insn = b.callSub(c.integer(MIN32, MAX32, "a distance"))
    // bpftool says what is called: `call pc+30#bpf_prog_38931e7e10b4d11c_add`.
    if (c.take("#")) c.word()
    return { insn }
  }
  const id = helperId(name)
  if (!c.take("#")) {
    if (id !== undefined) return { insn: b.call(id) }
    return { insn: b.callSub(-1), label: name, symbol: { kind: "call", name } }
  }
  const number = c.integer(MIN32, MAX32, "a function number")
  if (name === "unknown" || number === id) return { insn: b.call(number) }
  if (id === undefined) return { insn: b.callKfunc(number, moduleIndex(c)) }
  throw c.error(`${name} is helper ${id}, not ${number}`, { from: start, code: "ISA_ASM_HELPER" })
}

const moduleIndex = (c: Cursor): number => (c.take("module") ? c.integer(-0x8000, 0x7fff, "a module index") : 0)
