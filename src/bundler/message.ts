import { SkepError, type Span } from "../base/index.ts"
import { type Diagnostic, Diagnostics, renderDiagnostic } from "../c/index.ts"

/** Where something is in a program's text. */
export interface Place {
  /** As the compiler was told it, or as a `#line` says. */
  readonly file: string
  /** From 1. */
  readonly line: number
  /** From 0, in UTF-16 code units. */
  readonly column: number
  readonly length: number
  /** The whole line. */
  readonly lineText: string
}

/** What the compiler has to say. */
export interface Message {
  /** In one line, with the code at its end. */
  readonly text: string
  readonly code: string
  readonly place?: Place
  readonly notes: readonly { readonly text: string; readonly place?: Place }[]
  /** The line with a caret, notes and hint, for a terminal. */
  readonly frame: string
}

/** The errors that a compilation ended with; what is no error of the compiler's is thrown on. */
export function messagesOfError(error: unknown): Message[] {
  if (!(error instanceof SkepError)) throw error
  const { cause, code, message, span, notes, hint } = error.parts
  if (cause instanceof Diagnostics) return messagesOf(cause.list, "error")
  return [messageOf({ severity: "error", code, message, span, notes, hint })]
}

/** Those of a compiler's diagnostics that are errors, or warnings. */
export const messagesOf = (list: readonly Diagnostic[], severity: Diagnostic["severity"]): Message[] =>
  list.filter(one => one.severity === severity).map(messageOf)

function messageOf(diagnostic: Diagnostic): Message {
  const { code, message, span, notes = [], hint } = diagnostic
  return {
    text: `${message} [${code}]`,
    code,
    ...(span && { place: placeOf(span) }),
    notes: [
      ...notes.map(({ message, span }) => ({ text: message, ...(span && { place: placeOf(span) }) })),
      ...(hint === undefined ? [] : [{ text: `hint: ${hint}` }]),
    ],
    frame: renderDiagnostic(diagnostic).split("\n").slice(1).join("\n"),
  }
}

function placeOf({ file, start, end }: Span): Place {
  const { name, line, column } = file.presumed(start)
  const lineText = file.line(file.position(start).line)
  const length = Math.max(1, Math.min(end - start, lineText.length - (column - 1)))
  return { file: name, line, column: column - 1, length, lineText }
}
