import { Random } from "../random.ts"
import type { Corpus } from "./corpus.ts"
import { grammarText } from "./grammar.ts"
import { tokensOf, words } from "./seeds.ts"

/** Characters that an input made from others is cut to. */
const LONGEST = 6000

/** The input of a number: always the same text for the same corpus. */
export function fuzzInput(number: number, corpus: Corpus): string {
  const r = new Random(number)
  const kind = r.below(100)
  if (kind < 8) return grammarText(r)
  if (kind === 8) return amplified(r)
  if (kind < 11) return noise(r, corpus.pick(r).join(""))
  if (kind < 14) return mutated(r, tokensOf(grammarText(r)), corpus)
  return mutated(r, [...corpus.pick(r)], corpus).slice(0, LONGEST)
}

const TYPE = /^(u|s|__u|__s)(8|16|32|64)$|^(int|char|long|short|unsigned|signed|void|_Bool|bool|float|double|__int128)$/

/** Tokens that may stand in each other's place without the grammar breaking, mostly. */
function kindOf(token: string): string {
  if (TYPE.test(token)) return "type"
  if (/^[A-Za-z_]/.test(token)) return "name"
  if (/^\.?\d|^'/.test(token)) return "number"
  if (/^\s/.test(token)) return "space"
  if (/^"/.test(token)) return "string"
  if (/^([-+*/%&|^]|<<|>>|[<>=!]=|[<>]|&&|\|\|)$/.test(token)) return "operator"
  return /^.?.?=$/.test(token) ? "assignment" : token
}

const numbers =
  "0 1 2 3 4 7 8 15 16 31 32 33 63 64 65 127 128 255 256 511 512 4095 4096 65535 0x7fffffff 0x80000000u 0xffffffff 0x100000000 0x7fffffffffffffff 0x8000000000000000ull -1 'a'".split(
    " ",
  )
const wordsOf = (kind: string): readonly string[] =>
  kind === "number" ? numbers : words.filter(word => kindOf(word) === kind)
const byKind = new Map(["type", "name", "number", "string", "operator", "assignment"].map(k => [k, wordsOf(k)]))

/** A token of the same kind, of the text itself or of any. */
function alike(r: Random, tokens: readonly string[], token: string): string {
  const kind = kindOf(token)
  const own = r.chance(kind === "number" ? 20 : 70) ? tokens.filter(other => kindOf(other) === kind) : byKind.get(kind)
  return own === undefined || own.length === 0 ? token : r.pick(own)
}

/** A few tokens left out, doubled, exchanged, replaced or put in; now and then a piece of another text, or its end. */
function mutated(r: Random, tokens: string[], corpus: Corpus): string {
  for (let n = 1 + r.below(r.pick([1, 1, 1, 2, 3, 8])); n > 0; n--) {
    const at = r.below(tokens.length)
    if (r.chance(60)) {
      tokens[at] = alike(r, tokens, tokens[at])
      continue
    }
    switch (r.below(10)) {
      case 0:
        tokens[at] = ""
        break
      case 1:
        tokens[at] += tokens[at]
        break
      case 2:
      case 3:
        tokens[at] = r.pick(words)
        break
      case 4:
        tokens.splice(at, 0, r.pick(words))
        break
      case 5: {
        const other = r.below(tokens.length)
        ;[tokens[at], tokens[other]] = [tokens[other], tokens[at]]
        break
      }
      case 6:
      case 7: {
        const donor = corpus.pick(r)
        const from = r.below(donor.length)
        tokens.splice(at, r.below(4), ...donor.slice(from, from + r.below(20)))
        break
      }
      case 8: {
        const donor = corpus.pick(r)
        tokens.splice(at, tokens.length, ...donor.slice(r.below(donor.length)))
        break
      }
      default:
        tokens.splice(at, r.below(20))
    }
    if (tokens.length === 0) tokens.push(";")
  }
  return tokens.join("")
}

/** Something small, very often: nesting, lists, chains. */
function amplified(r: Random): string {
  const n = 1 << r.below(13)
  const many = (text: string) => text.repeat(n)
  const word = r.pick(words)
  const open = r.pick([
    "(",
    "{",
    "[",
    "({ ",
    "!",
    "-",
    "*",
    "sizeof ",
    "(int) ",
    "if (a) ",
    "for (;;) ",
    "do ",
    "a ? ",
    "f(",
    "&",
    "else ",
    "a = ",
  ])
  const close: Readonly<Record<string, string>> = {
    "(": ")",
    "{": "}",
    "[": "]",
    "({ ": "; })",
    "f(": ")",
    "a ? ": " : b",
  }
  return r.pick([
    `int a, b; int f(int x) { ${many(open)}a${many(close[open] ?? "")}; return x; }`,
    `int a, b; int f(int x) { return ${many(`a ${r.pick(["+", "-", "*", "/", "&&", "||", ",", "<<", "=="])} `)}b; }`,
    `int f(int x) { int t[] = {${many("1, ")}}; return t[x & 1]; }`,
    `int f(int x) { switch (x) { ${Array.from({ length: Math.min(n, 2000) }, (_, i) => `case ${i}: x += ${i};`).join(" ")} } return x; }`,
    `${Array.from({ length: Math.min(n, 2000) }, (_, i) => `struct s${i} { ${i > 0 ? `struct s${i - 1} *p;` : ""} int a; };`).join("\n")}`,
    `${Array.from({ length: Math.min(n, 40) }, (_, i) => `#define M${i + 1} M${i} + M${i}`).join("\n")}\n#define M0 1\nint f(void) { return M${Math.min(n, 14)}; }`,
    `int ${many("*")}p; int ${many("(")}q${many(")")}; int r${many("[2]")};`,
    `int f(int x) { ${many(r.pick(["x++; ", "x = x * 3 + 1; ", "if (x & 1) x ^= 5; ", "{ int y = x; x += y; } ", "x += ({ x; }); "]))} return x; }`,
    many(`${word} `),
    `#if ${many(r.pick(["(", "!", "1 + ", "1 ? "]))}1\n#endif`,
    `${many("#if 1\n")}int a;`,
    `"${many("\\")}"; '${many("x")}' ${many("\\\n")} /*${many("*")}`,
    `union u { ${many("struct { ")}int a; ${many("}; ")} }; int f(union u *p) { return p->a; }`,
  ])
}

/** Characters that C has no use for, anywhere. */
function noise(r: Random, origin: string): string {
  const chars = [..."\0\r\n\t\v\f\"'\\#@$`{}()[]<>;:,.%?!~^&|*/+-=_aZ09éλ\u200b\ud83d\ude00\ufeff\u2028"]
  const text = [...origin]
  for (let n = 1 + r.below(10); n > 0; n--) text.splice(r.below(text.length), r.below(3), r.pick(chars))
  return text.join("")
}
