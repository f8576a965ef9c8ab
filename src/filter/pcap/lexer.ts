import { parseIpv6, parseMac } from "./address.ts"
import type { Complaints, Place } from "./error.ts"

/**
 * Pieces of an expression. A word is a keyword, a name, or an address of Ethernet with `-` or `.`; `\` in front of it
 * says that it is no keyword.
 */
export type Token = Place &
  (
    | { readonly kind: "number"; readonly text: string; readonly value: number }
    /** `10.0.0.1`, `10.1` */
    | { readonly kind: "dotted"; readonly text: string }
    | { readonly kind: "ipv6"; readonly text: string; readonly words: readonly number[] }
    | { readonly kind: "mac"; readonly text: string; readonly bytes: readonly number[] }
    | { readonly kind: "word"; readonly text: string; readonly escaped: boolean }
    | { readonly kind: "sign"; readonly text: string }
    | { readonly kind: "end"; readonly text: "" }
  )

const SPACE = /[ \t\r\n]*/y
/** What may be an address with colons; a single colon is that of `tcp[0:2]`. */
const COLONS = /[0-9a-f]{0,4}(?::[0-9a-f]{0,4}){2,8}(?:\.\d+){0,3}/iy
const WORD = /\\?[A-Za-z0-9](?:[-_.A-Za-z0-9]*[.A-Za-z0-9])?/y
const SIGN = /&&|\|\||==|!=|<=|>=|<<|>>|[()[\]/:+\-*%&|^!=<>]/y

/** Takes an expression apart. The last token is its end. @throws SkepError FILTER_SYNTAX, FILTER_RANGE */
export function tokenize(complaints: Complaints): Token[] {
  const { text } = complaints.file
  const tokens: Token[] = []
  let at = 0
  const take = (pattern: RegExp): string | undefined => {
    pattern.lastIndex = at
    return pattern.exec(text)?.[0]
  }
  for (;;) {
    at += take(SPACE)?.length ?? 0
    if (at >= text.length) break
    const address = addressToken(take(COLONS), at)
    const token = address ?? wordToken(take(WORD), at, complaints) ?? signToken(take(SIGN), at)
    if (token === undefined) {
      throw complaints.error("FILTER_SYNTAX", { start: at, end: at + 1 }, `'${text[at]}' has no meaning in a filter`)
    }
    tokens.push(token)
    at = token.end
  }
  return [...tokens, { kind: "end", text: "", start: text.length, end: text.length }]
}

function addressToken(text: string | undefined, start: number): Token | undefined {
  if (text === undefined) return undefined
  const place = { text, start, end: start + text.length }
  const bytes = parseMac(text)
  if (bytes !== undefined) return { kind: "mac", bytes, ...place }
  const words = parseIpv6(text)
  return words === undefined ? undefined : { kind: "ipv6", words, ...place }
}

function wordToken(text: string | undefined, start: number, complaints: Complaints): Token | undefined {
  if (text === undefined) return undefined
  const place = { text, start, end: start + text.length }
  if (/^(0x[0-9a-f]+|\d+)$/i.test(text) && parseMac(text) === undefined) {
    // As in C, a zero in front makes a number octal.
    const value = /^0\d+$/.test(text) ? Number(`0o${text.slice(1)}`) : Number(text)
    if (Number.isNaN(value)) throw complaints.error("FILTER_SYNTAX", place, `'${text}' is no octal number`)
    if (value > 0xffff_ffff) throw complaints.error("FILTER_RANGE", place, `${text} does not fit in 32 bits`)
    return { kind: "number", value, ...place }
  }
  const bytes = parseMac(text)
  if (bytes !== undefined) return { kind: "mac", bytes, ...place }
  if (/^\d+(\.\d+){1,3}$/.test(text)) return { kind: "dotted", ...place }
  const escaped = text.startsWith("\\")
  return { kind: "word", ...place, text: escaped ? text.slice(1) : text, escaped }
}

const signToken = (text: string | undefined, start: number): Token | undefined =>
  text === undefined ? undefined : { kind: "sign", text, start, end: start + text.length }
