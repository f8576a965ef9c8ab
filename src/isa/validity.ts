import type { Insn } from "./insn.ts"
import * as o from "./opcodes.ts"

/** What is wrong with one instruction: an error code, what it is, and what would be right. */
export interface InsnProblem {
  readonly code:
    | "ISA_UNKNOWN_OPCODE"
    | "ISA_BAD_REGISTER"
    | "ISA_RESERVED_FIELD"
    | "ISA_BAD_PSEUDO"
    | "ISA_BAD_OFFSET"
    | "ISA_BAD_IMMEDIATE"
  readonly message: string
  readonly hint: string
}

const hex = (n: number): string => `0x${n.toString(16).padStart(2, "0")}`

function unknown(op: number): InsnProblem {
  return {
    code: "ISA_UNKNOWN_OPCODE",
    message: `opcode ${hex(op)} is not a BPF instruction`,
    hint: "check that the bytes are BPF code (cpu v1 to v4) in the expected byte order and start at an instruction",
  }
}

function reserved(insn: Insn, field: "dst" | "src" | "off" | "imm" | "imm64", value: number): InsnProblem {
  return {
    code: "ISA_RESERVED_FIELD",
    message: `field ${field} of opcode ${hex(insn.op)} is ${value}, and must be 0`,
    hint: `this instruction does not use ${field}; a kernel refuses the program`,
  }
}

/** The fields named in `fields` must be zero. */
function zero(insn: Insn, ...fields: ("dst" | "src" | "off" | "imm" | "imm64")[]): InsnProblem | undefined {
  for (const field of fields) {
    const value = insn[field]
    if (value !== 0 && value !== undefined) return reserved(insn, field, value)
  }
  return undefined
}

/**
 * Holds an instruction against RFC 9669 and the kernel's own reading of reserved fields (check_alu_op and its kin
 * in kernel/bpf/verifier.c): undefined when it is one, what is wrong otherwise. What needs the program around it
 * (jump targets, values, types) is the verifier's business.
 */
export function insnProblem(insn: Insn): InsnProblem | undefined {
  const { op } = insn
  if (!(op >= 0 && op <= 0xff && Number.isInteger(op))) return unknown(op)
  const wrong = check(insn)
  if (wrong !== undefined) return wrong
  if (insn.dst > 10) return badRegister("destination", insn.dst)
  if (insn.src > 10) return badRegister("source", insn.src)
  return op !== o.OP_LDDW && insn.imm64 !== undefined ? reserved(insn, "imm64", insn.imm64) : undefined
}

function badRegister(which: string, register: number): InsnProblem {
  return {
    code: "ISA_BAD_REGISTER",
    message: `${which} register r${register} does not exist`,
    hint: "registers are r0 to r10",
  }
}

function check(insn: Insn): InsnProblem | undefined {
  switch (insn.op & o.BPF_CLASS_MASK) {
    case o.BPF_ALU:
    case o.BPF_ALU64:
      return checkAlu(insn)
    case o.BPF_JMP:
    case o.BPF_JMP32:
      return checkJump(insn)
    case o.BPF_LD:
      return checkLd(insn)
    case o.BPF_LDX:
      return checkLdx(insn)
    case o.BPF_ST:
      return (insn.op & o.BPF_MODE_MASK) === o.BPF_MEM ? zero(insn, "src") : unknown(insn.op)
    default:
      return checkStx(insn)
  }
}

function checkAlu(insn: Insn): InsnProblem | undefined {
  const { op, off } = insn
  const wide = (op & o.BPF_CLASS_MASK) === o.BPF_ALU64
  const register = (op & o.BPF_SRC_MASK) === o.BPF_X
  switch (op & o.BPF_OP_MASK) {
    case o.BPF_NEG:
      return register ? unknown(op) : zero(insn, "src", "off", "imm")
    case o.BPF_END:
      if (wide && register) return unknown(op)
      if (insn.imm !== 16 && insn.imm !== 32 && insn.imm !== 64) {
        return badImmediate(insn, "the width of a byte swap is 16, 32 or 64")
      }
      return zero(insn, "src", "off")
    case o.BPF_MOV:
      if (!register) return zero(insn, "src", "off")
      if (wide && off === o.BPF_ADDR_SPACE_CAST) return undefined
      if (off !== 0 && off !== 8 && off !== 16 && !(wide && off === 32)) {
        return badOffset(insn, `the offset of a move is the width it sign-extends: 0, 8, 16${wide ? ", 32" : ""}`)
      }
      return zero(insn, "imm")
    case o.BPF_DIV:
    case o.BPF_MOD:
      if (off !== 0 && off !== 1) return badOffset(insn, "the offset of a division is 0 (unsigned) or 1 (signed)")
      return zero(insn, register ? "imm" : "src")
    case 0xe0:
    case 0xf0:
      return unknown(op)
    default:
      return zero(insn, "off", register ? "imm" : "src")
  }
}

function checkJump(insn: Insn): InsnProblem | undefined {
  const { op, src } = insn
  const wide = (op & o.BPF_CLASS_MASK) === o.BPF_JMP
  const register = (op & o.BPF_SRC_MASK) === o.BPF_X
  switch (op & o.BPF_OP_MASK) {
    case o.BPF_JA:
      if (register) return unknown(op)
      return zero(insn, "dst", "src", wide ? "imm" : "off")
    case o.BPF_CALL:
      if (!wide) return unknown(op)
      if (register) return zero(insn, "src", "off", "imm")
      if (src > o.BPF_PSEUDO_KFUNC_CALL) return badPseudo(insn, "0 (helper), 1 (subprogram) or 2 (kernel function)")
      return src === o.BPF_PSEUDO_KFUNC_CALL ? zero(insn, "dst") : zero(insn, "dst", "off")
    case o.BPF_EXIT:
      return wide && !register ? zero(insn, "dst", "src", "off", "imm") : unknown(op)
    case o.BPF_JCOND:
      if (!wide || register) return unknown(op)
      if (src !== o.BPF_MAY_GOTO) return badPseudo(insn, "0 (may_goto)")
      return zero(insn, "dst", "imm")
    case 0xf0:
      return unknown(op)
    default:
      return zero(insn, register ? "imm" : "src")
  }
}

function checkLd(insn: Insn): InsnProblem | undefined {
  const { op, src } = insn
  const wide = (op & o.BPF_SIZE_MASK) === o.BPF_DW
  switch (op & o.BPF_MODE_MASK) {
    case o.BPF_IMM:
      if (!wide) return unknown(op)
      if (src > o.BPF_PSEUDO_MAP_IDX_VALUE) return badPseudo(insn, "0 to 6")
      if (src === o.BPF_PSEUDO_MAP_FD || src === o.BPF_PSEUDO_MAP_IDX || src === o.BPF_PSEUDO_FUNC) {
        return zero(insn, "off", "imm64")
      }
      return zero(insn, "off")
    case o.BPF_ABS:
      return wide ? unknown(op) : zero(insn, "dst", "src", "off")
    case o.BPF_IND:
      return wide ? unknown(op) : zero(insn, "dst", "off")
    default:
      return unknown(op)
  }
}

function checkLdx(insn: Insn): InsnProblem | undefined {
  const mode = insn.op & o.BPF_MODE_MASK
  const wide = (insn.op & o.BPF_SIZE_MASK) === o.BPF_DW
  return mode === o.BPF_MEM || (mode === o.BPF_MEMSX && !wide) ? zero(insn, "imm") : unknown(insn.op)
}

function checkStx(insn: Insn): InsnProblem | undefined {
  const { op, imm } = insn
  const mode = op & o.BPF_MODE_MASK
  if (mode === o.BPF_MEM) return zero(insn, "imm")
  if (mode !== o.BPF_ATOMIC) return unknown(op)
  if (imm === o.BPF_LOAD_ACQ || imm === o.BPF_STORE_REL) return undefined
  const size = op & o.BPF_SIZE_MASK
  if (size !== o.BPF_W && size !== o.BPF_DW) {
    return badImmediate(insn, "atomic operations of 1 and 2 bytes are load_acquire (0x100) and store_release (0x110)")
  }
  switch (imm & ~o.BPF_FETCH) {
    case o.BPF_ADD:
    case o.BPF_OR:
    case o.BPF_AND:
    case o.BPF_XOR:
      return undefined
    default:
      if (imm === o.BPF_XCHG || imm === o.BPF_CMPXCHG) return undefined
      return badImmediate(insn, "atomic operations are add, or, and, xor (| 1 to fetch), 0xe1 xchg, 0xf1 cmpxchg")
  }
}

const badImmediate = (insn: Insn, hint: string): InsnProblem => ({
  code: "ISA_BAD_IMMEDIATE",
  message: `immediate ${insn.imm} says nothing to opcode ${hex(insn.op)}`,
  hint,
})

const badOffset = (insn: Insn, hint: string): InsnProblem => ({
  code: "ISA_BAD_OFFSET",
  message: `offset ${insn.off} says nothing to opcode ${hex(insn.op)}`,
  hint,
})

const badPseudo = (insn: Insn, allowed: string): InsnProblem => ({
  code: "ISA_BAD_PSEUDO",
  message: `source field ${insn.src} says nothing to opcode ${hex(insn.op)}`,
  hint: `it is ${allowed}`,
})
