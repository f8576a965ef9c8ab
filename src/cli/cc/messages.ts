import { SkepError } from "../../base/index.ts"
import { type Diagnostic, Diagnostics, renderDiagnostic } from "../../c/index.ts"
import { errorText } from "../report.ts"
import { wantsColor } from "../style.ts"
import type { CcJob } from "./job.ts"
import { warningSeverity } from "./warnings.ts"

/** Says things in clang's form on stderr, and counts them. */
export class CcMessages {
  readonly #job: Pick<CcJob, "warnings" | "color">
  #errors = 0
  #warnings = 0

  constructor(job: Pick<CcJob, "warnings" | "color">) {
    this.#job = job
  }

  get failed(): boolean {
    return this.#errors > 0
  }

  /** `skep cc: error: …` */
  driver(severity: "error" | "warning", message: string, code?: string): void {
    process.stderr.write(
      `skep cc: ${renderDiagnostic({ severity, message, code: code ?? "CLI_CC_OPTION" }, this.#style)}\n`,
    )
    if (severity === "error") this.#errors++
  }

  /** A warning about an option, which other options may leave out or make an error. */
  option(message: string): void {
    const severity = warningSeverity({ code: "CLI_CC_WARNING" }, this.#job.warnings)
    if (severity !== "none") this.driver(severity, message, "CLI_CC_WARNING")
  }

  /** What the compiler found, in the order of the text; warnings of the system's headers are left out. */
  compiler(list: readonly Diagnostic[], isSystem: (path: string) => boolean): void {
    for (const d of list) {
      const severity = d.severity === "error" ? "error" : warningSeverity(d, this.#job.warnings)
      if (severity === "none" || (severity === "warning" && d.span !== undefined && isSystem(d.span.file.name)))
        continue
      if (severity === "error") this.#errors++
      else this.#warnings++
      process.stderr.write(`${renderDiagnostic({ ...d, severity }, this.#style)}\n`)
    }
  }

  /** An error that stopped a compilation, unless it is the sum of those that {@link compiler} says. */
  thrown(error: unknown): void {
    if (!(error instanceof SkepError)) throw error
    if (error.parts.cause instanceof Diagnostics) return
    process.stderr.write(`${errorText(error, this.#style)}\n`)
    this.#errors++
  }

  /** `1 warning and 2 errors generated.` */
  summary(): void {
    const count = (n: number, what: string): string[] => (n === 0 ? [] : [`${n} ${what}${n === 1 ? "" : "s"}`])
    const parts = [...count(this.#warnings, "warning"), ...count(this.#errors, "error")]
    if (parts.length > 0) process.stderr.write(`${parts.join(" and ")} generated.\n`)
  }

  get #style(): { color: boolean } {
    return { color: this.#job.color ?? wantsColor(process.stderr) }
  }
}
