import { SourceFile } from "../../base/index.ts"
import type { Token } from "../token.ts"
import { Lexer } from "./lexer.ts"
import { PpToken, SPACE } from "./pptoken.ts"

export interface PrintTokensOptions {
  /** Writes `# 12 "a.h"` where lines do not simply follow each other, for tools that read the text. */
  readonly markers?: boolean
}

/**
 * The token stream as text (`-E`): lines stay where they were, up to eight empty lines are kept, and tokens that would
 * grow together are kept apart.
 */
export function printTokens(tokens: readonly Token[], { markers }: PrintTokensOptions = {}): string {
  let out = ""
  let file: SourceFile | undefined
  let line = 0
  let previous: Token | undefined
  for (const token of tokens) {
    if (token.kind === "eof") break
    const at = token.file.position(token.start).line
    const pragma = token.kind === "pragma"
    const gap = token.file === file ? at - line : 0
    if (markers && (gap < 0 || gap > 8 || token.file !== file)) {
      out += `${previous === undefined ? "" : "\n"}# ${at} ${JSON.stringify(token.file.name)}\n`
    } else if (previous !== undefined && (token.file !== file || at !== line || pragma || previous.kind === "pragma")) {
      out += "\n".repeat(gap >= 1 && gap <= 8 ? gap : 1)
    } else if (previous !== undefined && needsSpace(previous, token)) out += " "
    if (token.file !== file || at !== line) out += indentation(token)
    out += pragma ? `#pragma ${token.text}` : token instanceof PpToken ? token.spelling : token.text
    file = token.file
    line = at
    previous = token
  }
  return previous === undefined ? "" : `${out}\n`
}

/** The white space that a line starts with, when the token is the first of its line. */
function indentation(token: Token): string {
  const { column, line } = token.file.position(token.start)
  const before = token.file.line(line).slice(0, column - 1)
  return before.trim() === "" ? before : ""
}

function needsSpace(left: Token, right: Token): boolean {
  if (right instanceof PpToken && (right.flags & SPACE) !== 0) return true
  if (left.macro === undefined && right.macro === undefined && left.end === right.start) return false
  const lexer = new Lexer(new SourceFile("", left.text + right.text))
  return lexer.next().text !== left.text
}
