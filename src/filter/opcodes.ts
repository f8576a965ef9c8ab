import * as o from "../isa/index.ts"
import { BPF_A, BPF_LEN, BPF_MISC, BPF_MSH, BPF_RET, BPF_TAX, BPF_TXA } from "./insn.ts"

/** What stands behind an instruction's name, and what the instruction does. */
export type Form =
  /** `[k]`: packet bytes at a fixed place, or a field of the packet's metadata. */
  | "abs"
  /** `[x + k]` */
  | "ind"
  /** `#pktlen` */
  | "len"
  /** `#k` */
  | "imm"
  /** `M[k]` */
  | "mem"
  /** `4*([k]&0xf)` */
  | "msh"
  /** `#k` of arithmetic, decimal */
  | "decimal"
  /** `#k` of arithmetic, hexadecimal */
  | "hex"
  /** `x` */
  | "x"
  | "none"
  /** `ret #k` */
  | "ret"
  /** `ret` of the accumulator */
  | "retA"
  /** `ja` */
  | "goto"
  /** a condition against a constant */
  | "testK"
  /** a condition against X */
  | "testX"

export interface Opcode {
  readonly code: number
  /** As tcpdump writes it. */
  readonly name: string
  readonly form: Form
}

const ALU: readonly (readonly [string, number, Form])[] = [
  ["add", o.BPF_ADD, "decimal"],
  ["sub", o.BPF_SUB, "decimal"],
  ["mul", o.BPF_MUL, "decimal"],
  ["div", o.BPF_DIV, "decimal"],
  ["mod", o.BPF_MOD, "decimal"],
  ["and", o.BPF_AND, "hex"],
  ["or", o.BPF_OR, "hex"],
  ["xor", o.BPF_XOR, "hex"],
  ["lsh", o.BPF_LSH, "decimal"],
  ["rsh", o.BPF_RSH, "decimal"],
]

const TESTS: readonly (readonly [string, number])[] = [
  ["jeq", o.BPF_JEQ],
  ["jgt", o.BPF_JGT],
  ["jge", o.BPF_JGE],
  ["jset", o.BPF_JSET],
]

const SIZES: readonly (readonly [string, number])[] = [
  ["ld", o.BPF_W],
  ["ldh", o.BPF_H],
  ["ldb", o.BPF_B],
]

/** Every instruction that Linux accepts, and no other. */
export const OPCODES: readonly Opcode[] = [
  ...SIZES.flatMap(([name, size]): Opcode[] => [
    { code: o.BPF_LD | size | o.BPF_ABS, name, form: "abs" },
    { code: o.BPF_LD | size | o.BPF_IND, name, form: "ind" },
  ]),
  { code: o.BPF_LD | o.BPF_W | BPF_LEN, name: "ld", form: "len" },
  { code: o.BPF_LD | o.BPF_IMM, name: "ld", form: "imm" },
  { code: o.BPF_LD | o.BPF_MEM, name: "ld", form: "mem" },
  { code: o.BPF_LDX | o.BPF_W | BPF_LEN, name: "ldx", form: "len" },
  { code: o.BPF_LDX | o.BPF_IMM, name: "ldx", form: "imm" },
  { code: o.BPF_LDX | o.BPF_MEM, name: "ldx", form: "mem" },
  { code: o.BPF_LDX | o.BPF_B | BPF_MSH, name: "ldxb", form: "msh" },
  { code: o.BPF_ST, name: "st", form: "mem" },
  { code: o.BPF_STX, name: "stx", form: "mem" },
  ...ALU.flatMap(([name, op, form]): Opcode[] => [
    { code: o.BPF_ALU | op | o.BPF_K, name, form },
    { code: o.BPF_ALU | op | o.BPF_X, name, form: "x" },
  ]),
  { code: o.BPF_ALU | o.BPF_NEG, name: "neg", form: "none" },
  { code: o.BPF_JMP | o.BPF_JA, name: "ja", form: "goto" },
  ...TESTS.flatMap(([name, op]): Opcode[] => [
    { code: o.BPF_JMP | op | o.BPF_K, name, form: "testK" },
    { code: o.BPF_JMP | op | o.BPF_X, name, form: "testX" },
  ]),
  { code: BPF_RET | o.BPF_K, name: "ret", form: "ret" },
  { code: BPF_RET | BPF_A, name: "ret", form: "retA" },
  { code: BPF_MISC | BPF_TAX, name: "tax", form: "none" },
  { code: BPF_MISC | BPF_TXA, name: "txa", form: "none" },
]

const BY_CODE = new Map(OPCODES.map(opcode => [opcode.code, opcode]))

/** What an opcode is; undefined for one that Linux does not accept. */
export const opcodeOf = (code: number): Opcode | undefined => BY_CODE.get(code)

/** Whether an instruction has two ways to go. */
export function isTest(code: number): boolean {
  const form = BY_CODE.get(code)?.form
  return form === "testK" || form === "testX"
}
