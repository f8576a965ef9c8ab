import { SkepError } from "../base/index.ts"
import { Diagnostics, renderDiagnostic, renderError } from "../c/index.ts"
import { FAILURE, USAGE, UsageError } from "./command.ts"
import { note, wantsColor } from "./style.ts"

/** Lines of a log that are shown without -v. */
const LOG_TAIL = 12

/** Says what went wrong on stderr; the exit status. */
export function reportError(error: unknown, args: readonly string[]): number {
  if (error instanceof UsageError) {
    process.stderr.write(`skep: ${error.message}\ntry: skep help\n`)
    return USAGE
  }
  if (!(error instanceof SkepError)) {
    process.stderr.write(`skep: this is a fault of skep; please report it with the program\n${inspect(error)}\n`)
    return FAILURE
  }
  const verbose = args.includes("-v") || args.includes("--verbose")
  const color = wantsColor(process.stderr)
  process.stderr.write(`${errorText(error, { verbose, color })}\n`)
  // To a person only: what a program reads ends with the error.
  if (process.stderr.isTTY) note(`more about it: skep explain ${error.code}`)
  return FAILURE
}

const inspect = (error: unknown): string => (error instanceof Error ? (error.stack ?? error.message) : String(error))

/** The one line, the place in the source, why, what to do, and of a log the end (all of it when `verbose`). */
export function errorText(error: SkepError, options: { readonly verbose?: boolean; readonly color?: boolean }): string {
  const { cause, code, message, span, notes, hint, why, log } = error.parts
  if (cause instanceof Diagnostics) return renderError(error, options)
  if (code === "KERNEL_NO_PERMISSION" && !options.verbose) {
    return renderDiagnostic(
      { severity: "error", code, message: hint === undefined ? message : `${message}; ${hint}` },
      options,
    )
  }
  const out = [renderDiagnostic({ severity: "error", code, message, span, notes }, options)]
  if (why !== undefined) out.push(`why: ${why}`)
  if (hint !== undefined) out.push(`hint: ${hint}`)
  if (log !== undefined && log !== "") out.push(...logLines(log, options.verbose === true))
  return out.join("\n")
}

function logLines(log: string, verbose: boolean): string[] {
  const lines = log.split("\n")
  if (verbose || lines.length <= LOG_TAIL) return ["the verifier's log:", ...lines]
  return [`the end of the verifier's log (all ${lines.length} lines with -v):`, ...lines.slice(-LOG_TAIL)]
}
