import assert from "node:assert/strict"
import { test } from "node:test"
import { messages, parseC } from "../../../tests/support/parseC.ts"

/** One case: text whose static assertions hold, and that gives exactly these diagnostics: none, where nothing is named. */
function takes(text: string, ...expected: string[]): void {
  test(`${text} ⇒ ${expected[0] ?? "nothing"}`, () => assert.deepEqual(messages(parseC(text).diagnostics), expected))
}

// attributes
takes("[[noreturn]] void f(void); [[nodiscard]] int g([[maybe_unused]] int a);")
takes('[[gnu::noinline, deprecated("old")]] static int f(int a) { return a; }')
takes("struct [[gnu::packed]] s { char c; int i; }; static_assert(sizeof(struct s) == 5);")
takes("struct s { char c; int i [[gnu::aligned(2)]]; } [[__gnu__::__packed__]]; static_assert(sizeof(struct s) == 6);")
takes("enum [[deprecated]] e { A [[deprecated]], B [[gnu::unused]] = 3 }; static_assert(B == 3);")
takes("int x [[gnu::aligned(16)]], *y [[gnu::unused]]; int t[2] [[gnu::unused]];")
takes('[[vendor::thing(1, (2), "x")]] int x; [[]] int y;')
takes("int f(int a) { switch (a) { case 1: a++; [[fallthrough]]; case 2: [[likely]] return 5; } return a; }")
takes("int f(int a) { [[maybe_unused]] int b = 1; [[gnu::unused]] l: if (a) goto l; return a; }")
takes("int f(void) [[gnu::pure]]; int f(void) { return 1; }")
takes("[[gnu::aligned(3)]] int x;", "error: requested alignment is not a power of 2")

takes(
  "void f(void) [[gnu::aligned(32)]]; static_assert(alignof(f) == 32); int x [[gnu::aligned(16)]]; static_assert(alignof(x) == 16);",
)

// enums with a type
takes("enum e : unsigned char { A, B = 255 }; static_assert(sizeof(enum e) == 1 && sizeof(A) == 1 && B == 255);")
takes("enum e : long { A = -1 }; static_assert(sizeof(enum e) == 8 && A < 0);")
takes("enum e : short; struct s { enum e x; }; enum e : short { A }; static_assert(sizeof(struct s) == 2);")
takes("enum : unsigned { A = 0xffffffff }; static_assert(A > 0);")
takes("enum e { A }; struct s { enum e : 3; enum e x : 2; };")
takes(
  "enum e : unsigned char { A = 256 };",
  "error: enumerator value 256 is not representable in the underlying type 'unsigned char'",
)
takes("enum e : int *{ A };", "error: expected identifier or '(', found '{'")
takes("enum e : float { A };", "error: the type of an enum cannot be 'float'")
takes("enum e : int { A }; enum e : int { B };", "error: redefinition of 'e'")
takes("enum e : int; enum e : long { A };", "error: the enum 'e' was declared with a different underlying type")

// types from values
takes("const volatile int a = 1; typeof_unqual(a) b; typeof_unqual(const long) c; void f(void) { b = 2; c = 3; }")
takes(
  "int f(int a) { auto x = a + 1ul; static_assert(sizeof(x) == 8); const auto y = 'c'; static auto z = 5; return x + y + z; }",
)
takes("auto x = 5l; static_assert(sizeof(x) == 8);")
takes(
  "void f(void) { const auto y = 1; y = 2; }",
  "error: cannot assign to variable 'y' with const-qualified type 'const int'",
)
takes(
  "void f(void) { auto int x = 1; auto y; }",
  "error: a type taken from the initialiser needs a plain name and an initialiser",
)
takes("void f(void) { auto x = {1}; }", "error: a list gives no type")

// constants
takes("constexpr int n = 5; int t[n]; static_assert(sizeof(t) == 20); enum { A = n + 1 }; struct s { int b : n; };")
takes("int f(int a) { constexpr unsigned char k = 3; switch (a) { case k: return 1; } return k; }")
takes("constexpr int n;", "error: constexpr variable 'n' must be initialised")
takes("int a; constexpr int n = a;", "error: initializer element is not a compile-time constant")
takes(
  "constexpr int n = 5; void f(void) { n = 6; }",
  "error: cannot assign to variable 'n' with const-qualified type 'const int'",
)
takes("static const int n = 4; const int m = n * 2; char t[m]; static_assert(sizeof(t) == 8);")
takes(
  "void f(void) { const volatile int n = 4; char t[n]; }",
  "error: variable length arrays are not supported: the stack of a BPF program has a fixed size",
)
takes("int *p = nullptr; static_assert(sizeof(nullptr) == 8); int f(int *q) { return q == nullptr || !nullptr; }")
takes("static_assert(true && !false && sizeof(true) == 1 && sizeof(bool) == 1); bool b = 5;")
takes("typedef int bool; enum { false, true }; bool x = true; static_assert(sizeof(bool) == 4);")
takes('static_assert(alignof(long) == 8); alignas(16) int x; static_assert(1, "text");')
takes("int static_assert; int alignof(int nullptr) { return nullptr + static_assert; }")
takes("static_assert(1'000'000 == 1000000 && 0x1'f == 31 && 0b1'0 == 2 && u8'a' == 97);")
takes("int été(int \\u00e9) { return é; } int g(void) { return \\u00E9t\\U000000e9(1); }")

// the outermost size of a parameter says nothing
takes(
  "int f(int n, int t[n], int u[static n + 1], int v[*], int w[n][3]) { return t[0] + u[n] + w[1][2]; } int g(int, int[*]);",
)
takes(
  "int f(int n, int t[n][n]) { return 0; }",
  "error: variable length arrays are not supported: the stack of a BPF program has a fixed size",
)
takes(
  "int f(int n, int t[n++]) { return n; }",
  "error: variable length arrays are not supported: the stack of a BPF program has a fixed size",
)

// what BPF has not
takes("void f(int n, ...) { __builtin_va_list a; va_start(a, n); }", "error: 'va_start' is not supported")
takes("void f(int n, ...) { __builtin_va_list a; __builtin_va_end(a); }", "error: '__builtin_va_end' is not supported")
takes("void *f(int n) { return alloca(n); }", "error: 'alloca' is not supported")
takes('const char t[] = {\n#embed "x"\n};', "error: '#embed' is not supported")
const bitInt = "error: _BitInt is not supported: BPF has integers of 8, 16, 32 and 64 bits"
takes("_BitInt(7) x;", bitInt)
takes("unsigned _BitInt(24) f(void);", bitInt)
takes("_Float16 x;", "error: '_Float16' cannot be used: BPF has no floating point")
takes("_Decimal64 x;", "error: '_Decimal64' cannot be used: BPF has no floating point")

// a constant is what it is where it stands, whoever names it later
takes(
  "const int a = a + 1; char t[a];",
  "error: initializer element is not a compile-time constant",
  "error: variable length arrays are not supported: the stack of a BPF program has a fixed size",
)
takes(
  `const int a0 = 1; ${Array.from({ length: 60 }, (_, i) => `const int a${i + 1} = a${i} - a${i} + 1;`).join(" ")} char t[a60];`,
)
