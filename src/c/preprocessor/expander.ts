import { type MacroOrigin, SourceFile, type Span } from "../../base/index.ts"
import type { Diagnostics } from "../diagnostics/index.ts"
import { addName, type HideSet, hides, intersection, union } from "./hideset.ts"
import { Lexer } from "./lexer.ts"
import type { Item, Macro } from "./macro.ts"
import { LINE_START, PpToken, SPACE } from "./pptoken.ts"

/** Tokens that macros may make in one compilation: a bound against macros that double each other. */
const TOKEN_BUDGET = 2_000_000
/** How deep macro arguments may nest. */
const ARGUMENT_DEPTH = 256

/** Where the expander gets tokens and macros from. */
export interface ExpanderSource {
  /** The next token of the files, directives done; `eof` at the end, `newline` at the end of a directive. */
  pull(): PpToken
  /** The next token if it is a punctuator `(`; then it is taken. Looks past line ends, not past a directive. */
  pullParen(): PpToken | undefined
  /** Called around the reading of arguments from the files. */
  argumentsFromFile(reading: boolean): void
  macro(name: string): Macro | undefined
  /** The tokens of a macro whose value depends on its place. */
  dynamic(macro: Macro, use: PpToken): PpToken
}

/**
 * Macro expansion by Dave Prosser's algorithm, from which the standard's wording was made. Tokens that an expansion made
 * wait on a stack (last one first) and are scanned again; each carries the names it must not be expanded with.
 */
export class Expander {
  readonly #source: ExpanderSource
  readonly #diagnostics: Diagnostics
  #pending: PpToken[] = []
  /** Below this, `#pending` belongs to somebody further out: the current list ends there. */
  #base = 0
  #depth = 0
  #made = 0

  constructor(source: ExpanderSource, diagnostics: Diagnostics) {
    this.#source = source
    this.#diagnostics = diagnostics
  }

  /** The next token, not expanded. */
  fetch(): PpToken {
    if (this.#pending.length > this.#base) return this.#pending.pop() as PpToken
    return this.#depth > 0 ? EOF : this.#source.pull()
  }

  /** Puts a token back. */
  unread(token: PpToken): void {
    this.#pending.push(token)
  }

  /** Forgets what waits: at the end of a directive. */
  clear(): void {
    this.#pending.length = 0
  }

  /** True when the next token comes from a file. */
  get atFile(): boolean {
    return this.#pending.length === 0
  }

  /** The next token after macro expansion. */
  next(): PpToken {
    for (;;) {
      const token = this.fetch()
      if (token.kind !== "ident") return token
      const macro = this.#source.macro(token.text)
      if (macro === undefined || hides(token.hide, macro.name) || !this.#expand(token, macro)) return token
    }
  }

  /** Takes a `(` if it comes next. */
  paren(): PpToken | undefined {
    const length = this.#pending.length
    if (length > this.#base) return this.#pending[length - 1].is("(") ? this.#pending.pop() : undefined
    return this.#depth > 0 ? undefined : this.#source.pullParen()
  }

  /** Expands a list of tokens on its own, to its end. */
  expandList(tokens: readonly PpToken[], at: Span): PpToken[] {
    if (!tokens.some(t => t.kind === "ident")) return tokens as PpToken[]
    if (this.#depth >= ARGUMENT_DEPTH) {
      this.#diagnostics.fatal("C_MACRO_LIMIT", `macro arguments nest more than ${ARGUMENT_DEPTH} deep`, at)
    }
    const base = this.#base
    this.#base = this.#pending.length
    this.#depth++
    this.#push(tokens)
    const out: PpToken[] = []
    for (let token = this.next(); token !== EOF; token = this.next()) out.push(token)
    this.#depth--
    this.#base = base
    return out
  }

  /** Replaces a macro's name (already taken) and its arguments by the expansion. False when the name is no use of the macro. */
  #expand(name: PpToken, macro: Macro): boolean {
    if (macro.dynamic !== undefined) {
      this.#push([this.#source.dynamic(macro, name)])
      return true
    }
    let end: Span = name
    let args: Argument[] | undefined
    let hide: HideSet | undefined
    if (macro.params === undefined) hide = addName(name.hide, macro.name)
    else {
      const open = this.paren()
      if (open === undefined) return false
      const read = this.#arguments(name, open, macro)
      if (read === undefined) return false
      args = read.args
      end = name.macro === undefined && read.close.file === name.file ? read.close : name
      hide = addName(intersection(name.hide, read.close.hide), macro.name)
    }
    const use: Use = { macro, name, end: Math.max(name.end, end.end), args: args ?? [] }
    const out = this.#substitute(macro.body, use).filter(token => token !== PLACEMARKER)
    if (out.length > 0) {
      out[0].flags = name.flags
      let last: HideSet | undefined
      let lastUnion: HideSet | undefined = hide
      for (const token of out) {
        if (token.hide !== last) {
          last = token.hide
          lastUnion = union(last, hide)
        }
        token.hide = lastUnion
      }
    }
    this.#made += out.length + 1
    if (this.#made > TOKEN_BUDGET) {
      this.#diagnostics.fatal("C_MACRO_LIMIT", `macros made more than ${TOKEN_BUDGET} tokens`, name, {
        hint: `the macro '${macro.name}' was being expanded`,
      })
    }
    this.#push(out)
    return true
  }

  #push(tokens: readonly PpToken[]): void {
    for (let i = tokens.length - 1; i >= 0; i--) this.#pending.push(tokens[i])
  }

  /** Reads arguments up to the closing parenthesis. After an error, reported, what was read is put back. */
  #arguments(name: PpToken, open: PpToken, macro: Macro): { args: Argument[]; close: PpToken } | undefined {
    const params = macro.params as readonly string[]
    const all: PpToken[] = []
    const args: Argument[] = []
    let current: PpToken[] = []
    let depth = 0
    const inList = this.#depth > 0
    if (!inList) this.#source.argumentsFromFile(true)
    let close: PpToken | undefined
    for (;;) {
      let token = this.fetch()
      if (token.kind === "eof" || token.kind === "newline") {
        if (!inList) this.#source.argumentsFromFile(false)
        this.#diagnostics.error("C_MACRO_UNTERMINATED", `unterminated argument list of macro '${macro.name}'`, name)
        break
      }
      if ((token.flags & LINE_START) !== 0) token = withFlags(token, SPACE)
      all.push(token)
      if (token.kind === "punct") {
        if (token.text === "(") depth++
        else if (token.text === ")") {
          if (depth === 0) {
            if (!inList) this.#source.argumentsFromFile(false)
            close = token
            break
          }
          depth--
        } else if (token.text === "," && depth === 0 && !(macro.variadic && args.length === params.length - 1)) {
          args.push({ tokens: current, expanded: undefined, omitted: false })
          current = []
          continue
        }
      }
      current.push(token)
    }
    if (close === undefined) {
      this.#push(all)
      this.unread(open)
      return undefined
    }
    const omitted = macro.variadic && params.length === 1 && current.length === 0
    args.push({ tokens: current, expanded: undefined, omitted })
    if (params.length === 0 && args.length === 1 && current.length === 0) args.pop()
    if (macro.variadic && args.length === params.length - 1) {
      args.push({ tokens: [], expanded: undefined, omitted: true })
    }
    if (args.length === params.length) return { args, close }
    const given = all.length === 1 ? 0 : args.length
    const needs = macro.variadic ? `at least ${params.length - 1}` : `${params.length}`
    this.#diagnostics.error(
      "C_MACRO_ARGS",
      `macro '${macro.name}' needs ${needs} argument${needs === "1" ? "" : "s"}, but ${given} given`,
      { file: name.file, start: name.start, end: close.file === name.file ? Math.max(name.end, close.end) : name.end },
      { notes: [{ message: `macro '${macro.name}' defined here`, span: macro.span }] },
    )
    this.#push(all)
    this.unread(open)
    return undefined
  }

  /** The replacement list with the arguments in it, in tokens of its own; placemarkers stand for empty operands of `##`. */
  #substitute(items: readonly Item[], use: Use): PpToken[] {
    const out: PpToken[] = []
    for (let i = 0; i < items.length; i++) {
      const item = items[i]
      const pasted = i > 0 && items[i - 1].paste
      if (item.kind === "token") {
        const token = this.#fromBody(item.token, use)
        if (pasted) this.#paste(out, token, use)
        else out.push(token)
        continue
      }
      const tokens = this.#operand(item, use, pasted || item.paste)
      if (pasted && this.#isVariadicComma(items, i, use)) {
        if (use.args[use.args.length - 1].omitted) out[out.length - 1] = PLACEMARKER
        else for (const token of tokens) out.push(token)
        continue
      }
      if (tokens.length === 0 && (pasted || item.paste)) tokens.push(PLACEMARKER)
      let k = 0
      if (pasted) this.#paste(out, tokens[k++], use)
      for (; k < tokens.length; k++) out.push(tokens[k])
    }
    return out
  }

  /** GNU: `, ## args` drops the comma when there are no such arguments, and pastes nothing when there are. */
  #isVariadicComma(items: readonly Item[], i: number, use: Use): boolean {
    const item = items[i]
    const left = items[i - 1]
    return (
      use.macro.variadic &&
      item.kind === "param" &&
      item.param === use.args.length - 1 &&
      left.kind === "token" &&
      left.token.is(",")
    )
  }

  #operand(item: Exclude<Item, { kind: "token" }>, use: Use, raw: boolean): PpToken[] {
    switch (item.kind) {
      case "string":
        return [this.#stringify(use.args[item.param].tokens, item.token, use)]
      case "vaOpt": {
        const tokens =
          this.#expanded(use.args[use.args.length - 1], use).length > 0 ? this.#substitute(item.items, use) : []
        if (!item.stringify) return tokens
        return [
          this.#stringify(
            tokens.filter(token => token !== PLACEMARKER),
            item.token,
            use,
          ),
        ]
      }
      case "param": {
        const arg = use.args[item.param]
        const tokens = raw ? arg.tokens : this.#expanded(arg, use)
        return tokens.map((token, i) => {
          const flags = i === 0 ? item.token.flags & SPACE : token.flags
          const macro = token.macro ?? this.#origin(item.token, use)
          return new PpToken(token.kind, token.text, token.file, token.start, token.end, flags, macro, token.hide)
        })
      }
    }
  }

  #expanded(arg: Argument, use: Use): PpToken[] {
    arg.expanded ??= this.expandList(arg.tokens, use.name)
    return arg.expanded
  }

  /** A token of the replacement list, at the place of the macro's use. */
  #fromBody(token: PpToken, use: Use, kind = token.kind, text = token.text, flags = token.flags): PpToken {
    const { name } = use
    return new PpToken(kind, text, name.file, name.start, use.end, flags & ~LINE_START, this.#origin(token, use))
  }

  #origin(token: PpToken, use: Use): MacroOrigin {
    const outer = use.name.macro
    const spelling: Span = outer ? { file: token.file, start: token.start, end: token.end, macro: outer } : token
    return { name: use.macro.name, spelling }
  }

  #stringify(tokens: readonly PpToken[], hash: PpToken, use: Use): PpToken {
    let text = '"'
    for (let i = 0; i < tokens.length; i++) {
      const token = tokens[i]
      if (i > 0 && (token.flags & (SPACE | LINE_START)) !== 0) text += " "
      const literal = token.kind === "string" || token.kind === "char"
      text += literal
        ? token.text.replace(/["\\]/g, "\\$&")
        : token.kind === "other" && token.text === '"'
          ? '\\"'
          : token.spelling
    }
    if (/(^|[^\\])(\\\\)*\\$/.test(text)) {
      this.#diagnostics.warning("C_STRINGIFY", "invalid string literal, ignoring final '\\'", use.name)
      text = text.slice(0, -1)
    }
    return this.#fromBody(hash, use, "string", `${text}"`)
  }

  /** Replaces the last token of `out` by the paste of it and `right`. */
  #paste(out: PpToken[], right: PpToken, use: Use): void {
    const left = out[out.length - 1]
    if (right === PLACEMARKER) return
    if (left === PLACEMARKER) {
      out[out.length - 1] = right
      return
    }
    const text = left.spelling + right.spelling
    const lexer = new Lexer(new SourceFile("", text))
    const token = lexer.next()
    const whole = token.end === text.length && lexer.next().kind === "eof"
    if (!whole || token.kind === "eof" || token.kind === "other") {
      this.#diagnostics.error("C_PASTE", `pasting forms '${text}', which is not one token`, left)
      out.push(right)
      return
    }
    const flags = (token.flags & ~(LINE_START | SPACE)) | (left.flags & SPACE)
    const { file, start, end, macro, hide } = left
    const made = new PpToken(token.kind, token.text, file, start, end, flags, macro ?? this.#origin(left, use))
    made.hide = intersection(hide, right.hide)
    out[out.length - 1] = made
  }
}

interface Argument {
  readonly tokens: PpToken[]
  expanded: PpToken[] | undefined
  /** The variable arguments are not there at all, comma included. */
  readonly omitted: boolean
}

/** One use of a macro. */
interface Use {
  readonly macro: Macro
  readonly name: PpToken
  /** End of the whole use, in the file of `name`. */
  readonly end: number
  readonly args: readonly Argument[]
}

const PLACEMARKER = new PpToken("other", "", new SourceFile("", ""), 0, 0, 0)
const EOF = new PpToken("eof", "", new SourceFile("", ""), 0, 0, 0)

function withFlags(t: PpToken, flags: number): PpToken {
  return new PpToken(t.kind, t.text, t.file, t.start, t.end, (t.flags & ~LINE_START) | flags, t.macro, t.hide)
}
