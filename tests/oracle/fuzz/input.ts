import { Random } from "../random.ts"
import { grammarText } from "./grammar.ts"
import { seedTexts, seedTokens, tokensOf, words } from "./seeds.ts"

/** The input of a seed: always the same text. */
export function fuzzInput(seed: number): string {
  const r = new Random(seed)
  const kind = r.below(20)
  if (kind < 7) return grammarText(r)
  if (kind === 7) return amplified(r)
  if (kind === 8) return noise(r)
  if (kind === 9) return mutated(r, tokensOf(grammarText(r)))
  return mutated(r, [...r.pick(seedTokens)])
}

/** A few tokens left out, doubled, exchanged, replaced or put in; now and then a piece of another text. */
function mutated(r: Random, tokens: string[]): string {
  for (let n = 1 + r.below(r.pick([1, 1, 2, 3, 12])); n > 0; n--) {
    const at = r.below(tokens.length)
    switch (r.below(8)) {
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
      case 6: {
        const donor = r.pick(seedTokens)
        const from = r.below(donor.length)
        tokens.splice(at, r.below(4), ...donor.slice(from, from + r.below(20)))
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
function noise(r: Random): string {
  const chars = [..."\0\r\n\t\v\f\"'\\#@$`{}()[]<>;:,.%?!~^&|*/+-=_aZ09éλ\u200b\ud83d\ude00\ufeff\u2028"]
  const text = [...r.pick(seedTexts)]
  for (let n = 1 + r.below(10); n > 0; n--) text.splice(r.below(text.length), r.below(3), r.pick(chars))
  return text.join("")
}
