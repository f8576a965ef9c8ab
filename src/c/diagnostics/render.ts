import { formatPlace, type MacroOrigin, type SkepError, type Span } from "../../base/index.ts"
import { type Diagnostic, Diagnostics } from "./diagnostic.ts"
import { displayLine } from "./width.ts"

export interface RenderOptions {
  /** ANSI colours. */
  readonly color?: boolean
}

const STYLE = { error: "1;31", warning: "1;35", note: "1;36", hint: "1;32", bold: "1", caret: "1;32" } as const

/**
 * A diagnostic as text, several lines without the last line end:
 *
 *     In file included from a.c:1:
 *     b.h:3:9: error: use of undeclared identifier 'x'; did you mean 'y'?
 *       return x + 1;
 *              ^
 *     a.c:2:11: note: expanded from macro 'M'
 *     …
 *     hint: …
 */
export function renderDiagnostic(d: Diagnostic, options: RenderOptions = {}): string {
  const out: string[] = []
  for (const from of [...(d.included ?? [])].reverse()) {
    const { name, line } = from.file.presumed(from.start)
    out.push(`In file included from ${name}:${line}:`)
  }
  part(out, d.severity, d.message, d.span, d.ranges ?? [], options, d.code)
  for (const origin of expansions(d.span)) {
    part(out, "note", `expanded from macro '${origin.name}'`, { ...place(origin.spelling) }, [], options)
  }
  for (const note of d.notes ?? []) part(out, "note", note.message, note.span, [], options)
  if (d.hint !== undefined) out.push(`${paint("hint:", STYLE.hint, options)} ${d.hint}`)
  return out.join("\n")
}

/** All that an error has to say: every diagnostic of a failed compilation, or the error itself in the same form. */
export function renderError(error: SkepError, options: RenderOptions = {}): string {
  if (error.parts.cause instanceof Diagnostics) {
    return error.parts.cause.list.map(d => renderDiagnostic(d, options)).join("\n")
  }
  const { code, message, span, notes, hint, why, log } = error.parts
  const first = renderDiagnostic({ severity: "error", code, message, span, notes, hint }, options)
  const more = [why === undefined ? [] : [`why: ${why}`], log === undefined ? [] : [log]].flat()
  return [first, ...more].join("\n")
}

function part(
  out: string[],
  severity: "error" | "warning" | "note",
  message: string,
  span: Span | undefined,
  ranges: readonly Span[],
  options: RenderOptions,
  code?: string,
): void {
  const head = span === undefined ? "" : `${paint(`${formatPlace(span)}:`, STYLE.bold, options)} `
  const tail = code === undefined ? "" : ` [${code}]`
  out.push(`${head}${paint(`${severity}:`, STYLE[severity], options)} ${paint(message, STYLE.bold, options)}${tail}`)
  if (span === undefined) return
  const { line, column } = span.file.position(span.start)
  const text = span.file.line(line)
  if (text.trim() === "" && column > text.length + 1) return
  const shown = displayLine(text)
  const marks: string[] = []
  const mark = (from: number, to: number, sign: string) => {
    for (let i = shown.column(from); i < shown.column(to); i++) if (marks[i] === undefined) marks[i] = sign
  }
  marks[shown.column(column - 1)] = "^"
  const lineStart = span.start - (column - 1)
  for (const range of [span, ...ranges]) {
    if (range.file !== span.file) continue
    mark(Math.max(0, range.start - lineStart), Math.min(text.length, range.end - lineStart), "~")
  }
  let under = ""
  for (let i = 0; i < marks.length; i++) under += marks[i] ?? " "
  out.push(shown.text, paint(under, STYLE.caret, options))
}

/** The macros that a place came out of, outermost first; skep's own shim macros are left out. */
function expansions(span: Span | undefined): MacroOrigin[] {
  const out: MacroOrigin[] = []
  for (let origin = span?.macro; origin !== undefined; origin = origin.spelling.macro) {
    if (!origin.spelling.file.system) out.unshift(origin)
  }
  return out
}

const place = (span: Span): Span => ({ file: span.file, start: span.start, end: span.end })

function paint(text: string, style: string, options: RenderOptions): string {
  return options.color && text !== "" ? `\x1b[${style}m${text}\x1b[0m` : text
}
