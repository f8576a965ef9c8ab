import assert from "node:assert/strict"
import { test } from "node:test"
import { compilers, runNative } from "../../../tests/support/native.ts"
import { parseC } from "../../../tests/support/parseC.ts"
import { evaluate, integerOf, typeToString } from "../index.ts"

/** Constant expressions; a native compiler says what their types and values are. */
const CASES = `
0
-1
1 + 2 * 3
07 + 0x1F + 0b101
2147483647
2147483648
4294967295
0x7fffffff
0x80000000
0xffffffff
0x100000000
0x8000000000000000
9223372036854775807
1u
1l
1ul
1ll
1LLU
0xffffffffL
4294967295u
4294967296u
'a'
'\\n'
'\\xff'
'\\377'
'\\0'
'ab'
L'a'
u'\\xffff'
U'\\xffffffff'
-7 / 2
-7 % 2
7 / -2
7 % -2
-7u / 2
1 << 31
1L << 40
-1 >> 3
-1u >> 3
1 ? 2 : 3L
0 ? 2u : -1
-1 < 0u
-1L < 0u
-1 == 0xffffffff
-1L == 0xffffffff
1 && 0 || 3
!5
!0
~0
~0u
~0UL
-(char)-128
(char)200
(unsigned char)300
(signed char)128
(short)0x12345
(unsigned short)-1
(_Bool)256
(_Bool)0
(int)0x123456789
(long)(int)0x80000000
(unsigned long)-1
(unsigned long)(unsigned)-1
(char)1 + (char)1
(short)1 << 3
+(unsigned char)200
-(unsigned short)1
(_Bool)1 + (_Bool)1
sizeof(int)
sizeof(char) - 2
sizeof(long long)
sizeof(__int128)
sizeof(void *)
sizeof(int[10])
sizeof(struct { char a; int b; })
sizeof(struct { char a; long b; char c; })
sizeof(struct { char a; int b; } __attribute__((packed)))
sizeof(union { char a[5]; int b; })
sizeof(struct { int a : 3; int b : 30; })
sizeof(struct { char a; short b[3]; union { long c; char d; }; })
sizeof(struct { })
sizeof(struct { int n; char tail[]; })
sizeof "abc"
sizeof(L"abc")
sizeof(1 ? 1 : 1L)
sizeof((char)1 + (short)1)
sizeof(enum { A })
sizeof(enum { B = 0x100000000 })
sizeof(void)
_Alignof(int)
_Alignof(struct { char a; long b; })
_Alignof(struct { char a; } __attribute__((aligned(16))))
__builtin_offsetof(struct { char a; int b; }, b)
__builtin_offsetof(struct { char a; struct { int b[4]; } c; }, c.b[2])
__builtin_offsetof(struct { char a; union { long b; char c; }; }, c)
(unsigned long)&((struct { char a; int b[3]; } *)0)->b[1]
(unsigned long)((int *)0 + 3)
(char *)16 - (char *)4
(int *)16 - (int *)4
(int *)8 == (int *)8
(void *)0 == 0
__builtin_bswap16(0x1234)
__builtin_bswap32(0x12345678)
__builtin_bswap64(0x123456789abcdef0)
__builtin_clz(1)
__builtin_clzl(1)
__builtin_clzll(0x100000000)
__builtin_ctz(8)
__builtin_ctzll(0x100000000)
__builtin_popcount(0xff0f)
__builtin_popcountll(-1)
__builtin_ffs(0)
__builtin_ffs(12)
__builtin_parity(7)
__builtin_expect(3, 1)
__builtin_constant_p(1 + 2)
__builtin_types_compatible_p(int, const int)
__builtin_types_compatible_p(int, unsigned)
__builtin_types_compatible_p(int[], int[3])
__builtin_types_compatible_p(enum { X }, unsigned)
__builtin_choose_expr(1, 2, 3L)
__builtin_strlen("hello")
__builtin_strlen("a\\0b")
_Generic(1, int: 1, default: 2)
_Generic('a', char: 1, int: 2)
_Generic((char)1, char: 1, int: 2)
_Generic("a", char *: 1, default: 2)
_Generic(1u + 1L, long: 1, unsigned long: 2)
_Generic(&(int[3]){0}, int (*)[3]: 1, default: 2)
_Generic((const int)1, int: 1, default: 2)
(__int128)1 << 100
(unsigned __int128)-1 >> 64
(__int128)-1 / 3
(unsigned __int128)-1 == -1
1 - 2u
1u - 2
2147483647 + 1
-2147483647 - 1
0x7fffffffffffffffL + 1
65536 * 65536
65536u * 65536u
0xffffffffu * 0xffffffffUL
1ULL << 63
-1LL >> 63
(1, 2)
3 > 2 > 1
5 & 3 | 8 ^ 2
(unsigned char)255 << 1
(unsigned char)~0
~(unsigned char)0
(char)-1 == (unsigned char)-1
1 ?: 2
0 ?: 2L
(enum { E1 = -1, E2 })1
(int)1 ? (short)2 : (char)3
__CHAR_BIT__ * sizeof(long)
`
  .split("\n")
  .filter(line => line !== "" && line !== "(1, 2)")

const INTEGERS = [
  "_Bool",
  "char",
  "signed char",
  "unsigned char",
  "short",
  "unsigned short",
  "int",
  "unsigned int",
  "long",
  "unsigned long",
  "long long",
  "unsigned long long",
  "__int128",
  "unsigned __int128",
]

const [judge] = compilers("gcc", "clang")
const skip = judge === undefined ? "neither gcc nor clang is installed" : false

/** A program that prints the type and the value of each expression, a line each. */
function program(cases: readonly string[]): string {
  const names = INTEGERS.map(type => `${type}: "${type}"`).join(", ")
  const lines = cases.map(
    text =>
      `{ __auto_type v = (${text}); show(_Generic(v, ${names}, default: "pointer"), _Generic(v, unsigned __int128: 1, default: 0), v); }`,
  )
  return `#include <stdio.h>
    static void show(const char *type, int large, __int128 v) {
      char digits[64], *p = digits + 63;
      unsigned __int128 u = v < 0 && !large ? -(unsigned __int128)v : v;
      *p = 0;
      do *--p = '0' + (int)(u % 10); while (u /= 10);
      printf("%s %s%s\\n", type, v < 0 && !large ? "-" : "", p);
    }
    int main(void) { ${lines.join("\n")} }`
}

function ours(text: string): string {
  const { unit, diagnostics } = parseC(`void f(void) { ${text}; }`)
  assert.equal(diagnostics.errors, 0, diagnostics.list[0]?.message)
  const decl = unit?.decls.find(d => d.kind === "function")
  const stmt = decl?.kind === "function" ? decl.body?.body.find(s => s.kind === "expr") : undefined
  assert.ok(stmt?.kind === "expr")
  const { type } = stmt.expr
  return `${typeToString(integerOf(type) ?? type)} ${evaluate(stmt.expr)}`
}

test("constant expressions have the types and values that a native compiler finds", { skip }, async t => {
  const lines = runNative(judge, program(CASES)).trimEnd().split("\n")
  for (const [i, text] of CASES.entries()) {
    await t.test(`${text} ⇒ ${lines[i]}`, () => {
      assert.equal(ours(text), lines[i])
    })
  }
})

test("random constant expressions too", { skip }, () => {
  const random = generator(Number(process.env.SKEP_SEED ?? 20150821))
  const texts: string[] = []
  while (texts.length < 400) {
    const text = randomExpression(random, 4)
    if (!ours(text).endsWith("undefined")) texts.push(text)
  }
  const lines = runNative(judge, program(texts)).trimEnd().split("\n")
  for (const [i, text] of texts.entries()) assert.equal(ours(text), lines[i], text)
})

test("what C gives no value has none", () => {
  for (const text of ["1 / 0", "1 % 0", "1 << 32", "1 << -1", "1L >> 64", "1 / (1 - 1)", "__builtin_clz(0)"]) {
    assert.match(ours(text), / undefined$/, text)
  }
})

/** Numbers below n, the same ones for the same seed. */
function generator(seed: number): (n: number) => number {
  let state = seed >>> 0
  return n => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return Math.floor((state / 2 ** 32) * n)
  }
}

function randomExpression(random: (n: number) => number, depth: number): string {
  const pick = <T>(items: readonly T[]): T => items[random(items.length)]
  if (depth === 0 || random(6) === 0) {
    const value = pick([
      "0",
      "1",
      "2",
      "7",
      "127",
      "255",
      "65535",
      "2147483647",
      "4294967295",
      "0x80000000",
      "0x7fffffffffffffff",
    ])
    return value + pick(["", "", "u", "L", "UL", "LL", "ULL"])
  }
  const sub = () => randomExpression(random, depth - 1)
  switch (random(5)) {
    case 0:
      return `(${pick(INTEGERS)})(${sub()})`
    case 1:
      return `${pick(["-", "~", "!", "+"])}(${sub()})`
    case 2:
      return `((${sub()}) ? (${sub()}) : (${sub()}))`
    case 3:
      // Division by what is not negative one: the least value divided by it would trap.
      return `((${sub()}) ${pick(["/", "%"])} ${pick(["3", "5u", "1000L", "77UL"])})`
    default:
      return `((${sub()}) ${pick(["+", "-", "*", "&", "|", "^", "<<", ">>", "<", ">", "<=", ">=", "==", "!=", "&&", "||"])} (${sub()}))`
  }
}
