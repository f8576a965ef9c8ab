import type { Span } from "../../base/index.ts"
import type { VarDecl } from "../ast.ts"
import type { Diagnostics } from "../diagnostics/index.ts"
import { Abort, Context, type ParseOptions } from "../sema/context.ts"
import type { Token } from "../token.ts"
import { isKeyword } from "./keywords.ts"
import { type PragmaTable, scanPragmas } from "./pragma.ts"
import { definedTags } from "./tags.ts"

/** The tokens of a translation unit and a position in them, on top of the state for type checking. */
export class Parser extends Context {
  readonly tokens: readonly Token[]
  readonly pragmas: PragmaTable
  pos = 0
  /** Variables at file scope whose record was not yet complete. */
  readonly tentative: VarDecl[] = []
  /** The next token; the last one is always `eof`. */
  tok: Token

  constructor(tokens: readonly Token[], diagnostics: Diagnostics, options?: ParseOptions) {
    super(diagnostics, options)
    this.pragmas = scanPragmas(tokens)
    this.tokens = this.pragmas.tokens
    this.tok = this.tokens[0]
    if (this.names !== undefined) this.ownTags = definedTags(this.tokens)
  }

  /** The token just taken. */
  get last(): Token {
    return this.tokens[this.pos > 0 ? this.pos - 1 : 0]
  }

  peek(ahead = 1): Token {
    const at = this.pos + ahead
    return this.tokens[at < this.tokens.length ? at : this.tokens.length - 1]
  }

  /** Takes the next token. */
  next(): Token {
    const tok = this.tok
    if (this.pos < this.tokens.length - 1) this.tok = this.tokens[++this.pos]
    return tok
  }

  seek(pos: number): void {
    this.pos = pos
    this.tok = this.tokens[pos]
  }

  /** Whether the next token is a punctuator or keyword spelled so. */
  at(text: string): boolean {
    const tok = this.tok
    return tok.text === text && (tok.kind === "punct" || tok.kind === "ident")
  }

  /** Takes the next token if it is spelled so. */
  accept(text: string): boolean {
    if (!this.at(text)) return false
    this.next()
    return true
  }

  /** Takes a token that must be spelled so. */
  expect(text: string, where = ""): Token {
    if (this.at(text)) return this.next()
    return this.unexpected(`'${text}'`, where)
  }

  /** Takes a `;`; the error points behind the last token, where it is missing. */
  expectSemicolon(after: string): void {
    if (this.accept(";")) return
    this.fail("C_SYNTAX", `expected ';' after ${after}`, this.end())
  }

  /** Whether the next token is an identifier that is no keyword. */
  atName(): boolean {
    return this.tok.kind === "ident" && !isKeyword(this.tok.text)
  }

  /** Takes an identifier that is no keyword. */
  identifier(where = ""): Token {
    return this.atName() ? this.next() : this.unexpected("identifier", where)
  }

  /** Reports that something else was expected here, and gives up the construct. */
  unexpected(what: string, where = ""): never {
    const found = this.tok.kind === "eof" ? "the end of the file" : `'${this.tok.text}'`
    const tail = where === "" ? "" : ` ${where}`
    return this.fail("C_SYNTAX", `expected ${what}${tail}, found ${found}`, this.tok)
  }

  /** The place just behind the last token. */
  end(): Span {
    const { file, end, macro } = this.last
    return { file, start: end, end, macro }
  }

  /** The span from a token's place to the last token taken. */
  from(start: Span): Span {
    const last = this.last
    if (start.file !== last.file || last.end <= start.start) return start
    return { file: start.file, start: start.start, end: last.end, macro: start.macro }
  }

  /** Runs `parse`; after an error that was reported, restores what nesting changed and runs `recover`. */
  guard<T>(parse: () => T, recover: () => T): T {
    const { scope, depth, unevaluated, fn } = this
    const loops = fn?.loops ?? 0
    const breakable = fn?.breakable ?? 0
    const switches = fn?.switches.length ?? 0
    try {
      return parse()
    } catch (error) {
      if (!(error instanceof Abort)) throw error
      this.scope = scope
      this.depth = depth
      this.unevaluated = unevaluated
      if (fn !== undefined) {
        fn.loops = loops
        fn.breakable = breakable
        fn.switches.length = switches
      }
      return recover()
    }
  }

  /**
   * Skips to a token of `stops` outside of the brackets opened since token `start`, or to the bracket that closes the surrounding one. A `;`
   * among the stops counts in `(` and `[` too: the bracket was never closed.
   */
  skipTo(start: number, ...stops: string[]): void {
    const open: string[] = []
    for (let i = start; i < this.pos; i++) step(open, this.tokens[i])
    for (; this.tok.kind !== "eof"; this.next()) {
      const { text, kind } = this.tok
      if (kind !== "punct") continue
      if (open.length === 0 && stops.includes(text)) return
      if (text === ";" && stops.includes(";") && !open.includes("{")) return
      if (!step(open, this.tok)) return
    }
  }
}

/** Follows brackets; false at one that closes what was not opened. */
function step(open: string[], { text, kind }: Token): boolean {
  if (kind !== "punct") return true
  if (text === "(" || text === "[" || text === "{") open.push(text)
  else if (text === "}") {
    const brace = open.lastIndexOf("{")
    if (brace < 0) return false
    open.length = brace
  } else if (text === ")" || text === "]") {
    const top = open[open.length - 1]
    if (top === undefined) return false
    if (top === (text === ")" ? "(" : "[")) open.pop()
  }
  return true
}
