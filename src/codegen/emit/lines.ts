import type { SourceFile, Span } from "../../base/index.ts"
import type { SourceLine } from "../../object/index.ts"

/** Collects the source lines that the code of a module comes from, each once. */
export class LineTable {
  readonly lines: SourceLine[] = []
  readonly #index = new Map<SourceFile, Map<number, number>>()

  /** Index of a span's line and its column; undefined for a place in skep's own headers, which would tell the reader nothing. */
  find(span: Span): { line: number; column: number } | undefined {
    if (span.file.system) return undefined
    const { line, column } = span.file.position(span.start)
    let lines = this.#index.get(span.file)
    if (lines === undefined) this.#index.set(span.file, (lines = new Map()))
    let index = lines.get(line)
    if (index === undefined) {
      const { name: file, line: number } = span.file.presumed(span.start)
      index = this.lines.push({ file, text: span.file.line(line), line: number }) - 1
      lines.set(line, index)
    }
    return { line: index, column }
  }
}
