import { SkepError } from "../base/index.ts"
import * as o from "../isa/index.ts"
import { type AncillaryField, ancillaryField } from "./ancillary.ts"
import { checkClassic } from "./check.ts"
import { BPF_A, BPF_LEN, BPF_MISC, BPF_MSH, BPF_RET, BPF_TAX, type ClassicInsn } from "./insn.ts"
import { isTest } from "./opcodes.ts"

// Where the machine's registers go. LD_ABS and LD_IND want the context in r6 and leave their result in r0.
const A = o.R0
const CONTEXT = o.R6
const X = o.R7
const TEMPORARY = o.R2

/** Members of `struct __sk_buff` that hold metadata: offset, and whether they are two bytes in network order. */
const FIELDS: { readonly [field in AncillaryField]?: readonly [offset: number, networkOrder?: true] } = {
  packetType: [4],
  mark: [8],
  queue: [12],
  protocol: [16, true],
  vlanPresent: [20],
  vlanTag: [24],
  vlanProtocol: [28, true],
  ifindex: [40],
  hash: [68],
}
const SKB_LEN = 0

const HELPERS: { readonly [field in AncillaryField]?: number } = { cpu: 8, random: 7 }

/**
 * A classic filter as instructions of extended BPF, for a program of type `socket_filter` (or `sched_cls`): what the
 * kernel itself makes of a filter, with the context of programs in place of the kernel's own, and without what no jump
 * leads to, which the verifier would refuse. Needs nothing newer than Linux 4.14.
 *
 * @throws SkepError FILTER_INVALID, and FILTER_NO_FIELD for metadata that programs of extended BPF cannot ask for
 */
export function toExtended(insns: readonly ClassicInsn[]): o.Insn[] {
  checkClassic(insns)
  const reached = reachable(insns)
  const out: o.Insn[] = [o.mov32Imm(A, 0), o.mov32Imm(X, 0), o.mov64Reg(CONTEXT, o.R1)]
  const starts: number[] = []
  const jumps: { readonly at: number; readonly target: number }[] = []
  for (const [at, insn] of insns.entries()) {
    starts.push(out.length)
    if (reached[at] === 0) continue
    for (const { target, ...code } of convert(insn)) {
      if (target !== undefined) jumps.push({ at: out.length, target: at + 1 + target })
      out.push(code)
    }
  }
  for (const { at, target } of jumps) out[at] = { ...out[at], off: starts[target] - at - 1 }
  return out
}

/** 1 for each instruction that a run can get to. */
function reachable(insns: readonly ClassicInsn[]): Uint8Array {
  const reached = new Uint8Array(insns.length + 1)
  reached[0] = 1
  for (const [at, { code, jt, jf, k }] of insns.entries()) {
    if (reached[at] === 0 || (code & o.BPF_CLASS_MASK) === BPF_RET) continue
    if (isTest(code)) reached[at + 1 + jt] = reached[at + 1 + jf] = 1
    else reached[at + 1 + (code === o.OP_JA ? k : 0)] = 1
  }
  return reached
}

/** An instruction; jumps carry the number of classic instructions that they skip. */
type Converted = o.Insn & { readonly target?: number }

function convert(insn: ClassicInsn): Converted[] {
  const { code, k } = insn
  switch (code & o.BPF_CLASS_MASK) {
    case o.BPF_LD:
      return convertLoad(code, k)
    case o.BPF_LDX:
      return convertLoadX(code, k)
    case o.BPF_ST:
      return [o.storeReg(o.BPF_W, o.R10, A, scratch(k))]
    case o.BPF_STX:
      return [o.storeReg(o.BPF_W, o.R10, X, scratch(k))]
    case o.BPF_ALU:
      return convertAlu(code, k)
    case o.BPF_JMP:
      return convertJump(insn)
    case BPF_MISC:
      return [code === (BPF_MISC | BPF_TAX) ? o.mov64Reg(X, A) : o.mov64Reg(A, X)]
    default:
      return code === (BPF_RET | BPF_A) ? [o.exit()] : [o.mov32Imm(A, k), o.exit()]
  }
}

/** Where a word of scratch memory is, from the end of the stack. */
const scratch = (k: number): number => -4 * (k + 1)

function convertLoad(code: number, k: number): Converted[] {
  const size = code & o.BPF_SIZE_MASK
  switch (code & o.BPF_MODE_MASK) {
    case o.BPF_ABS: {
      const field = ancillaryField(k)
      return field === undefined ? [o.loadAbs(size, k)] : loadField(field)
    }
    case o.BPF_IND:
      return [o.loadInd(size, X, k)]
    case BPF_LEN:
      return [o.loadMem(o.BPF_W, A, CONTEXT, SKB_LEN)]
    case o.BPF_MEM:
      return [o.loadMem(o.BPF_W, A, o.R10, scratch(k))]
    default:
      return [o.mov32Imm(A, k)]
  }
}

function convertLoadX(code: number, k: number): Converted[] {
  switch (code & o.BPF_MODE_MASK) {
    case BPF_MSH:
      return [
        o.mov64Reg(X, A),
        o.loadAbs(o.BPF_B, k),
        o.alu32Imm(o.BPF_AND, A, 15),
        o.alu32Imm(o.BPF_LSH, A, 2),
        o.mov64Reg(TEMPORARY, X),
        o.mov64Reg(X, A),
        o.mov64Reg(A, TEMPORARY),
      ]
    case BPF_LEN:
      return [o.loadMem(o.BPF_W, X, CONTEXT, SKB_LEN)]
    case o.BPF_MEM:
      return [o.loadMem(o.BPF_W, X, o.R10, scratch(k))]
    default:
      return [o.mov32Imm(X, k)]
  }
}

function loadField(field: AncillaryField): Converted[] {
  if (field === "xor") return [o.alu32Reg(o.BPF_XOR, A, X)]
  const helper = HELPERS[field]
  if (helper !== undefined) return [o.call(helper)]
  const member = FIELDS[field]
  if (member === undefined) {
    throw new SkepError({
      code: "FILTER_NO_FIELD",
      message: `a program of extended BPF cannot ask for the packet's ${field}`,
      hint: "attach the filter as classic BPF: the kernel has the value there",
    })
  }
  const [offset, networkOrder] = member
  const load = o.loadMem(o.BPF_W, A, CONTEXT, offset)
  return networkOrder ? [load, o.toBe(A, 16)] : [load]
}

function convertAlu(code: number, k: number): Converted[] {
  const op = code & o.BPF_OP_MASK
  if (op === o.BPF_NEG) return [o.neg32(A)]
  if ((code & o.BPF_X) === 0) return [o.alu32Imm(op, A, k)]
  const operation = o.alu32Reg(op, A, X)
  if (op !== o.BPF_DIV && op !== o.BPF_MOD) return [operation]
  // Division by zero ends a classic filter with 0; in extended BPF it gives a number.
  return [o.jumpImm(o.BPF_JNE, X, 0, 2), o.mov32Imm(A, 0), o.exit(), operation]
}

const INVERSE = new Map([
  [o.BPF_JEQ, o.BPF_JNE],
  [o.BPF_JGT, o.BPF_JLE],
  [o.BPF_JGE, o.BPF_JLT],
])

function convertJump({ code, jt, jf, k }: ClassicInsn): Converted[] {
  const op = code & o.BPF_OP_MASK
  if (op === o.BPF_JA) return [{ ...o.goto(0), target: k }]
  const negative = (code & o.BPF_X) === 0 && (k | 0) < 0
  // Constants are sign-extended, and A never is.
  const before = negative ? [o.mov32Imm(TEMPORARY, k)] : []
  const test = (operation: number): o.Insn => {
    if (negative) return o.jumpReg(operation, A, TEMPORARY, 0)
    return (code & o.BPF_X) === 0 ? o.jumpImm(operation, A, k, 0) : o.jumpReg(operation, A, X, 0)
  }
  if (jf === 0) return [...before, { ...test(op), target: jt }]
  const inverse = INVERSE.get(op)
  if (jt === 0 && inverse !== undefined) return [...before, { ...test(inverse), target: jf }]
  return [...before, { ...test(op), target: jt }, { ...o.goto(0), target: jf }]
}
