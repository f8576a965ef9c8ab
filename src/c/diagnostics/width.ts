/** Tab stops stand every eight columns, as terminals have them. */
const TAB = 8

/** A source line as a terminal shows it, and the display column (from 0) of each UTF-16 offset in it. */
export interface DisplayLine {
  readonly text: string
  column(offset: number): number
}

/** Expands tabs, replaces control characters, and counts wide characters as two columns and combining ones as none. */
export function displayLine(line: string): DisplayLine {
  const columns = new Int32Array(line.length + 1)
  let text = ""
  let column = 0
  for (let i = 0; i < line.length; ) {
    const code = line.codePointAt(i) ?? 0
    const units = code > 0xffff ? 2 : 1
    for (let k = 0; k < units; k++) columns[i + k] = column
    if (code === 9) {
      const wide = TAB - (column % TAB)
      text += " ".repeat(wide)
      column += wide
    } else if (code < 32 || code === 127) {
      text += "\ufffd"
      column++
    } else {
      text += line.slice(i, i + units)
      column += charWidth(code)
    }
    i += units
  }
  columns[line.length] = column
  return { text, column: offset => (offset <= line.length ? columns[offset] : column + offset - line.length) }
}

/** Columns a character takes: 0 (combining), 1 or 2 (East Asian wide, emoji). */
export function charWidth(code: number): number {
  if (code < 0x300) return 1
  if (
    (code >= 0x300 && code <= 0x36f) ||
    (code >= 0x200b && code <= 0x200f) ||
    (code >= 0xfe00 && code <= 0xfe0f) ||
    (code >= 0x20d0 && code <= 0x20ff)
  ) {
    return 0
  }
  if (
    (code >= 0x1100 && code <= 0x115f) ||
    (code >= 0x2e80 && code <= 0xa4cf) ||
    (code >= 0xac00 && code <= 0xd7a3) ||
    (code >= 0xf900 && code <= 0xfaff) ||
    (code >= 0xfe30 && code <= 0xfe6f) ||
    (code >= 0xff00 && code <= 0xff60) ||
    (code >= 0xffe0 && code <= 0xffe6) ||
    (code >= 0x1f300 && code <= 0x1faff) ||
    (code >= 0x20000 && code <= 0x3fffd)
  ) {
    return 2
  }
  return 1
}
