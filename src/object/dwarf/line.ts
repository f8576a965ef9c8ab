import { SLOT_BYTES } from "../../isa/index.ts"
import type { SourceLine } from "../object.ts"
import { DwarfBytes } from "./bytes.ts"
import { FORM, LNCT_DIRECTORY_INDEX, LNCT_PATH } from "./format.ts"
import type { DebugFunction } from "./write.ts"

/** Opcodes of the line program. */
const COPY = 1
const ADVANCE_PC = 2
const ADVANCE_LINE = 3
const SET_FILE = 4
const SET_COLUMN = 5
const EXTENDED = 0
const END_SEQUENCE = 1
const SET_ADDRESS = 2
/** Number of arguments of each standard opcode, from 1 to 12. */
const STANDARD_LENGTHS = [0, 1, 1, 1, 1, 0, 0, 0, 1, 0, 0, 1]

/**
 * .debug_line: for each function a sequence of rows, one for each instruction with which a line begins.
 *
 *     set_address f; advance_line 4; set_column 3; copy; advance_pc 16; …; end_sequence
 *
 * `files`: their numbers, in order.
 */
export function writeLines(
  functions: readonly DebugFunction[],
  lines: readonly SourceLine[],
  files: ReadonlyMap<string, number>,
  directory: string,
): DwarfBytes {
  const out = new DwarfBytes()
  const unit = out.startUnit()
  out.u16(5)
  out.u8(8, 0)
  const header = out.startUnit()
  // Instructions start at any byte, one operation in each; rows begin statements; the range of special opcodes, which are not used.
  out.u8(1, 1, 1, 0xfb, 14, STANDARD_LENGTHS.length + 1, ...STANDARD_LENGTHS)
  out.u8(1)
  out.uleb(LNCT_PATH)
  out.uleb(FORM.string)
  out.uleb(1)
  out.text(directory)
  out.u8(2)
  out.uleb(LNCT_PATH)
  out.uleb(FORM.string)
  out.uleb(LNCT_DIRECTORY_INDEX)
  out.uleb(FORM.udata)
  out.uleb(files.size)
  for (const file of files.keys()) {
    out.text(file)
    out.uleb(0)
  }
  out.endUnit(header)
  for (const fn of functions) writeSequence(out, fn, lines, files)
  out.endUnit(unit)
  return out
}

function writeSequence(
  out: DwarfBytes,
  { symbol, spec, slots }: DebugFunction,
  lines: readonly SourceLine[],
  files: ReadonlyMap<string, number>,
): void {
  const rows = spec.lineInfo.filter(info => info.line < lines.length && info.insn < spec.insns.length)
  if (rows.length === 0) return
  out.u8(EXTENDED, 9, SET_ADDRESS)
  out.reference(symbol, 8)
  // What the state of the line program is at the beginning of a sequence.
  let slot = 0
  let line = 1
  let file = 1
  let column = 0
  const advance = (to: number): void => {
    if (to === slot) return
    out.u8(ADVANCE_PC)
    out.uleb((to - slot) * SLOT_BYTES)
    slot = to
  }
  for (const row of [...rows].sort((a, b) => a.insn - b.insn)) {
    const at = lines[row.line]
    advance(slots[row.insn])
    const number = files.get(at.file)!
    if (number !== file) {
      out.u8(SET_FILE)
      out.uleb((file = number))
    }
    if (row.column !== column) {
      out.u8(SET_COLUMN)
      out.uleb((column = row.column))
    }
    if (at.line !== line) {
      out.u8(ADVANCE_LINE)
      out.sleb(BigInt(at.line - line))
      line = at.line
    }
    out.u8(COPY)
  }
  advance(slots[spec.insns.length])
  out.u8(EXTENDED, 1, END_SEQUENCE)
}
