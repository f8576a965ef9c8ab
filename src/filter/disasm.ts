import { ANCILLARY_NAMES, ancillaryField } from "./ancillary.ts"
import type { ClassicInsn } from "./insn.ts"
import { opcodeOf } from "./opcodes.ts"

const hex = (value: number): string => `0x${value.toString(16)}`

/** A filter as `tcpdump -d` writes it, a line for each instruction. `assembleClassic` reads it back. */
export function disassembleClassic(insns: readonly ClassicInsn[]): string {
  return insns.map((insn, at) => `${formatClassicInsn(insn, at)}\n`).join("")
}

/** One instruction as text; `at` is its place in the filter, from which jumps are told. Any values are accepted. */
export function formatClassicInsn(insn: ClassicInsn, at: number): string {
  const head = `(${`${at}`.padStart(3, "0")})`
  const opcode = opcodeOf(insn.code)
  if (opcode === undefined) return `${head} unimp    ${hex(insn.code)}`
  const { name, form } = opcode
  const operand = operandText(insn, form, at)
  const first = `${head} ${name.padEnd(8)} ${operand}`
  if (form !== "testK" && form !== "testX") return first.trimEnd()
  return `${`${head} ${name.padEnd(8)} ${operand.padEnd(16)}`} jt ${at + 1 + insn.jt}\tjf ${at + 1 + insn.jf}`
}

function operandText({ k }: ClassicInsn, form: string, at: number): string {
  switch (form) {
    case "abs": {
      const field = ancillaryField(k)
      return field === undefined ? `[${k | 0}]` : `[${ANCILLARY_NAMES[field]}]`
    }
    case "ind":
      return `[x + ${k | 0}]`
    case "len":
      return "#pktlen"
    case "mem":
      return `M[${k | 0}]`
    case "msh":
      return `4*([${k | 0}]&0xf)`
    case "decimal":
    case "ret":
      return `#${k | 0}`
    case "imm":
    case "hex":
    case "testK":
      return `#${hex(k)}`
    case "x":
    case "testX":
      return "x"
    case "goto":
      return `${at + 1 + k}`
    default:
      return ""
  }
}
