import type { MacroOrigin, SourceFile, Span } from "../base/index.ts"

export type TokenKind =
  /** Identifier or keyword (the parser tells them apart). */
  | "ident"
  /** Preprocessing number. */
  | "number"
  /** Character constant with its prefix and quotes. */
  | "char"
  /** One string literal with its prefix and quotes (adjacent ones are joined by the parser). */
  | "string"
  /** Operator or punctuator. */
  | "punct"
  /** A pragma that the parser must see (`unroll`, `pack`, …): `text` is everything after `#pragma`, trimmed. */
  | "pragma"
  | "eof"

/** A token after preprocessing. A token is its own source span. */
export interface Token extends Span {
  readonly kind: TokenKind
  /** Spelling. */
  readonly text: string
  readonly file: SourceFile
  readonly start: number
  readonly end: number
  readonly macro?: MacroOrigin
}
