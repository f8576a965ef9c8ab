import assert from "node:assert/strict"
import { spawnSync } from "node:child_process"
import { test } from "node:test"
import { SourceFile } from "../../base/index.ts"
import { Diagnostics } from "../diagnostics/index.ts"
import { preprocess } from "./index.ts"
import { Lexer } from "./lexer.ts"

const gcc = spawnSync("gcc", ["--version"]).status === 0

/** Splits preprocessed text into tokens again. */
function words(text: string): string[] {
  const lexer = new Lexer(new SourceFile("", text))
  const out: string[] = []
  for (let token = lexer.next(); token.kind !== "eof"; token = lexer.next()) out.push(token.text)
  return out
}

/** What this preprocessor makes of a text; "error" when it complains. */
function ours(text: string): string {
  const diagnostics = new Diagnostics()
  try {
    const tokens = preprocess(new SourceFile("t.c", text), { diagnostics })
    if (diagnostics.errors > 0) return "error"
    return tokens
      .filter(t => t.kind !== "eof")
      .map(t => t.text)
      .join(" ")
  } catch {
    return "error"
  }
}

/** What gcc makes of it. */
function theirs(text: string): string {
  const run = spawnSync("gcc", ["-E", "-P", "-std=gnu11", "-w", "-"], { input: text, encoding: "utf8" })
  return run.status === 0 ? words(run.stdout).join(" ") : "error"
}

const SNIPPETS = [
  "#define f(x) [x]\n#define g f\ng(1) g g(g)(2) f(f)(f)(3)",
  "#define EMPTY\n#define LPAREN (\n#define RPAREN )\n#define F(x, y) x + y\n#define ELLIP_FUNC(...) __VA_ARGS__\nELLIP_FUNC(F, LPAREN, 'a', 'b', RPAREN);",
  "#define NIL(xxx) xxx\n#define G_0(arg) NIL(G_1)(arg)\n#define G_1(arg) NIL(arg)\nG_0(42)",
  "#define f(a) a*g\n#define g(a) f(a)\nf(2)(9) f(2)(f)(9)",
  "#define AA BB\n#define BB AA\nAA BB\n#define fa(x) fb(x)\n#define fb(x) fa(x) x\nfa(fb(1)) fb(fa(2))",
  "#define cat(a,b) a##b\n#define xcat(x,y) cat(x,y)\n#define ab 7\ncat(a,b) xcat(a,b) xcat(xcat(1,2),3)",
  "#define str(x) #x\n#define xstr(x) str(x)\n#define n 3 + 4\nstr(n) xstr(n) str( a  b ) xstr(str(x)) str(\"a\\\\b\" '\\0' \\n)",
  "#define e(fmt, ...) p(fmt, ##__VA_ARGS__)\ne(1) e(1,) e(1,2) e(,) e()",
  "#define e(...) p(0, ##__VA_ARGS__)\ne() e(1) e(1,2)",
  "#define e(args...) p(0 , ## args)\ne() e(1) e(1,2)",
  "#define F(x,...) f(x __VA_OPT__(,) __VA_ARGS__)\n#define N\nF(1) F(1,) F(1,2) F(1,N) F(1,N,N) F(,)",
  "#define G(X, ...) f(0, X __VA_OPT__(,) __VA_ARGS__)\n#define SDEF(sname, ...) S sname __VA_OPT__(= { __VA_ARGS__ })\nG(a, b, c) G(a, ) G(a) SDEF(foo); SDEF(bar, 1, 2);",
  "#define H2(X, Y, ...) __VA_OPT__(X ## Y, __VA_ARGS__)\nH2(a, b, c, d) H2(a,b)",
  "#define H3(X, ...) #__VA_OPT__(X##X X##X)\nH3(, 0) H3(a,b) H3(a)",
  "#define H4(X, ...) __VA_OPT__(a X ## X) ## b\nH4(, 1) H4(x,1) H4(x)",
  "#define x 3\n#define f(a) f(x * (a))\n#undef x\n#define x 2\nf(y+1) + f(f(x))",
  "#define foo() bar\nfoo\n()\nfoo\n#define z\n()",
  "#define a(x) x b\n#define b(x) x a\na(1)(2)(3)(4)",
  "#define LP (\n#define f(x) <x>\nf LP 1 )\n#define g() f\ng()(2)",
  "#define DEFER(x) x EMPTY()\n#define EMPTY()\n#define A() 123\n#define EXPAND(x) x\nDEFER(A)() EXPAND(DEFER(A)())",
  "#define obj (1)\n#define fn(x) x obj\nfn(fn)(obj) fn obj",
  "#if defined X || (1 ? 2 : 3/0) == 2 && -1 > 0u\nyes\n#else\nno\n#endif",
  "#define Z(x) x\n#if Z(1) + Z(1) == 2\n#endif",
  "#if 0x7fffffffffffffff + 1u > 0\na\n#endif\n#if -1 >> 63 == -1\nb\n#endif\n#if 5 % -3 == 2\nc\n#endif\n#if ~0u >> 1 == 0x7fffffffffffffff\nd\n#endif",
  "#if 1 == 1L && 'a' == 0x61 && '\\0' == 0 && 'ab' == 24930 && '\\xff' < 0\nyes\n#endif",
  "#if 0\n#elif 0\n#elif 1\na\n#elif 1\nb\n#else\nc\n#endif\n#ifndef Q\nd\n#endif",
  "%:define X(a) a%:%:1 %:a\nX(y) <: :>",
  '#define q(x) #x\nq(\'"\') q("\\"") q(a\\b) q("a\nb")',
  "#define c(x) x /* gone */ y // too\nc(1)/**/c(2)",
  "#define plus +\n+plus -plus plus+ plus= plusplus",
  "__LINE__\n#line 40\n__LINE__ \\\n__LINE__\n__LINE__",
  "#define m(x) x __LINE__\nm(1)\nm(2)",
  '#define PASTE(a,b) a##b\nPASTE(L,\'x\') PASTE(L,"x") PASTE(1,e) PASTE(.,5) PASTE(u8,"q") PASTE(-,>) PASTE(<<,=) PASTE(0x,1f)',
  "#define P(a,b) a##b\nP(a,) P(,b) P(,) [P(,)]",
  "#define s(...) #__VA_ARGS__\ns() s(a,b) s( a , b ) s((a,b))",
  "#define v(a, ...) a:__VA_ARGS__:\nv(1,2) v(1,(2,3),4)",
  "#define t(x,y,z) x ## y ## z\nt(1,2,3) t(,4,5) t(6,,7) t(8,9,) t(10,,) t(,11,) t(,,12) t(,,)",
  "#define on 1\n#define pick(a,b,c,n,...) n\n#define o(...) pick(__VA_ARGS__,three,two,one)(__VA_ARGS__)\no(1) o(1,2) o(1,2,3)",
  "a\\\nb c\\\n\\\nd \"e\\\nf\" 'g\\\n' /\\\n* h */ /\\\n/ i\\\nj\nk +\\\n+ -\\\n> .\\\n.\\\n.",
  "#define a 1 /* x\n y */ + 2\na\n/* */ # /* */ define /* */ b /* */ 3\nb",
]

test("gcc -E gives the same tokens", { skip: gcc ? false : "gcc is not installed" }, async t => {
  for (const text of SNIPPETS) await t.test(text, () => assert.equal(ours(text), theirs(text)))
})

/** A small linear congruential generator, for texts that are the same in every run. */
function generator(seed: number): (below: number) => number {
  let state = seed >>> 0
  return below => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
}

const PIECES = [
  "A",
  "B",
  "C",
  "F",
  "G",
  "H",
  "x",
  "y",
  "1",
  "+",
  "(",
  ")",
  "(",
  ")",
  ",",
  "F(",
  "G(",
  "H(",
  "A(",
  "[",
  "]",
]

/** Definitions of random macros and a line that uses them. */
function randomText(random: (below: number) => number): string {
  const pick = (from: readonly string[]) => from[random(from.length)]
  const body = (names: readonly string[], depth = 5) => {
    let out = ""
    for (let n = random(depth) + 1; n > 0; n--) {
      if (names.length > 0 && random(4) === 0) out += ` ${random(2) === 0 ? pick(names) : `#${pick(names)}`}`
      else if (names.length > 0 && random(6) === 0) out += ` ${pick(names)}##${pick(["x", "1", "y2", ...names])}`
      else out += ` ${pick(PIECES)}`
    }
    return out
  }
  const lines = ["#define A", "#define B", "#define C"].map(d => d + body([]))
  lines.push(`#define F(p)${body(["p"])}`, `#define G(p,q)${body(["p", "q"])}`)
  lines.push(`#define H(p,...)${body(["p", "__VA_ARGS__"])}`)
  lines.push(body([], 12))
  return lines.join("\n")
}

test("gcc -E gives the same tokens for random macros", { skip: gcc ? false : "gcc is not installed" }, () => {
  const random = generator(20260)
  const texts = Array.from({ length: 4000 }, () => randomText(random)).filter(text => ours(text) !== "error")
  assert.ok(texts.length > 300, `only ${texts.length} texts without an error`)
  // One run of gcc for all: every text is followed by a mark, and takes its macros away again.
  const undef = ["A", "B", "C", "F", "G", "H"].map(name => `#undef ${name}`).join("\n")
  const all = texts.map((text, i) => `${text}\n${undef}\n@@${i}@@`).join("\n")
  const run = spawnSync("gcc", ["-E", "-P", "-std=gnu11", "-w", "-"], { input: all, encoding: "utf8" })
  const parts = run.stdout.split(/@@\d+@@/)
  assert.equal(parts.length, texts.length + 1, run.stderr.slice(0, 500))
  for (const [i, text] of texts.entries()) assert.equal(ours(text), words(parts[i]).join(" "), text)
})
