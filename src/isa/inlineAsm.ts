import { SkepError } from "../base/index.ts"
import { type Assembled, assembleUnit } from "./asm.ts"
import { decodeInsns } from "./decode.ts"
import type { Insn } from "./insn.ts"

/**
 * Assembles the text of an inline `asm`, in the form that compilers read. Beyond what `assembleUnit` takes:
 *
 *     r1 = 1; r2 = 2             statements end at `;` too
 *     1: r1 += 1; goto 1b        numbers as labels, the nearest one backwards (b) or forwards (f)
 *     r1 = table ll              the address of a symbol, given back as one of kind `ksym`
 *     .8byte 0x00000000000000b7  an instruction in its encoded form
 *     r$0 = w$1                  operands of the `asm`: registers from FIRST_OPERAND on
 *
 * Errors as `assembleUnit`, with places in the text as it was made over.
 */
export function assembleInline(text: string, name = "<asm>"): Assembled {
  const lines: string[] = []
  const raw = new Map<number, Insn>()
  const uses = new Map<string, number>()
  let count = 0
  for (const statement of statements(text)) {
    let rest = statement
    for (let label = LABEL.exec(rest); label !== null; label = LABEL.exec(rest)) {
      lines.push(`${labelName(label[1], uses)}:`)
      rest = rest.slice(label[0].length).trim()
    }
    if (rest === "") continue
    const bytes = RAW.exec(rest)
    if (bytes !== null) raw.set(count, rawInsn(bytes[1]))
    lines.push(bytes === null ? statementOf(rest, uses) : "r0 = r0")
    count++
  }
  const unit = assembleUnit(lines.join("\n"), name)
  for (const [at, insn] of raw) unit.insns[at] = insn
  return unit
}

const LABEL = /^([A-Za-z_.$][\w.$]*|\d+)\s*:/
const RAW = /^\.(?:8byte|quad)\s+(\S+)$/
const NUMBERED = /\b(goto|gotol|may_goto)\s+(\d+)([bf])\b/
const SYMBOL = /^(r\S+)\s*=\s*([A-Za-z_.][\w.]*)\s+ll$/

/** The statements of a text, without comments and white space around them. */
function* statements(text: string): Generator<string> {
  const plain = text.replace(/\/\*[\s\S]*?\*\//g, " ").replace(/(^|\s)(#|\/\/)[^\n]*/g, "$1")
  for (const part of plain.split(/[;\n]/)) {
    const statement = part.trim()
    if (statement !== "") yield statement
  }
}

/** `2:`, the third of that number, is `.L2_3`. */
function labelName(label: string, uses: Map<string, number>): string {
  if (!/^\d/.test(label)) return label
  const n = (uses.get(label) ?? 0) + 1
  uses.set(label, n)
  return `.L${label}_${n}`
}

function statementOf(text: string, uses: ReadonlyMap<string, number>): string {
  const symbol = SYMBOL.exec(text)
  if (symbol !== null) return `${symbol[1]} = ksym[${symbol[2]}]`
  return text.replace(NUMBERED, (_, word: string, label: string, way: string) => {
    const last = uses.get(label) ?? 0
    return `${word} .L${label}_${way === "b" ? last : last + 1}`
  })
}

function rawInsn(number: string): Insn {
  let value: bigint
  try {
    value = BigInt(number)
  } catch {
    throw new SkepError({ code: "ISA_ASM_SYNTAX", message: `${number} is no number`, hint: "8 bytes as one number" })
  }
  const bytes = new Uint8Array(8)
  new DataView(bytes.buffer).setBigUint64(0, BigInt.asUintN(64, value), true)
  return decodeInsns(bytes)[0]
}
