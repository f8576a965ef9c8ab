import { SourceFile } from "../../base/index.ts"
import type { Diagnostics } from "../diagnostics/index.ts"
import type { Token } from "../token.ts"
import { Directives } from "./directives.ts"
import { Expander, type ExpanderSource } from "./expander.ts"
import { FileStack } from "./files.ts"
import { MacroTable } from "./macrotable.ts"
import { LINE_START, PpToken, SPACE, spelled } from "./pptoken.ts"
import { parserPragma } from "./pragma.ts"

/** Finds the file of an `#include`; undefined when there is none. */
export type IncludeResolver = (name: string, form: "quoted" | "angled", from: SourceFile) => SourceFile | undefined

/**
 * Macros that are there without a definition in the text, looked up by name when a name is first seen and lexed only
 * then: the text after the name in a `#define` (so `(a,b) a+b` is function-like), or a place that holds that text. `false`
 * means "not now": the name is asked for again at its next use.
 */
export type MacroProvider = (name: string) => string | MacroText | false | undefined

/** `#define`'s tail, name first, as a range of a file. */
export interface MacroText {
  readonly file: SourceFile
  readonly start: number
  readonly end: number
}

export interface PreprocessOptions {
  readonly diagnostics: Diagnostics
  readonly resolve?: IncludeResolver
  /** Says what was searched, for the message about a file not found. */
  readonly searched?: (name: string) => string | undefined
  /** `-DNAME`, `-DNAME=VALUE`, `-DNAME(x)=VALUE` and `-UNAME`, in order; `-include FILE` reads a file before the main one, `-imacros FILE` its macros only, before those. */
  readonly flags?: readonly string[]
  readonly macros?: MacroProvider
  /** Told of each `#include` that was resolved, before the file is read. */
  readonly onInclude?: (name: string, form: "quoted" | "angled", from: SourceFile) => void
}

/**
 * The C preprocessor: translation phases 1 to 4. Returns the tokens for the parser, `eof` last. What is wrong goes to
 * `options.diagnostics`; only a missing include file and exceeded bounds stop it.
 */
export function preprocess(main: SourceFile, options: PreprocessOptions): Token[] {
  return new Preprocessor(main, options).all()
}

const FORCED = "-include "
const MACROS = "-imacros "

/** Pull-based form of {@link preprocess}. */
export class Preprocessor implements ExpanderSource {
  readonly #diagnostics: Diagnostics
  readonly #files: FileStack
  readonly #macros: MacroTable
  readonly #expander: Expander
  readonly #directives: Directives
  /** A token taken from the lexer in the search of a parenthesis. */
  #held: PpToken | undefined
  /** Files that are read before the main one (`-imacros`, then `-include`), those that are still to come. */
  readonly #forced: { readonly name: string; readonly macrosOnly: boolean }[]
  /** Nothing but directives counts in the file that is read before the main one. */
  #macrosOnly = false
  readonly #options: PreprocessOptions
  /** While arguments are read from files: the file they began in must not end. */
  #argumentDepth = 0
  #counter = 0

  constructor(main: SourceFile, options: PreprocessOptions) {
    this.#diagnostics = options.diagnostics
    this.#options = options
    const forced = (prefix: string, macrosOnly: boolean) =>
      (options.flags ?? [])
        .filter(flag => flag.startsWith(prefix))
        .map(flag => ({ name: flag.slice(prefix.length), macrosOnly }))
    this.#forced = [...forced(MACROS, true), ...forced(FORCED, false)]
    this.#files = new FileStack(main, options.diagnostics)
    this.#macros = new MacroTable(options)
    this.#expander = new Expander(this, options.diagnostics)
    this.#directives = new Directives(this.#files, this.#macros, this.#expander, options)
  }

  /** All tokens to the end, `eof` included. */
  all(): Token[] {
    const out: Token[] = []
    for (;;) {
      const token = this.next()
      out.push(token)
      if (token.kind === "eof") return out
    }
  }

  /** The next token for the parser; `eof` at the end, again and again. */
  next(): Token {
    for (;;) {
      const token = this.#expander.next()
      if (token.kind === "other") this.#stray(token)
      else if (token.kind === "ident" && token.text === "_Pragma") {
        const pragma = this.#pragmaOperator(token)
        if (pragma !== undefined) return pragma as Token
      } else return token as Token
    }
  }

  /** The replacement text of an object-like macro as things stand; undefined when there is none. */
  macroText(name: string): string | undefined {
    const macro = this.#macros.get(name)
    return macro && spelled(macro.tokens)
  }

  /** All macros as things stand, as lines of `#define`, by name. */
  definitions(): string[] {
    return this.#macros.definitions()
  }

  pull(): PpToken {
    for (;;) {
      if (this.#forced.length > 0 && this.#files.depth === 1) this.#enterForced()
      const frame = this.#files.top
      const token = this.#held ?? frame.lexer.next()
      this.#held = undefined
      if (token.kind === "eof") {
        if (this.#argumentDepth === this.#files.depth || !this.#files.leave()) return token
        if (this.#files.depth === 1) this.#macrosOnly = false
        continue
      }
      if (frame.lexer.directive) return token
      if ((token.flags & LINE_START) !== 0 && token.is("#")) {
        const pragma = this.#directives.run(token)
        if (pragma !== undefined && !this.#macrosOnly) return pragma
        continue
      }
      frame.guard.token()
      if (this.#macrosOnly) continue
      return token
    }
  }

  /** Reads the next file of `-imacros` or `-include`, as `#include "FILE"` on the command line would. */
  #enterForced(): void {
    const { name, macrosOnly } = this.#forced.shift()!
    this.#macrosOnly = macrosOnly
    const place = new SourceFile("<command line>", name)
    const span = { file: place, start: 0, end: name.length }
    const found = this.#options.resolve?.(name, "quoted", place)
    if (found === undefined) {
      const hint = this.#options.searched?.(name)
      this.#diagnostics.fatal("C_INCLUDE_NOT_FOUND", `'${name}' file not found`, span, { hint })
    }
    this.#options.onInclude?.(name, "quoted", place)
    this.#files.enter(found, span, macro => this.#macros.get(macro) !== undefined)
  }

  pullParen(): PpToken | undefined {
    this.#held ??= this.#files.top.lexer.next()
    if (!this.#held.is("(")) return undefined
    const open = this.#held
    this.#held = undefined
    return open
  }

  argumentsFromFile(reading: boolean): void {
    this.#argumentDepth = reading ? this.#files.depth : 0
  }

  macro(name: string) {
    return this.#macros.get(name)
  }

  dynamic(macro: { readonly name: string; readonly dynamic?: string }, use: PpToken): PpToken {
    const { file, start, end, flags } = use
    const make = (kind: "number" | "string", text: string) =>
      new PpToken(kind, text, file, start, end, flags, use.macro)
    const quoted = (text: string) => make("string", `"${text.replace(/["\\]/g, "\\$&")}"`)
    switch (macro.dynamic) {
      case "file":
        return quoted(use.file.presumed(use.start).name)
      case "line":
        return make("number", String(use.file.presumed(use.start).line))
      case "counter":
        return make("number", String(this.#counter++))
      case "includeLevel":
        return make("number", String(this.#files.depth - 1))
      default:
        return quoted(this.#files.main.name)
    }
  }

  /** `_Pragma ( string-literal )`, the name already taken. */
  #pragmaOperator(name: PpToken): PpToken | undefined {
    const open = this.#expander.paren()
    const text = open && this.#expander.next()
    const close = text?.kind === "string" ? this.#expander.next() : undefined
    if (text === undefined || !close?.is(")")) {
      this.#diagnostics.error("C_DIRECTIVE", "_Pragma takes one string literal in parentheses", name)
      return undefined
    }
    const body = text.text.slice(text.text.indexOf('"') + 1, -1).replace(/\\(["\\])/g, "$1")
    const pragma = parserPragma(body.trim())
    return pragma === undefined
      ? undefined
      : new PpToken(
          "pragma",
          pragma,
          name.file,
          name.start,
          Math.max(name.end, close.end),
          name.flags | SPACE,
          name.macro,
        )
  }

  #stray(token: PpToken): void {
    const first = token.text.charAt(token.text.length === 1 ? 0 : token.text.search(/["']/))
    if (first === '"' || first === "'") {
      const what = first === '"' ? '"' : "'"
      this.#diagnostics.error("C_UNTERMINATED", `missing terminating ${what} character`, token)
    } else {
      this.#diagnostics.error("C_STRAY", `stray '${visible(token.text)}' in program`, token)
    }
  }
}

/** Control characters by their numbers: `\x00`. */
const visible = (text: string): string =>
  text.replace(/[\u0000-\u001f\u007f]/g, c => `\\x${c.charCodeAt(0).toString(16).padStart(2, "0")}`)
