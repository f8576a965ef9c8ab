import type { Span } from "../../base/index.ts"
import { type PpToken, SPACE } from "./pptoken.ts"

/** A macro. `params` is undefined for an object-like one. */
export interface Macro {
  readonly name: string
  /** Place of the name in the definition. */
  readonly span: Span
  readonly params: readonly string[] | undefined
  /** The last parameter takes all remaining arguments. */
  readonly variadic: boolean
  readonly body: readonly Item[]
  /** Replacement list, to compare definitions. */
  readonly tokens: readonly PpToken[]
  /** Set for the macros whose value depends on the place of use. */
  readonly dynamic?: "file" | "line" | "counter" | "includeLevel" | "baseFile"
}

/** A piece of a replacement list. `paste`: `##` stands after it. */
export type Item =
  | { readonly kind: "token"; readonly token: PpToken; readonly paste: boolean }
  | { readonly kind: "param"; readonly token: PpToken; readonly param: number; readonly paste: boolean }
  /** `#param` */
  | { readonly kind: "string"; readonly token: PpToken; readonly param: number; readonly paste: boolean }
  /** `__VA_OPT__(items)`, or `#__VA_OPT__(items)` */
  | {
      readonly kind: "vaOpt"
      readonly token: PpToken
      readonly items: readonly Item[]
      readonly stringify: boolean
      readonly paste: boolean
    }

export type MacroError = (code: string, message: string, at: Span) => void

export const VA_ARGS = "__VA_ARGS__"
export const VA_OPT = "__VA_OPT__"

/**
 * Reads what follows `#define`, up to the line's end:
 *
 *     name replacement-list
 *     name( [identifier-list] [, ...] ) replacement-list       no space before the parenthesis
 *     name( identifier-list... ) replacement-list              GNU: the last parameter takes the rest
 *
 * Undefined after an error.
 */
export function parseDefinition(next: () => PpToken, error: MacroError): Macro | undefined {
  const name = next()
  if (name.kind !== "ident") {
    error("C_DIRECTIVE", name.kind === "newline" ? "macro name missing" : "macro name must be an identifier", name)
    return undefined
  }
  if (name.text === "defined" || name.text === VA_ARGS || name.text === VA_OPT) {
    error("C_DIRECTIVE", `'${name.text}' cannot be used as a macro name`, name)
    return undefined
  }
  let token = next()
  let params: string[] | undefined
  let variadic = false
  if (token.is("(") && (token.flags & SPACE) === 0) {
    params = []
    token = next()
    while (!token.is(")")) {
      if (token.is("...")) {
        params.push(VA_ARGS)
        variadic = true
        token = next()
      } else if (token.kind === "ident") {
        if (params.includes(token.text)) error("C_DIRECTIVE", `duplicate macro parameter '${token.text}'`, token)
        params.push(token.text)
        token = next()
        if (token.is("...")) {
          variadic = true
          token = next()
        }
      } else {
        error("C_DIRECTIVE", "invalid token in macro parameter list", token)
        return undefined
      }
      if (token.is(")")) break
      if (variadic || !token.is(",")) {
        error("C_DIRECTIVE", "expected ')' or ',' in macro parameter list", token)
        return undefined
      }
      token = next()
      if (token.is(")")) {
        error("C_DIRECTIVE", "expected a macro parameter name", token)
        return undefined
      }
    }
    token = next()
  }
  const tokens: PpToken[] = []
  for (; token.kind !== "newline" && token.kind !== "eof"; token = next()) tokens.push(token)
  const macro = { name: name.text, span: name, params, variadic }
  const body = parseBody(tokens, params, variadic, error)
  return body && { ...macro, body, tokens }
}

function parseBody(
  tokens: readonly PpToken[],
  params: readonly string[] | undefined,
  variadic: boolean,
  error: MacroError,
): Item[] | undefined {
  const paramOf = (t: PpToken) => (t.kind === "ident" && params !== undefined ? params.indexOf(t.text) : -1)
  let i = 0
  const list = (closing: boolean): Item[] | undefined => {
    const items: Item[] = []
    let depth = 0
    for (; i < tokens.length; i++) {
      const token = tokens[i]
      if (closing) {
        if (token.is("(")) depth++
        else if (token.is(")") && depth-- === 0) return endOfList(items)
      }
      if (token.is("##")) {
        const last = items[items.length - 1]
        if (last === undefined || i + 1 >= tokens.length) {
          error("C_PASTE", `'##' cannot be at either end of a macro expansion`, token)
          return undefined
        }
        items[items.length - 1] = { ...last, paste: true }
        continue
      }
      const hash = params !== undefined && token.is("#")
      const operand = hash ? tokens[i + 1] : token
      if (operand?.kind === "ident" && operand.text === VA_OPT && variadic) {
        if (hash) i++
        if (!tokens[i + 1]?.is("(")) {
          error("C_DIRECTIVE", `${VA_OPT} must be followed by '('`, operand)
          return undefined
        }
        i += 2
        const inner = list(true)
        if (inner === undefined) return undefined
        items.push({ kind: "vaOpt", token, items: inner, stringify: hash, paste: false })
        continue
      }
      const param = operand === undefined ? -1 : paramOf(operand)
      if (hash) {
        if (param < 0) {
          error("C_DIRECTIVE", "'#' is not followed by a macro parameter", token)
          return undefined
        }
        i++
        items.push({ kind: "string", token, param, paste: false })
      } else if (param >= 0) items.push({ kind: "param", token, param, paste: false })
      else items.push({ kind: "token", token, paste: false })
    }
    if (closing) {
      error("C_DIRECTIVE", `unterminated ${VA_OPT}`, tokens[tokens.length - 1])
      return undefined
    }
    return items
  }
  const endOfList = (items: Item[]): Item[] | undefined => {
    const last = items[items.length - 1]
    if (last === undefined || !last.paste) return items
    error("C_PASTE", `'##' cannot be at either end of ${VA_OPT}`, last.token)
    return undefined
  }
  return list(false)
}

/** True when two definitions are the same but for the kind of white space (C11 6.10.3 p1). */
export function sameMacro(a: Macro, b: Macro): boolean {
  if (a.params === undefined || b.params === undefined) {
    if (a.params !== b.params) return false
  } else if (a.params.length !== b.params.length || a.params.some((p, i) => p !== b.params?.[i])) return false
  return (
    a.variadic === b.variadic &&
    a.tokens.length === b.tokens.length &&
    a.tokens.every((t, i) => {
      const other = b.tokens[i]
      return t.spelling === other.spelling && (i === 0 || (t.flags & SPACE) === (other.flags & SPACE))
    })
  )
}
