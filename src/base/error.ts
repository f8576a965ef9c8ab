import type { Span } from "./source.ts"

/** A remark attached to an error or diagnostic, with its own place in the source. */
export interface Note {
  /** What there is to say. */
  readonly message: string
  /** Where it is about. */
  readonly span?: Span
}

/** What an error is made of; see {@link SkepError}. */
export interface ErrorParts {
  /** Stable, documented code: a room prefix and a name, for example `C_UNDECLARED` or `KERNEL_NO_PERMISSION`. */
  readonly code: string
  /** What happened, in one plain line. */
  readonly message: string
  /** Where in the source it happened. */
  readonly span?: Span
  /** Why it happened, where that is not plain from the message. */
  readonly why?: string
  /** What to do next. */
  readonly hint?: string
  /** Remarks with places of their own. */
  readonly notes?: readonly Note[]
  /** The whole log of another party (the kernel's verifier), never shortened. */
  readonly log?: string
  /** The kernel feature that is missing and the first kernel that has it, for example `{feature: "ring buffer", minKernel: "5.8"}`. */
  readonly missing?: { readonly feature: string; readonly minKernel: string }
  /** The system error number, where a system call failed. */
  readonly errno?: number
  /** The error beneath, of Node or of the system. */
  readonly cause?: unknown
}

/** A message with what would break its line, or move a terminal's cursor, written as in C: names in programs may hold anything. */
export function oneLine(message: string): string {
  return message.replace(/[\x00-\x1f\x7f\u2028\u2029]/g, c => {
    const short = { "\n": "\\n", "\t": "\\t", "\r": "\\r" }[c]
    return short ?? `\\x${c.charCodeAt(0).toString(16).padStart(2, "0")}`
  })
}

/**
 * The one error class of skep. `message` is a single line; everything else is data, so that a caller can test the
 * code and a front end can render the source line, the hint and the log as it likes.
 */
export class SkepError extends Error {
  static {
    // A minified class keeps its name in messages.
    Object.defineProperty(SkepError, "name", { value: "SkepError" })
  }
  /** Stable code, with a page in docs/diagnostics: `KERNEL_VERIFIER`. */
  readonly code: string
  readonly #parts: ErrorParts

  constructor(given: ErrorParts) {
    const parts = { ...given, message: oneLine(given.message) }
    super(parts.message, parts.cause instanceof Error ? { cause: parts.cause } : undefined)
    Object.defineProperty(this, "name", { value: "SkepError" })
    this.code = parts.code
    this.#parts = parts
    const why = parts.why === undefined ? "" : `\nwhy: ${parts.why}`
    const hint = parts.hint === undefined ? "" : `\nhint: ${parts.hint}`
    this.tell(`${this.message}${why}${hint}`)
  }

  /** Everything that was said about the error. */
  get parts(): ErrorParts {
    return this.#parts
  }

  /** Sets what stands above the call frames in `stack`, and so what a program that does not catch the error ends with. */
  tell(text: string): void {
    const stack = this.stack ?? ""
    const at = stack.indexOf("\n    at ")
    const frames = at < 0 ? "" : stack.slice(at)
    Object.defineProperty(this, "stack", { value: `SkepError: ${text}${frames}`, configurable: true, writable: true })
  }

  /** Where in the source it happened. */
  get span(): Span | undefined {
    return this.#parts.span
  }
  /** What to do next. */
  get hint(): string | undefined {
    return this.#parts.hint
  }
  /** The whole log of another party, of the kernel's verifier for example; of more than 16 MB the end. */
  get log(): string | undefined {
    return this.#parts.log
  }
  /** What the kernel lacks, and the first version that has it. */
  get missing(): { readonly feature: string; readonly minKernel: string } | undefined {
    return this.#parts.missing
  }
  /** The system's number of the error, where a system call failed. */
  get errno(): number | undefined {
    return this.#parts.errno
  }
}
