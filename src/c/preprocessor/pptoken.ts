import type { MacroOrigin, SourceFile, Span } from "../../base/index.ts"
import type { TokenKind } from "../token.ts"
import type { HideSet } from "./hideset.ts"

/** Bits of `PpToken.flags`. */
export const LINE_START = 1
/** White space, or a comment, stands before the token. */
export const SPACE = 2
/** `<:` and its like: `text` is what it means, the file has the spelling. */
export const DIGRAPH = 4

/** What the preprocessor works on: the parser's tokens, and those that never leave the preprocessor. */
export type PpKind =
  | TokenKind
  /** A character that is no token, or a literal without its end. */
  | "other"
  /** End of a directive's line. */
  | "newline"

/** A preprocessing token. */
export class PpToken implements Span {
  readonly kind: PpKind
  readonly text: string
  readonly file: SourceFile
  readonly start: number
  readonly end: number
  readonly macro: MacroOrigin | undefined
  flags: number
  /** Macros that must not be expanded here again. */
  hide: HideSet | undefined

  constructor(
    kind: PpKind,
    text: string,
    file: SourceFile,
    start: number,
    end: number,
    flags: number,
    macro?: MacroOrigin,
    hide?: HideSet,
  ) {
    this.kind = kind
    this.text = text
    this.file = file
    this.start = start
    this.end = end
    this.flags = flags
    this.macro = macro
    this.hide = hide
  }

  /** True for a punctuator of this spelling. */
  is(text: string): boolean {
    return this.kind === "punct" && this.text === text
  }

  /** The token as a program spelled it. */
  get spelling(): string {
    return (this.flags & DIGRAPH) !== 0 ? (DIGRAPHS[this.text] ?? this.text) : this.text
  }
}

const DIGRAPHS: Record<string, string> = { "[": "<:", "]": ":>", "{": "<%", "}": "%>", "#": "%:", "##": "%:%:" }

/** Tokens as they were written, white space between them as one space. */
export function spelled(tokens: readonly PpToken[]): string {
  return tokens.map((t, i) => (i > 0 && (t.flags & SPACE) !== 0 ? " " : "") + t.spelling).join("")
}
