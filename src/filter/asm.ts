import { didYouMean } from "../base/index.ts"
import { ANCILLARY, ANCILLARY_NAMES, type AncillaryField, SKF_AD_OFF } from "./ancillary.ts"
import { badText } from "./error.ts"
import type { ClassicInsn } from "./insn.ts"
import { type Form, OPCODES, type Opcode } from "./opcodes.ts"

/** An instruction of text: what stands in its line, and where the line is. */
interface Line {
  readonly name: string
  readonly operand: string
  /** From 1. */
  readonly line: number
}

/** Where jumps may lead: names of labels, and what they stand for. */
type Labels = ReadonlyMap<string, number>

/**
 * Assembles what `tcpdump -d` and `disassembleClassic` write: `(004) jeq #0x800 jt 5 jf 8`. The number in front may be
 * left out, a line may begin with a label (`drop: ret #0`), and jumps may lead to labels; all after a semicolon is
 * comment. What it assembles need not be valid: `checkClassic` tells. @throws SkepError FILTER_TEXT
 */
export function assembleClassic(text: string): ClassicInsn[] {
  const labels = new Map<string, number>()
  const lines: Line[] = []
  for (const [i, content] of text.split("\n").entries()) {
    const line = i + 1
    let rest = content.replace(/;.*/, "").trim()
    for (let label = /^([A-Za-z_]\w*):\s*/.exec(rest); label !== null; label = /^([A-Za-z_]\w*):\s*/.exec(rest)) {
      if (labels.has(label[1])) throw badText(line, `the label '${label[1]}' stands here for the second time`)
      labels.set(label[1], lines.length)
      rest = rest.slice(label[0].length)
    }
    rest = rest.replace(/^\(\d+\)\s*/, "")
    if (rest === "") continue
    const [, name, operand] = /^(\S+)\s*(.*)$/.exec(rest)!
    lines.push({ name, operand, line })
  }
  return lines.map((line, at) => assembleLine(line, at, labels))
}

function assembleLine({ name, operand, line }: Line, at: number, labels: Labels): ClassicInsn {
  if (name === "unimp") return { code: number(operand, line), jt: 0, jf: 0, k: 0 }
  const opcodes = OPCODES.filter(opcode => opcode.name === name)
  if (opcodes.length === 0) {
    const names = new Set(OPCODES.map(opcode => opcode.name))
    throw badText(line, `'${name}' is no instruction${didYouMean(name, names)}`)
  }
  for (const opcode of opcodes) {
    const insn = assembleAs(opcode, operand, line, at, labels)
    if (insn !== undefined) return insn
  }
  const forms = [...new Set(opcodes.map(({ form }) => `${name} ${FORM_TEXT[form]}`.trim()))].join(", ")
  throw badText(line, `'${name}' cannot take '${operand}'`, `its forms are ${forms}`)
}

const NUMBER = "(-?(?:0x[0-9a-fA-F]+|\\d+))"
const TARGETS = "\\s*,?\\s*jt\\s+(\\S+?)\\s*,?\\s*jf\\s+(\\S+)"
const PATTERNS: Readonly<Record<Form, RegExp>> = {
  abs: /^\[\s*([^\s[\]]+)\s*\]$/,
  ind: new RegExp(`^\\[\\s*x\\s*(?:\\+\\s*${NUMBER}\\s*)?\\]$`),
  len: /^#pktlen$/,
  imm: new RegExp(`^#${NUMBER}$`),
  mem: new RegExp(`^M\\[\\s*${NUMBER}\\s*\\]$`),
  msh: new RegExp(`^4\\s*\\*\\s*\\(\\s*\\[\\s*${NUMBER}\\s*\\]\\s*&\\s*0xf\\s*\\)$`),
  decimal: new RegExp(`^#${NUMBER}$`),
  hex: new RegExp(`^#${NUMBER}$`),
  x: /^x$/,
  none: /^$/,
  ret: new RegExp(`^#${NUMBER}$`),
  retA: /^a?$/,
  goto: /^(\S+)$/,
  testK: new RegExp(`^#${NUMBER}${TARGETS}$`),
  testX: new RegExp(`^x${TARGETS}$`),
}
const FORM_TEXT: Readonly<Record<Form, string>> = {
  abs: "[k]",
  ind: "[x + k]",
  len: "#pktlen",
  imm: "#k",
  mem: "M[k]",
  msh: "4*([k]&0xf)",
  decimal: "#k",
  hex: "#k",
  x: "x",
  none: "",
  ret: "#k",
  retA: "",
  goto: "PLACE",
  testK: "#k jt PLACE jf PLACE",
  testX: "x jt PLACE jf PLACE",
}

function assembleAs(
  opcode: Opcode,
  operand: string,
  line: number,
  at: number,
  labels: Labels,
): ClassicInsn | undefined {
  const match = PATTERNS[opcode.form].exec(operand)
  if (match === null) return undefined
  const insn = (k: number, jt = 0, jf = 0): ClassicInsn => ({ code: opcode.code, jt, jf, k })
  const skip = (target: string, most: number): number => distance(target, { line, at, labels, most })
  switch (opcode.form) {
    case "testK":
      return insn(number(match[1], line), skip(match[2], 255), skip(match[3], 255))
    case "testX":
      return insn(0, skip(match[1], 255), skip(match[2], 255))
    case "goto":
      return insn(skip(match[1], 0xffff_ffff))
    case "abs": {
      // `[x]` is the next form's.
      if (match[1] === "x") return undefined
      return insn(place(match[1], line))
    }
    default:
      return insn(match[1] === undefined ? 0 : number(match[1], line))
  }
}

function number(text: string, line: number): number {
  const value = text.startsWith("-") ? -Number(text.slice(1)) : Number(text)
  if (!Number.isInteger(value)) throw badText(line, `'${text}' is no number`)
  if (value < -0x8000_0000 || value > 0xffff_ffff) throw badText(line, `${text} does not fit in 32 bits`)
  return value >>> 0
}

const FIELDS = new Map(
  (Object.entries(ANCILLARY_NAMES) as [AncillaryField, string][]).map(([field, name]) => [
    name,
    SKF_AD_OFF + ANCILLARY[field],
  ]),
)

function place(text: string, line: number): number {
  if (/^-?\d/.test(text)) return number(text, line)
  const found = FIELDS.get(text)
  if (found === undefined) {
    throw badText(line, `'${text}' is no field of a packet's metadata${didYouMean(text, FIELDS.keys())}`)
  }
  return found
}

interface Jump {
  readonly line: number
  readonly at: number
  readonly labels: Labels
  /** As many instructions as can be skipped. */
  readonly most: number
}

function distance(target: string, { line, at, labels, most }: Jump): number {
  const to = /^\d+$/.test(target) ? Number(target) : labels.get(target)
  if (to === undefined) throw badText(line, `there is no label '${target}'${didYouMean(target, labels.keys())}`)
  const skipped = to - at - 1
  if (skipped < 0) throw badText(line, "jumps of classic BPF lead forward")
  if (skipped > most)
    throw badText(line, `the jump skips ${skipped} instructions, and ${most} is the most`, "jump to a ja")
  return skipped
}
