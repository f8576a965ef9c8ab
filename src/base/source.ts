/** A piece of source text with a name. Offsets are UTF-16 code units of `text`; lines and columns count from 1. */
export class SourceFile {
  /** Its name, as messages show it. */
  readonly name: string
  /** The whole text. */
  readonly text: string
  /** True for skep's own shim headers and for generated text: diagnostics prefer the user's place over these. */
  readonly system: boolean
  #lines: number[] | undefined
  /** By offset, in rising order. */
  #marks: LineMark[] | undefined

  constructor(name: string, text: string, system = false) {
    this.name = name
    this.text = text
    this.system = system
  }

  /** Line and column (both from 1) of an offset. */
  position(offset: number): { line: number; column: number } {
    const starts = this.#lineStarts()
    let low = 0
    let high = starts.length - 1
    while (low < high) {
      const mid = (low + high + 1) >> 1
      if (starts[mid] <= offset) low = mid
      else high = mid - 1
    }
    return { line: low + 1, column: offset - starts[low] + 1 }
  }

  /** A directive (`#line`) at `offset` says that the line after it is line `line` of the file `name`. Saying it twice changes nothing. */
  renumber(offset: number, line: number, name: string | undefined): void {
    this.#marks ??= []
    const mark = {
      offset,
      delta: line - (this.position(offset).line + 1),
      name: name ?? this.presumed(offset).name,
    }
    const at = this.#marks.findLastIndex(known => known.offset <= offset)
    if (this.#marks[at]?.offset === offset) this.#marks[at] = mark
    else this.#marks.splice(at + 1, 0, mark)
  }

  /** Line, column and file of an offset as messages tell them: where the text was generated from, if it says so. */
  presumed(offset: number): { name: string; line: number; column: number } {
    const { line, column } = this.position(offset)
    const mark = this.#marks?.findLast(known => known.offset <= offset)
    return mark === undefined ? { name: this.name, line, column } : { name: mark.name, line: line + mark.delta, column }
  }

  /** The text of a line (from 1), without its line end; empty when there is no such line. */
  line(line: number): string {
    const starts = this.#lineStarts()
    if (line < 1 || line > starts.length) return ""
    const end = line < starts.length ? starts[line] - 1 : this.text.length
    return this.text.slice(starts[line - 1], end).replace(/\r$/, "")
  }

  #lineStarts(): number[] {
    if (this.#lines === undefined) {
      this.#lines = [0]
      for (let i = this.text.indexOf("\n"); i >= 0; i = this.text.indexOf("\n", i + 1)) this.#lines.push(i + 1)
    }
    return this.#lines
  }
}

interface LineMark {
  readonly offset: number
  readonly delta: number
  readonly name: string
}

/**
 * A half-open range `[start, end)` of a file. For text that came out of a macro the range is the place of the macro's
 * use (the outermost one, in the file the user reads), and `macro` tells where in the definition it was spelled.
 */
export interface Span {
  /** The text. */
  readonly file: SourceFile
  /** Where it begins, in UTF-16 units of the text. */
  readonly start: number
  /** Where it ends: the place behind the last character. */
  readonly end: number
  /** The macro that it came out of, where it is not in the text itself. */
  readonly macro?: MacroOrigin
  /** Set for code of a function that was inlined, where debug information is asked for. */
  readonly inlined?: InlineSite
}

/** One of the places where a function's body was put in the place of its call. */
export interface InlineSite {
  /** The function. */
  readonly name: string
  /** Where the function is declared. */
  readonly declared: Span
  /** Where it was called; its `inlined` tells of calls around that one. */
  readonly call: Span
}

/** A macro that a piece of text came out of. */
export interface MacroOrigin {
  /** The macro's name. */
  readonly name: string
  /** Where the text stands in the macro's definition (or in an argument of it). */
  readonly spelling: Span
}

/** The smallest span that covers two spans of one file; the first one where the files differ. */
export function joinSpans(first: Span, last: Span): Span {
  if (first === last) return first
  if (first.file !== last.file) return first
  return {
    file: first.file,
    start: Math.min(first.start, last.start),
    end: Math.max(first.end, last.end),
    macro: first.macro ?? undefined,
  }
}

/** `file:line:column` of a span's start. */
export function formatPlace(span: Span): string {
  const { name, line, column } = span.file.presumed(span.start)
  return `${name}:${line}:${column}`
}
