import { didYouMean, type Span } from "../../base/index.ts"
import type { Diagnostics } from "../diagnostics/index.ts"
import { evaluateCondition } from "./condition.ts"
import type { Expander } from "./expander.ts"
import type { Conditional, FileStack } from "./files.ts"
import { parseDefinition } from "./macro.ts"
import type { MacroTable } from "./macrotable.ts"
import { PpToken, SPACE } from "./pptoken.ts"
import { expandsMacros, parserPragma } from "./pragma.ts"
import { ATTRIBUTES, BUILTINS } from "./predefined.ts"
import type { PreprocessOptions } from "./preprocessor.ts"

const CONDITIONALS = ["if", "ifdef", "ifndef", "elif", "elifdef", "elifndef", "else", "endif"]
const NAMES = [
  ...CONDITIONALS,
  "include",
  "include_next",
  "define",
  "undef",
  "line",
  "error",
  "warning",
  "pragma",
  "ident",
]
/** Operators of `#if` that look like function-like macros. */
const HAS_OPERATORS = [
  "__has_include",
  "__has_include_next",
  "__has_builtin",
  "__has_attribute",
  "__has_feature",
  "__has_extension",
  "__has_c_attribute",
  "__has_cpp_attribute",
  "__has_declspec_attribute",
  "__has_warning",
  "__is_identifier",
]

/** Carries out directives: the lines that start with `#`. */
export class Directives {
  readonly #files: FileStack
  readonly #macros: MacroTable
  readonly #expander: Expander
  readonly #options: PreprocessOptions
  readonly #diagnostics: Diagnostics

  constructor(files: FileStack, macros: MacroTable, expander: Expander, options: PreprocessOptions) {
    this.#files = files
    this.#macros = macros
    this.#expander = expander
    this.#options = options
    this.#diagnostics = options.diagnostics
  }

  /** Reads and carries out one directive, of which `#` is already taken. Gives the token of a pragma for the parser. */
  run(hash: PpToken): PpToken | undefined {
    const { lexer, guard, conditionals } = this.#files.top
    lexer.directive = true
    const name = lexer.next()
    let pragma: PpToken | undefined
    let entering: (() => void) | undefined
    if (name.kind === "ident") {
      if (name.text !== "ifndef") guard.directive(name.text, conditionals.length, undefined)
      switch (name.text) {
        case "if":
          this.#open(name, this.#condition())
          return undefined
        case "ifdef":
        case "ifndef": {
          const macro = this.#macroName(name)
          if (name.text === "ifndef") guard.directive("ifndef", conditionals.length, macro)
          this.#open(name, macro !== undefined && this.#isDefined(macro) === (name.text === "ifdef"))
          return undefined
        }
        case "elif":
        case "elifdef":
        case "elifndef":
        case "else":
          this.#otherwise(name)
          return undefined
        case "endif":
          if (conditionals.pop() === undefined) this.#error("#endif without #if", name)
          break
        case "include":
        case "include_next":
        case "import":
          entering = this.#include(name)
          break
        case "define": {
          const macro = parseDefinition(
            () => lexer.next(),
            (code, message, at) => this.#diagnostics.error(code, message, at),
          )
          if (macro !== undefined) this.#macros.define(macro)
          break
        }
        case "undef": {
          const macro = this.#macroName(name)
          if (macro !== undefined) this.#macros.undefine(macro)
          break
        }
        case "line":
          this.#line(name, this.#expander.next())
          break
        case "error":
        case "warning": {
          const rest = lexer.restOfLine()
          const span = { file: name.file, start: hash.start, end: name.end }
          const message = rest.text === "" ? `#${name.text}` : rest.text
          if (name.text === "error") this.#diagnostics.error("C_ERROR_DIRECTIVE", message, span)
          else this.#diagnostics.warning("C_WARNING_DIRECTIVE", message, span)
          break
        }
        case "embed":
          this.#diagnostics.error("C_UNSUPPORTED", "'#embed' is not supported", name, {
            hint: "write the bytes as a table in C, or put them into a map from user space",
          })
          break
        case "pragma":
          pragma = this.#pragma(hash)
          break
        case "ident":
        case "sccs":
          break
        default:
          this.#diagnostics.error(
            "C_DIRECTIVE",
            `unknown directive '#${name.text}'${didYouMean(name.text, NAMES)}`,
            name,
          )
      }
    } else if (name.kind === "number") {
      // `# 12 "file.c"`, as preprocessors write it.
      this.#line(name, name)
    } else if (name.kind !== "newline") this.#error("invalid preprocessing directive", name)
    this.#endOfLine()
    entering?.()
    return pragma
  }

  #endOfLine(): void {
    while (this.#expander.fetch().kind !== "newline") {}
    this.#expander.clear()
    this.#files.top.lexer.directive = false
  }

  #error(message: string, at: Span): void {
    this.#diagnostics.error("C_DIRECTIVE", message, at)
  }

  #isDefined(name: string): boolean {
    return this.#macros.get(name) !== undefined || HAS_OPERATORS.includes(name)
  }

  #macroName(directive: PpToken): string | undefined {
    const token = this.#files.top.lexer.next()
    if (token.kind === "ident") return token.text
    const message =
      token.kind === "newline" ? `macro name missing after #${directive.text}` : "macro name must be an identifier"
    this.#error(message, token.kind === "newline" ? directive : token)
    return undefined
  }

  // Conditionals

  #open(token: PpToken, taken: boolean): void {
    this.#endOfLine()
    this.#files.top.conditionals.push({ token, taken, elseSeen: false })
    if (!taken) this.#skip()
  }

  /** `#elif` or `#else` after a group that was compiled: the rest up to `#endif` is left out. */
  #otherwise(name: PpToken): void {
    const open = this.#files.top.conditionals.at(-1)
    if (open === undefined) {
      this.#error(`#${name.text} without #if`, name)
      this.#endOfLine()
      return
    }
    this.#checkElse(open, name)
    this.#endOfLine()
    this.#skip()
  }

  #checkElse(open: Conditional, name: PpToken): void {
    if (open.elseSeen) {
      this.#diagnostics.error("C_DIRECTIVE", `#${name.text} after #else`, name, {
        notes: [{ message: "the conditional began here", span: open.token }],
      })
    }
    if (name.text === "else") open.elseSeen = true
  }

  /** Leaves out groups of the innermost conditional until one is to be compiled, or its `#endif`. */
  #skip(): void {
    const { lexer, conditionals, guard } = this.#files.top
    const open = conditionals[conditionals.length - 1]
    let nested = 0
    for (;;) {
      lexer.directive = false
      const hash = lexer.skipToDirective()
      if (hash === undefined) return
      lexer.directive = true
      const name = lexer.next()
      if (name.kind !== "ident" || !CONDITIONALS.includes(name.text)) continue
      if (name.text.startsWith("if")) {
        nested++
        continue
      }
      if (nested > 0) {
        if (name.text === "endif") nested--
        continue
      }
      guard.directive(name.text, conditionals.length, undefined)
      if (name.text === "endif") {
        conditionals.pop()
        this.#endOfLine()
        return
      }
      this.#checkElse(open, name)
      if (!open.taken) {
        if (name.text === "else") open.taken = true
        else if (name.text === "elif") open.taken = this.#condition()
        else {
          const macro = this.#macroName(name)
          open.taken = macro !== undefined && this.#isDefined(macro) === (name.text === "elifdef")
        }
        if (open.taken) {
          this.#endOfLine()
          return
        }
      }
    }
  }

  #condition(): boolean {
    return evaluateCondition({
      next: () => this.#expander.next(),
      special: name => this.#special(name),
      error: (message, at) => this.#diagnostics.error("C_CONDITION", message, at),
    })
  }

  /** `defined X`, `defined ( X )` and the `__has_…` operators. */
  #special(name: PpToken): boolean | undefined {
    const has = HAS_OPERATORS.includes(name.text)
    if (name.text !== "defined" && !has) return undefined
    const { lexer } = this.#files.top
    const open = this.#expander.paren()
    if (has && open === undefined) {
      this.#diagnostics.error("C_CONDITION", `'(' expected after '${name.text}'`, name)
      return false
    }
    let result = false
    if (name.text.startsWith("__has_include")) {
      const header = this.#expander.atFile ? lexer.headerName() : undefined
      const named = header ? { text: header.text } : this.#expandedHeader()
      if (named === undefined) {
        this.#diagnostics.error("C_CONDITION", `expected a file name after '${name.text}'`, name)
        return false
      }
      const form = named.text.startsWith("<") ? "angled" : "quoted"
      result = this.#options.resolve?.(named.text.slice(1, -1), form, name.file) !== undefined
    } else {
      const token = this.#expander.fetch()
      if (token.kind !== "ident" && !(has && token.kind !== "newline")) {
        this.#diagnostics.error("C_CONDITION", `'${name.text}' must be followed by a name`, name)
        return false
      }
      const text = token.text.replace(/^__(.*)__$/, "$1")
      if (name.text === "defined") result = this.#isDefined(token.text)
      else if (name.text === "__has_builtin") result = BUILTINS.has(token.text)
      else if (name.text === "__has_attribute") result = ATTRIBUTES.has(text)
      else if (name.text === "__is_identifier") result = true
    }
    if (open !== undefined) {
      const close = this.#expander.fetch()
      if (!close.is(")")) {
        this.#diagnostics.error("C_CONDITION", `missing ')' after '${name.text}'`, name)
      }
    }
    return result
  }

  // Includes

  /**
   *     #include <name>      #include "name"      #include macros-that-give-either
   *
   * Gives what is to be done at the end of the line.
   */
  #include(directive: PpToken): (() => void) | undefined {
    const { lexer, file } = this.#files.top
    const header = lexer.headerName() ?? this.#expandedHeader()
    if (header === undefined) {
      this.#error(`#${directive.text} needs a file name, "name" or <name>`, directive)
      return undefined
    }
    const form = header.text.startsWith("<") ? "angled" : "quoted"
    const name = header.text.slice(1, -1)
    if (name === "") {
      this.#error("empty file name in #include", header)
      return undefined
    }
    const found = this.#options.resolve?.(name, form, file)
    if (found === undefined) {
      this.#diagnostics.fatal("C_INCLUDE_NOT_FOUND", `'${name}' file not found`, header, {
        hint: this.#options.searched?.(name),
      })
    }
    this.#options.onInclude?.(name, form, file)
    return () => this.#files.enter(found, header, macro => this.#isDefined(macro))
  }

  /** A header name that macros give: a string, or tokens from `<` to `>` spelled one after the other. */
  #expandedHeader(): PpToken | undefined {
    const first = this.#expander.next()
    if (first.kind === "string") return first
    if (!first.is("<")) {
      if (first.kind !== "newline") this.#expander.unread(first)
      return undefined
    }
    let text = ""
    for (let token = first; ; token = this.#expander.next()) {
      if (token.kind === "newline") return undefined
      if (token !== first && (token.flags & SPACE) !== 0 && !token.is(">")) text += " "
      text += token.spelling
      if (token.is(">")) break
    }
    return new PpToken("string", text, first.file, first.start, first.end, first.flags, first.macro)
  }

  // Others

  /** `#line digits ["name"]`, macro expanded. */
  #line(directive: PpToken, first: PpToken): void {
    if (first.kind !== "number" || !/^[0-9]+$/.test(first.text) || first.text.length > 10) {
      this.#error("#line needs a line number", first.kind === "newline" ? directive : first)
      return
    }
    const name = this.#expander.next()
    if (name.kind !== "newline" && name.kind !== "string") this.#error("invalid file name in #line", name)
    const file = name.kind === "string" ? name.text.slice(1, -1).replace(/\\(["\\])/g, "$1") : undefined
    this.#files.setLine(directive, Number(first.text), file)
  }

  #pragma(hash: PpToken): PpToken | undefined {
    const { lexer } = this.#files.top
    const first = lexer.next()
    if (first.kind === "newline") return undefined
    if (first.text === "once") {
      this.#files.once()
      return undefined
    }
    if (first.text === "push_macro" || first.text === "pop_macro") {
      const name = /^\(\s*"([^"]*)"\s*\)/.exec(lexer.restOfLine().text)?.[1]
      if (name === undefined) this.#error(`#pragma ${first.text} needs ("name")`, first)
      else if (first.text === "push_macro") this.#macros.push(name)
      else this.#macros.pop(name)
      return undefined
    }
    if (!expandsMacros(first.text)) return undefined
    let text = first.text
    let end = first.end
    for (let token = this.#expander.next(); ; token = this.#expander.next()) {
      if (token.kind === "newline") break
      if ((token.flags & SPACE) !== 0) text += " "
      text += token.spelling
      if (token.file === hash.file && token.end > end) end = token.end
    }
    const pragma = parserPragma(text)
    return pragma === undefined ? undefined : new PpToken("pragma", pragma, hash.file, hash.start, end, hash.flags)
  }
}
