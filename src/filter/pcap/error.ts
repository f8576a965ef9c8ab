import { SkepError, type SourceFile } from "../../base/index.ts"

/** A place in an expression. */
export interface Place {
  readonly start: number
  readonly end: number
}

/** Codes of errors in expressions. */
export type ExpressionCode = "FILTER_SYNTAX" | "FILTER_QUALIFIER" | "FILTER_RANGE" | "FILTER_NAME" | "FILTER_LINK"

/** Makes errors that point into one expression. */
export class Complaints {
  readonly file: SourceFile

  constructor(file: SourceFile) {
    this.file = file
  }

  error(code: ExpressionCode, { start, end }: Place, message: string, hint?: string): SkepError {
    return new SkepError({ code, message, hint, span: { file: this.file, start, end } })
  }
}
