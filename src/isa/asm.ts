import { SkepError, SourceFile } from "../base/index.ts"
import { Cursor } from "./asmCursor.ts"
import { parseInsn } from "./asmInsn.ts"
import type { AsmInsn } from "./asmOperand.ts"
import { type Insn, slotStarts } from "./insn.ts"
import { OP_CALL, OP_JA32, OP_LDDW } from "./opcodes.ts"
import type { InsnSymbol } from "./syntax.ts"

/** Assembled text: instructions, and the names in them that only a loader knows, by index of the instruction. */
export interface Assembled {
  readonly insns: Insn[]
  readonly symbols: Map<number, InsnSymbol>
}

/**
 * Reads assembler text in the verifier's or llvm-objdump's syntax, mixed as it comes: what `disassemble` writes,
 * listings of bpftool, of the kernel's log and of llvm-objdump (slot numbers and bytes are skipped), and text written
 * by hand with labels and comments (`;`, `//`, and `#` after white space).
 *
 *     line = [label ":"] | [slot ":" [bytes]] ["(" opcode ")"] insn
 *
 * Names that are no label of the text stay as symbols. Errors carry the place: `ISA_ASM_SYNTAX`, `ISA_ASM_RANGE`,
 * `ISA_ASM_LABEL`, `ISA_ASM_OPCODE`, `ISA_ASM_HELPER`.
 */
export function assembleUnit(text: string, name = "<asm>"): Assembled {
  const file = new SourceFile(name, text)
  const parsed: (AsmInsn & { readonly place: Cursor; readonly start: number })[] = []
  const labels = new Map<string, number>()
  for (let start = 0; start <= text.length; ) {
    const newline = text.indexOf("\n", start)
    const end = newline < 0 ? text.length : newline
    const line = new Cursor(file, start, codeEnd(text, start, end))
    start = end + 1
    const label = labelOf(line)
    if (label !== undefined) {
      if (labels.has(label)) throw line.error(`label ${label} is defined twice`, { code: "ISA_ASM_LABEL" })
      labels.set(label, parsed.length)
    }
    if (line.done()) continue
    const opcode = prefix(line)
    const at = line.at
    const insn = parseInsn(line, opcode)
    if (!line.done()) throw line.error("expected the end of the line")
    if (opcode !== undefined && opcode !== insn.insn.op) {
      const said = insn.insn.op.toString(16).padStart(2, "0")
      throw line.error(`this is opcode ${said}, not ${opcode.toString(16).padStart(2, "0")}`, {
        from: at,
        code: "ISA_ASM_OPCODE",
      })
    }
    parsed.push({ ...insn, place: line, start: at })
  }
  const insns = parsed.map(p => p.insn)
  const starts = slotStarts(insns)
  const symbols = new Map<number, InsnSymbol>()
  for (const [i, { insn, label, symbol, place, start }] of parsed.entries()) {
    const target = label === undefined ? undefined : labels.get(label)
    if (target !== undefined) connect(insn, starts[target] - starts[i] - 1, place, start)
    else if (symbol !== undefined) symbols.set(i, symbol)
    else if (label !== undefined) {
      place.at = place.end
      throw place.error(`no label ${label}`, { from: start, code: "ISA_ASM_LABEL", hint: `define it: \`${label}:\`` })
    }
  }
  return { insns, symbols }
}

/** Like {@link assembleUnit}, for text that names nothing outside itself: a name left over is `ISA_ASM_LABEL`. */
export function assemble(text: string, name?: string): Insn[] {
  const { insns, symbols } = assembleUnit(text, name)
  for (const [index, { kind, name: missing }] of symbols) {
    throw new SkepError({
      code: "ISA_ASM_LABEL",
      message: `instruction ${index} names ${missing}, which is not in the text`,
      hint:
        kind === "call"
          ? `define a label \`${missing}:\`, or check the helper's name`
          : "use assembleUnit, which returns names for a loader",
    })
  }
  return insns
}

/** Puts a distance in slots where the instruction keeps it. */
function connect(insn: Insn, distance: number, place: Cursor, start: number): void {
  if (insn.op === OP_LDDW || insn.op === OP_CALL || insn.op === OP_JA32) {
    insn.imm = distance
  } else if (distance < -0x8000 || distance > 0x7fff) {
    place.at = place.end
    throw place.error(`the label is ${distance} slots away, more than a 16-bit distance`, {
      from: start,
      code: "ISA_ASM_RANGE",
      hint: "jump with gotol, which has a 32-bit distance",
    })
  } else {
    insn.off = distance
  }
}

/** Where the code of a line ends and its comment begins. */
function codeEnd(text: string, start: number, end: number): number {
  for (let i = start; i < end; i++) {
    const c = text.charCodeAt(i)
    if (c === 59 || c === 13) return i
    if (c === 47 && text.charCodeAt(i + 1) === 47) return i
    if (c === 35 && (i === start || text.charCodeAt(i - 1) <= 32)) return i
  }
  return end
}

const ADDRESS = /[ \t]*(?:[0-9a-f]{16} +)?<([^<>]+)>:/y
const LABEL = /[ \t]*([A-Za-z_.$][\w.$]*):/y

/** Reads `name:`, `<name>:` or `0000000000000010 <name>:`. */
function labelOf(line: Cursor): string | undefined {
  for (const form of [LABEL, ADDRESS]) {
    form.lastIndex = line.at
    const match = form.exec(line.file.text)
    if (match !== null && form.lastIndex <= line.end) {
      line.at = form.lastIndex
      return match[1]
    }
  }
  return undefined
}

const SLOT = /[ \t]*\d+:[ \t]*(?:(?:(?:[0-9a-f]{2} ){7}[0-9a-f]{2}[ \t]+){1,2})?/y
const OPCODE = /[ \t]*\(([0-9a-f]{2})\)/y

/** Reads `12: 79 21 08 00 00 00 00 00  (79)` or what there is of it; the opcode in brackets, when there is one. */
function prefix(line: Cursor): number | undefined {
  SLOT.lastIndex = line.at
  if (SLOT.test(line.file.text) && SLOT.lastIndex <= line.end) line.at = SLOT.lastIndex
  OPCODE.lastIndex = line.at
  const match = OPCODE.exec(line.file.text)
  if (match === null || OPCODE.lastIndex > line.end) return undefined
  line.at = OPCODE.lastIndex
  return Number.parseInt(match[1], 16)
}
