import assert from "node:assert/strict"
import { test } from "node:test"
import { SourceFile } from "../../base/index.ts"
import { Diagnostics } from "../diagnostics/index.ts"
import { type PreprocessOptions, Preprocessor, preprocess } from "./index.ts"

type Options = Partial<Omit<PreprocessOptions, "diagnostics">>

function run(text: string, options: Options = {}): { tokens: string[]; diagnostics: Diagnostics } {
  const diagnostics = new Diagnostics()
  const tokens = preprocess(new SourceFile("t.c", text), { diagnostics, ...options })
  return {
    tokens: tokens.filter(t => t.kind !== "eof").map(t => (t.kind === "pragma" ? `<${t.text}>` : t.text)),
    diagnostics,
  }
}

/** One case: the text gives these tokens, and nothing is wrong. */
function gives(text: string, expected: string, options: Options = {}): void {
  test(`${text} → ${expected}`, () => {
    const { tokens, diagnostics } = run(text, options)
    assert.deepEqual(
      diagnostics.list.map(d => d.message),
      [],
    )
    assert.equal(tokens.join(" "), expected)
  })
}

/** One case: the text gives this first diagnostic. */
function complains(text: string, message: string, options: Options = {}): void {
  test(`${text} ⇒ ${message}`, () => {
    const diagnostics = new Diagnostics()
    try {
      preprocess(new SourceFile("t.c", text), { diagnostics, ...options })
    } catch {}
    assert.equal(diagnostics.list[0]?.message, message)
  })
}

// Tokens
gives("a+++++b", "a ++ ++ + b")
gives("x->y...z..w", "x -> y ... z . . w")
gives("a<<=b>>=c<=d>=e==f!=g&&h||i", "a <<= b >>= c <= d >= e == f != g && h || i")
gives("0x1p-3 1.5e+10f .5 1..2 0xe+1", "0x1p-3 1.5e+10f .5 1..2 0xe+1")
gives('L\'a\' u"b" U"c" u8"d" u8 L u', `L'a' u"b" U"c" u8"d" u8 L u`)
gives("\"a\\\"b\" '\\''", `"a\\"b" '\\''`)
gives("a/* x */b // y\nc", "a b c")
gives('ab\\\ncd "x\\\ny" +\\\n+', 'abcd "xy" ++')
gives("a \\  \nb", "a b")
gives("// one \\\n two\nthree", "three")
gives("<: :> <% %> %:", "[ ] { } #")
gives("\ufeffint é = 1;", "int é = 1 ;")
gives("\\u00e9x", "éx")
gives("a\r\n#define b c\r\nb\r\n", "a c")
gives("??= ??/", "? ? = ? ? /")
complains("'a", "missing terminating ' character")
complains('f("a\nb)', 'missing terminating " character')
complains("a @ b", "stray '@' in program")
complains("a \u0000 b", "stray '\\x00' in program")
complains("/* a", "unterminated /* comment")
complains("#if 0\n/* a\n#endif", "unterminated /* comment")

// Object-like macros
gives("#define A 1\nA B A", "1 B 1")
gives("#define A B\n#define B A\nA B", "A B")
gives("#define A A 1\nA", "A 1")
gives("#define A\n[A]", "[ ]")
gives("#define A 1\n#undef A\nA", "A")
gives("#define EMPTY\n#define X (EMPTY)\nX", "( )")
gives("#define A(x) x\n#define B A\nB(3) B", "3 A")

// Function-like macros
gives("#define F(x) <x>\nF(1) F (2) F\n(3) F", "< 1 > < 2 > < 3 > F")
gives("#define F() 1\nF() F( ) F", "1 1 F")
gives("#define F(x) [x]\nF()", "[ ]")
gives("#define F(x,y) y x\nF((a,b),c) F(,)", "c ( a , b )")
gives("#define F(x) x x\nF(F(1))", "1 1 1 1")
gives("#define F(x) G(x)\n#define G(x) F(x)\nF(1)", "F ( 1 )")
gives("#define f(a) a*g\n#define g(a) f(a)\nf(2)(9)", "2 * 9 * g")
gives("#define F(a) a\nF(\n#ifdef X\n1\n#else\n2\n#endif\n)", "2")
gives("#define F(a,b) a-b\nF(\n1\n,\n2)", "1 - 2")
complains("#define F(a) a\nF(1,2)", "macro 'F' needs 1 argument, but 2 given")
complains("#define F(a,b) a\nF(1)", "macro 'F' needs 2 arguments, but 1 given")
complains("#define F() 1\nF(1)", "macro 'F' needs 0 arguments, but 1 given")
complains("#define F(a) a\nF(1", "unterminated argument list of macro 'F'")
complains("#define F(a a\nF(1)", "expected ')' or ',' in macro parameter list")
complains("#define F(a,a) a", "duplicate macro parameter 'a'")
complains("#define F(a,) a", "expected a macro parameter name")
complains("#define 3 4", "macro name must be an identifier")
complains("#define defined 4", "'defined' cannot be used as a macro name")
complains("#define", "macro name missing")
complains("#define A 1\n#define A 2", "'A' macro redefined")
gives("#define A (1 + 2)\n#define A  (1  +  2)\nA", "( 1 + 2 )")

// # and ##
gives(
  '#define S(x) #x\nS(a  +  b) S( "x\\n" ) S(\'"\') S() S(a,)'.replace("S(a,)", ""),
  '"a + b" "\\"x\\\\n\\"" "\'\\"\'" ""',
)
gives("#define S(x) #x\n#define X 1\nS(X)", '"X"')
gives("#define C(a,b) a##b\nC(x,1) C(,b) C(a,) C(,) C(<,<=)", "x1 b a <<=")
gives("#define C(a,b,c) a##b##c\nC(x,,z) C(,,z) C(x,y,)", "xz z xy")
gives("#define C(a) a ## 1 ## a\nC(x)", "x1x")
gives("#define X 1\n#define C(a) a ## Y a\nC(X)", "XY 1")
gives("#define hash_hash # ## #\nhash_hash", "##")
gives("#define AB 3\n#define C(a,b) a##b\nC(A,B)", "3")
complains("#define C(a,b) a##b\nC(+,-)", "pasting forms '+-', which is not one token")
complains("#define A ## b", "'##' cannot be at either end of a macro expansion")
complains("#define A(x) # y", "'#' is not followed by a macro parameter")
complains("#define S(x) #x\nS(\\)", "invalid string literal, ignoring final '\\'")

// Variadic macros
gives("#define P(f,...) p(f,__VA_ARGS__)\nP(1,2,3) P(1,)", "p ( 1 , 2 , 3 ) p ( 1 , )")
gives("#define P(f,...) p(f,##__VA_ARGS__)\nP(1) P(1,) P(1,2,3)", "p ( 1 ) p ( 1 , ) p ( 1 , 2 , 3 )")
gives("#define P(f,args...) p(f,##args)\nP(1) P(1,2,3)", "p ( 1 ) p ( 1 , 2 , 3 )")
gives("#define P(args...) p(x, ## args)\nP() P(1)", "p ( x ) p ( x , 1 )")
gives("#define P(f,...) p(f __VA_OPT__(,) __VA_ARGS__)\nP(1) P(1,2)", "p ( 1 ) p ( 1 , 2 )")
gives("#define E\n#define P(f,...) p(f __VA_OPT__(,) __VA_ARGS__)\nP(1,E)", "p ( 1 )")
gives("#define P(x,...) x ## __VA_OPT__(a x b) ## c\nP(q,1) P(q)", "qa q bc qc")
gives("#define P(x,...) #__VA_OPT__(x __VA_ARGS__)\nP(q,1) P(q)", '"q 1" ""')
gives("#define S(...) #__VA_ARGS__\nS(a, b,c) S()", '"a, b,c" ""')
gives(
  "#define H1(a) one(a)\n#define H2(a,b) two(a,b)\n#define H3(a,b,c) three(a,b,c)\n#define PICK(_1,_2,_3,N,...) N\n" +
    "#define H(...) PICK(__VA_ARGS__,H3,H2,H1,0)(__VA_ARGS__)\nH(x) H(x,y) H(x,struct k,z)",
  "one ( x ) two ( x , y ) three ( x , struct k , z )",
)

// C11 6.10.3.5
gives(
  `#define x 3
#define f(a) f(x * (a))
#undef x
#define x 2
#define g f
#define z z[0]
#define h g(~
#define m(a) a(w)
#define w 0,1
#define t(a) a
#define p() int
#define q(x) x
#define r(x,y) x ## y
#define str(x) # x
f(y+1) + f(f(z)) % t(t(g)(0) + t)(1);
g(x+(3,4)-w) | h 5) & m
(f)^m(m);
p() i[q()] = { q(1), r(2,3), r(4,), r(,5), r(,) };
char c[2][6] = { str(hello), str() };`,
  `f ( 2 * ( y + 1 ) ) + f ( 2 * ( f ( 2 * ( z [ 0 ] ) ) ) ) % f ( 2 * ( 0 ) ) + t ( 1 ) ; ` +
    `f ( 2 * ( 2 + ( 3 , 4 ) - 0 , 1 ) ) | f ( 2 * ( ~ 5 ) ) & f ( 2 * ( 0 , 1 ) ) ^ m ( 0 , 1 ) ; ` +
    `int i [ ] = { 1 , 23 , 4 , 5 , } ; char c [ 2 ] [ 6 ] = { "hello" , "" } ;`,
)
gives(
  `#define str(s) # s
#define xstr(s) str(s)
#define debug(s, t) printf("x" # s "= %d, x" # t "= %s", x ## s, x ## t)
#define INCFILE(n) vers ## n
#define glue(a, b) a ## b
#define xglue(a, b) glue(a, b)
#define HIGHLOW "hello"
#define LOW LOW ", world"
debug(1, 2);
fputs(str(strncmp("abc\\0d", "abc", '\\4') // this goes away
 == 0) str(: @\\n), s);
xstr(INCFILE(2).h)
glue(HIGH, LOW);
xglue(HIGH, LOW)`,
  `printf ( "x" "1" "= %d, x" "2" "= %s" , x1 , x2 ) ; ` +
    String.raw`fputs ( "strncmp(\"abc\\0d\", \"abc\", '\\4') == 0" ": @\n" , s ) ; ` +
    `"vers2.h" "hello" ; "hello" ", world"`,
)
gives(
  `#define t(x,y,z) x ## y ## z
int j[] = { t(1,2,3), t(,4,5), t(6,,7), t(8,9,), t(10,,), t(,11,), t(,,12), t(,,) };`,
  "int j [ ] = { 123 , 45 , 67 , 89 , 10 , 11 , 12 , } ;",
)
gives(
  `#define debug(...) fprintf(stderr, __VA_ARGS__)
#define showlist(...) puts(#__VA_ARGS__)
#define report(test, ...) ((test)?puts(#test): printf(__VA_ARGS__))
debug("Flag");
debug("X = %d\\n", x);
showlist(The first, second, and third items.);
report(x>y, "x is %d but y is %d", x, y);`,
  String.raw`fprintf ( stderr , "Flag" ) ; fprintf ( stderr , "X = %d\n" , x ) ; ` +
    `puts ( "The first, second, and third items." ) ; ` +
    `( ( x > y ) ? puts ( "x>y" ) : printf ( "x is %d but y is %d" , x , y ) ) ;`,
)
gives(
  "#define hash_hash # ## #\n#define mkstr(a) # a\n#define in_between(a) mkstr(a)\n#define join(c, d) in_between(c hash_hash d)\njoin(x, y)",
  '"x ## y"',
)

// Conditions
gives("#if 1\na\n#else\nb\n#endif\nc", "a c")
gives("#if 0\na\n#elif 1\nb\n#elif 1\nc\n#else\nd\n#endif", "b")
gives("#if 0\n#if 1\na\n#else\nb\n#endif\n#else\nc\n#endif", "c")
gives("#ifdef A\na\n#elifdef B\nb\n#elifndef C\nc\n#endif", "c")
gives("#if 0\n'unclosed \"#endif\n#else\nx\n#endif", "x")
gives("#if 0\n#else junk\nx\n#endif junk", "x")
gives("#define A\n#if defined A && defined(A) && !defined B\nx\n#endif", "x")
gives("#define D defined(A)\n#define A\n#if D\nx\n#endif", "x")
gives("#if 1\n#elif 1/0\n#endif\nx", "x")

function isTrue(expression: string): void {
  gives(`#if ${expression}\nyes\n#else\nno\n#endif`, "yes")
}
isTrue("1 + 2 * 3 == 7")
isTrue("(1 || 1/0) && !(0 && 1/0)")
isTrue("-1 < 0")
isTrue("-1 > 0u")
isTrue("~0 == -1")
isTrue("~0u == 0xffffffffffffffff")
isTrue("0x7fffffffffffffff + 1 < 0")
isTrue("(2 || 3) != 2")
isTrue("1 ? 2 : (1/0)")
isTrue("(0 ? -1 : 0u) == 0")
isTrue("(1 ? -1 : 0u) > 0")
isTrue("1 << 3 == 8")
isTrue("-8 >> 1 == -4")
isTrue("-7 / 2 == -3 && -7 % 2 == -1")
isTrue("'a' == 97 && '\\n' == 10 && '\\x41' == 65 && '\\101' == 65")
isTrue("'ab' == 24930")
isTrue("'\\377' < 0")
isTrue("L'\\377' == 255")
isTrue("undefined_name == 0")
isTrue("true && !false")
isTrue("010 == 8 && 0b101 == 5 && 10ULL == 10llu")
isTrue("1 - 1 - 1 == -1")
isTrue("(3 & 6 | 8 ^ 1) == 11")
isTrue("defined __has_include && defined(__has_builtin)")
isTrue("__has_builtin(__builtin_memcpy) && !__has_builtin(__builtin_nonsense)")
isTrue("__has_attribute(always_inline) && __has_attribute(__packed__) && !__has_attribute(nonsense)")
isTrue("__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ && __SIZEOF_POINTER__ == 8 && __CHAR_BIT__ == 8")
isTrue("defined(__bpf__) && defined(__BPF__) && __clang_major__ > 9 && __STDC__")
complains("#if 1/0\n#endif", "division by zero in preprocessor expression")
complains("#if\n#endif", "#if with no expression")
complains("#if 1 2\n#endif", "token '2' is not valid after a preprocessor expression")
complains("#if (1\n#endif", "expected ')' in preprocessor expression")
complains("#if 1 +\n#endif", "expected a value at the end of a preprocessor expression")
complains("#if 1.0\n#endif", "floating point literal in preprocessor expression")
complains("#if 1zz\n#endif", "invalid integer '1zz' in preprocessor expression")
complains("#if 99999999999999999999\n#endif", "integer '99999999999999999999' is too large")
complains('#if "x"\n#endif', `token '"x"' is not valid in a preprocessor expression`)
complains("#if 1, 2\n#endif", "comma operator in preprocessor expression")
complains("#if defined\n#endif", "'defined' must be followed by a name")
complains("#if defined(A\n#endif", "missing ')' after 'defined'")
complains("#if 1", "unterminated conditional directive")
complains("#else\n", "#else without #if")
complains("#endif", "#endif without #if")
complains("#if 1\n#else\n#else\n#endif", "#else after #else")
complains("#if 0\n#else\n#elif 1\n#endif", "#elif after #else")
complains("#ifdef\n#endif", "macro name missing after #ifdef")
complains("#inclde <a.h>", "unknown directive '#inclde'; did you mean 'include'?")
complains("#error it's wrong", "it's wrong")
complains("#warning careful", "careful")
gives("#\n# \nx", "x")
gives("#define H #\nH define A 1\nA", "# define A 1 A")

// Includes
const files: Record<string, string> = {
  "a.h": "A",
  "guard.h": "#ifndef G\n#define G\ng\n#endif\n",
  "once.h": "#pragma once\no",
  "nest.h": '#include "a.h"\n__INCLUDE_LEVEL__ __FILE__',
  "self.h": '#include "self.h"',
  "open.h": "#define F(x) <x>\nF(",
  "fn.h": "FN",
}
const cache = new Map(Object.entries(files).map(([name, text]) => [name, new SourceFile(name, text)]))
const resolve: PreprocessOptions["resolve"] = name => cache.get(name)
gives('#include "a.h"\n#include <a.h>', "A A", { resolve })
gives('#include "guard.h"\n#include "guard.h"', "g", { resolve })
gives('#include "once.h"\n#include "once.h"', "o", { resolve })
gives('#include "nest.h"\n__INCLUDE_LEVEL__ __FILE__', 'A 1 "nest.h" 0 "t.c"', { resolve })
gives('#define N "a.h"\n#include N\n#define M <a.h>\n#include M', "A A", { resolve })
gives("#define x(n) <n.h>\n#include x(a)", "A", { resolve })
gives('#if __has_include("a.h") && !__has_include(<b.h>)\nyes\n#endif', "yes", { resolve })
gives('#define FN(x) x\n#include "fn.h"\n(1)', "FN ( 1 )", { resolve })
complains('#include "b.h"', "'b.h' file not found", { resolve })
complains('#include "self.h"', "#include nests more than 200 deep", { resolve })
complains('#include "open.h"\n1)', "unterminated argument list of macro 'F'", { resolve })
complains("#include", '#include needs a file name, "name" or <name>')
complains("#include <>", "empty file name in #include")

// #line, #pragma, _Pragma, predefined
gives("__LINE__\n__LINE__ __FILE__", '1 2 "t.c"')
gives('#line 77 "u.c"\n__LINE__ __FILE__\n__LINE__', '77 "u.c" 78')
gives("#define L __LINE__\n#define F(x) x L\nF(\n1\n)", "1 3")
gives('# 5 "gen.c"\n__LINE__', "5")
complains("#line x", "#line needs a line number")
gives("__COUNTER__ __COUNTER__ __COUNTER__", "0 1 2")
gives("__DATE__ __TIME__", '"Jan  1 1970" "00:00:00"')
gives("#pragma unroll\nfor", "<unroll> for")
gives(
  "#define N 4\n#pragma unroll N\n#pragma clang loop unroll(full)\n#pragma GCC unroll 8\n#pragma pack(push, 1)",
  "<unroll 4> <clang loop unroll(full)> <GCC unroll 8> <pack(push, 1)>",
)
gives("#pragma GCC diagnostic push\n#pragma weird\n#pragma\nx", "x")
gives('#define U _Pragma("unroll") for\nU _Pragma("nonsense") ;', "<unroll> for ;")
gives("#define DO(x) _Pragma(#x)\nDO(unroll 3)", "<unroll 3>")
complains("_Pragma(1)", "_Pragma takes one string literal in parentheses")
gives('#define A 1\n#pragma push_macro("A")\n#undef A\n#define A 2\nA\n#pragma pop_macro("A")\nA', "2 1")
gives("A B C(3) D", "1 2 [ 3 ] D", { flags: ["-DA", "-DB=2", "-DC(x)=[x]", "-DD=1", "-UD"] })
gives("A F(2) B", "7 2 + 1 B", { macros: name => (name === "A" ? " 7" : name === "F" ? "(x) x+1" : undefined) })
gives("#define A 3\nA", "3", { macros: name => (name === "A" ? " 7" : undefined) })
gives("constructor toString __proto__ hasOwnProperty", "constructor toString __proto__ hasOwnProperty")

// Bounds
complains(
  `#define A0 x x\n${Array.from({ length: 40 }, (_, i) => `#define A${i + 1} A${i} A${i}`).join("\n")}\nA40`,
  "macros made more than 2000000 tokens",
)
complains(`#define F(x) x\n${"F(".repeat(2000)}1${")".repeat(2000)}`, "macro arguments nest more than 256 deep")
complains(`#if ${"(".repeat(2000)}1\n#endif`, "preprocessor expression nests too deeply")
complains(`#if ${"!".repeat(2000)}1\n#endif`, "preprocessor expression nests too deeply")

const headers: Options["resolve"] = name =>
  name.endsWith(".h") ? new SourceFile(name, `#define ${name[0].toUpperCase()} 1\n${name[0]}`) : undefined
gives('A B C\n#include "c.h"\nC', "a b 1 1 C c 1", { flags: ["-include a.h", "-include b.h"], resolve: headers })
gives('A B C\n#include "c.h"\nC', "b 1 1 C c 1", { flags: ["-include b.h", "-imacros a.h"], resolve: headers })
complains("A", "'a' file not found", { flags: ["-include a"], resolve: headers })
complains("A", "'a' file not found", { flags: ["-imacros a"], resolve: headers })

test("all macros as definitions", () => {
  const diagnostics = new Diagnostics()
  const text =
    "#define A( x,  y ) x   ## y\n#define B\n#define C(a...) a\n#define D(...) #__VA_ARGS__\n#define E 1\n#undef E\n"
  const preprocessor = new Preprocessor(new SourceFile("t.c", text), { diagnostics })
  preprocessor.all()
  const all = preprocessor.definitions()
  assert.ok(all.includes("#define __bpf__ 1"))
  const own = all.filter(line => /^#define [A-Z]\b/.test(line))
  assert.deepEqual(own, ["#define A(x,y) x ## y", "#define B", "#define C(a...) a", "#define D(...) #__VA_ARGS__"])
})
