import { type Note, oneLine, SkepError, type SourceFile, type Span } from "../../base/index.ts"

export type Severity = "error" | "warning"

/** Something wrong, or doubtful, in a program's text. */
export interface Diagnostic {
  readonly severity: Severity
  /** Stable code, for example `C_UNDECLARED`. */
  readonly code: string
  /** What is wrong, in one line. */
  readonly message: string
  /** Where: the caret goes to its start. */
  readonly span?: Span
  /** More places on show with `~~~`. */
  readonly ranges?: readonly Span[]
  readonly notes?: readonly Note[]
  /** What to do. */
  readonly hint?: string
  /** The `#include` lines that led to the span's file, innermost first. */
  readonly included?: readonly Span[]
}

/** What a diagnostic may say beyond its code, message and place. */
export type DiagnosticExtra = Pick<Diagnostic, "ranges" | "notes" | "hint">

/** Errors after which a compilation stops, as with clang. */
const ERROR_LIMIT = 20

/**
 * Collects diagnostics. `error` and `warning` return, so that a parser can go on; `fatal`, and an error too many, throw
 * the {@link SkepError} that {@link Diagnostics.toError} makes.
 */
export class Diagnostics {
  readonly list: Diagnostic[] = []
  readonly #limit: number
  readonly #included = new Map<SourceFile, Span>()
  #errors = 0

  constructor(limit = ERROR_LIMIT) {
    this.#limit = limit
  }

  get errors(): number {
    return this.#errors
  }

  error(code: string, message: string, span?: Span, extra?: DiagnosticExtra): void {
    this.#add("error", code, message, span, extra)
    this.#errors++
    if (this.#errors >= this.#limit) throw this.toError()
  }

  warning(code: string, message: string, span?: Span, extra?: DiagnosticExtra): void {
    this.#add("warning", code, message, span, extra)
  }

  /** Reports an error that nothing sensible can follow, and throws. */
  fatal(code: string, message: string, span?: Span, extra?: DiagnosticExtra): never {
    this.#add("error", code, message, span, extra)
    this.#errors++
    throw this.toError()
  }

  /** Remembers that a file was included from a place. The first place stays. */
  included(file: SourceFile, from: Span): void {
    if (!this.#included.has(file)) this.#included.set(file, from)
  }

  /** Throws when there was an error. */
  throwIfErrors(): void {
    if (this.#errors > 0) throw this.toError()
  }

  /**
   * All errors as one: code, message, place and hint of the first error; the others are notes. `cause` is this object,
   * for `renderError`.
   */
  toError(): SkepError {
    const errors = this.list.filter(d => d.severity === "error")
    const first = errors[0]
    const notes: Note[] = [...(first?.notes ?? [])]
    for (const d of errors.slice(1)) notes.push({ message: `error: ${d.message}`, span: d.span }, ...(d.notes ?? []))
    return new SkepError({
      code: first?.code ?? "C_FAILED",
      message: first?.message ?? "compilation failed",
      span: first?.span,
      hint: first?.hint,
      notes,
      cause: this,
    })
  }

  #add(severity: Severity, code: string, message: string, span: Span | undefined, extra: DiagnosticExtra = {}): void {
    this.list.push({ severity, code, message: oneLine(message), span, ...extra, included: this.#stack(span) })
  }

  #stack(span: Span | undefined): readonly Span[] | undefined {
    const stack: Span[] = []
    for (let at = span && this.#included.get(span.file); at && stack.length < 200; at = this.#included.get(at.file)) {
      stack.push(at)
    }
    return stack.length > 0 ? stack : undefined
  }
}
