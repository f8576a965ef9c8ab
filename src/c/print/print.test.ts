import assert from "node:assert/strict"
import { test } from "node:test"
import { compilers, runNative } from "../../../tests/support/native.ts"
import { messages, parseC } from "../../../tests/support/parseC.ts"
import {
  CHAR,
  dumpAst,
  type Expr,
  type FunctionDecl,
  INT,
  intLit,
  makeCast,
  pointerTo,
  printNode,
  printUnit,
  VOID_PTR,
} from "../index.ts"

/** The unit's tree without places, tags made by the printer, and the grouping of local declarations. */
function tree(text: string): string {
  const { unit, diagnostics } = parseC(text)
  assert.deepEqual(
    messages(diagnostics).filter(m => m.startsWith("error")),
    [],
    text,
  )
  assert.ok(unit)
  return dumpAst(unit)
    .replace(/ t\.c:\d+:\d+/g, "")
    .replace(/anonymous_\d+/g, "(anonymous)")
    .replace(/^ *decl\n/gm, "")
}

function print(text: string): string {
  const { unit } = parseC(text)
  assert.ok(unit)
  return printUnit(unit)
}

/** One case: what is printed parses to the same tree, and prints the same again. */
function returns(text: string): void {
  test(text, () => {
    const printed = print(text)
    assert.equal(tree(printed), tree(text), printed)
    assert.equal(print(printed), printed)
  })
}

/** One case: an expression of int, unsigned, long and pointer variables is printed so. */
function prints(expression: string, expected = expression): void {
  test(`${expression} prints as ${expected}`, () => {
    const head =
      "struct s { int f; struct s *n; }; int g(int, ...); void t(int a, int b, unsigned u, long l, int *p, struct s *s, struct s v)"
    const lines = print(`${head} { ${expression}; }`).trimEnd().split("\n")
    assert.equal(lines[lines.length - 2].trim(), `${expected};`)
  })
}

prints("a + b * l")
prints("(a + b) * l")
prints("a - (b - l)")
prints("(a - b) - l", "a - b - l")
prints("a << b + 1")
prints("(a & b) == l")
prints("a & b == l")
prints("a && b || l")
prints("a && (b || l)")
prints("a ? b : l ? 1 : 2")
prints("(a ? b : l) ? 1 : 2")
prints("a ?: b")
prints("a = b = l")
prints("a += b << 1")
prints("a, b, l")
prints("g(a, (b, l))")
prints("- -a")
prints("-(-a)", "- -a")
prints("!~+a")
prints("-a--")
prints("*p++")
prints("(*p)++")
prints("++*p")
prints("&p[1]")
prints("*&a")
prints("s->n->f")
prints("(*s).f")
prints("v.n->n[3].f")
prints("(&v)->f")
prints("(long)a + b")
prints("(long)(a + b)")
prints("*(char *)p")
prints("((struct s *)p)->f")
prints("sizeof(int *[3])")
prints("sizeof a", "sizeof(a)")
prints("_Alignof(long)")
prints("__builtin_offsetof(struct s, n)")
prints("g(1, 'a', 0x1fULL, 10u, '\\n')")
prints("g(4294967296)", "g(4294967296)")
prints('g(1, "a\\n\\"\\\\\\001")')
prints("(struct s){1, 0}.f")
prints("(struct s){.n = s}")
prints("(void)a")
prints("a == 1 != b")
prints("__builtin_memset(p, 0, sizeof(*p))")
prints("__sync_fetch_and_add(p, 1)")
prints("(a, b) ? l : 0")
prints("a ? (b, l) : 0")
prints("(a = b) + 1")
prints("2[p]", "p[2]")
prints("p - p + 1")
prints("p - (p + 1)")

returns("int x, *y = &x, z[3] = {1, 2};")
returns('static const char s[] = "abc"; char *t = "x\\0y";')
returns("int a[4] = {[1 ... 2] = 5, [0] = 1};")
returns(
  "struct s { int a; union { int b; char c[4]; }; unsigned d : 3, : 2, e : 5; } __attribute__((packed)); struct s v = {.c = {1}, .e = 2};",
)
returns("struct s { int a, b; } v = {1, 2}, *p = &v;")
returns("struct { int a; } x, y; void f(void) { x = y; }")
returns("typedef struct { int a; struct { int b; } c; } t; t v = {1, {2}};")
returns("union u { int a; char b; } v = {.b = 1};")
returns("enum e { A, B = 5, C } v = B; int w = C;")
returns("enum { A = -1, B } ; int w = B;")
returns("enum __attribute__((packed)) e { A }; int s = sizeof(enum e);")
returns("#pragma pack(push, 1)\nstruct s { char a; int b; };\n#pragma pack(pop)\nint s = sizeof(struct s);")
returns("struct s { char a; int b __attribute__((packed)); char c __attribute__((aligned(8))); int : 0; char d; };")
returns("typedef unsigned long u64 __attribute__((aligned(4))); struct s { char c; u64 x; };")
returns("int f(int); int g(int x) { return f(x); } int f(int y) { return y; }")
returns("int b; static int f(void); int g(void) { return f() + b; } static int f(void) { return 1; } int b = 3;")
returns("int (*f(int a))(long) { return 0; }")
returns("void (*fp)(void *, ...); int v(const char *fmt, ...);")
returns('__attribute__((section("maps/hash"), used)) int x;')
returns('int f(void) asm("llvm.bpf.load.byte");')
returns("static inline __attribute__((always_inline)) int f(int a) { return a; }")
returns("int f(int a) { if (a) return 1; else if (a > 2) return 2; else { return 3; } }")
returns("int f(int a) { if (a) { if (a > 1) return 1; } else return 2; return 0; }")
returns("int f(int a) { if (a) while (a) if (a > 1) return 1; else return 2; return 0; }")
returns("int f(int n) { int s = 0; for (int i = 0, *p = &i; i < n; i++) { if (i == 3) continue; s += *p; } return s; }")
returns("int f(int n) { for (;;) if (n--) break; do n++; while (n < 5); do { n--; } while (n); while (1) ; }")
returns("int f(int n) { switch (n) { case 1: case 2: n++; break; case 5 ... 9: return 2; default: ; } return n; }")
returns(
  "int f(int n) {\n#pragma unroll\nfor (int i = 0; i < 4; i++) n += i;\n#pragma unroll 8\nwhile (n) n--;\n#pragma nounroll\ndo n++; while (n < 3); return n; }",
)
returns("int f(int n) { again: if (n--) goto again; out: return n; goto out; }")
returns("int f(int n) { goto l; l: ; int x = n; return x; }")
returns("int f(int n) { return ({ int x = n; x * 2; }); }")
returns("int f(int n) { int x = 1; { int x = 2; n += x; } return n + x; }")
returns("int f(int n) { struct p { int a; } v = {n}; enum { K = 3 }; return v.a + K; }")
returns("int f(int n) { static int count; extern int g; int g2(void); return count++ + g + g2(); }")
returns(
  'int f(int n) { asm volatile ("" : "=r"(n) : "0"(n)); asm volatile ("" ::: "memory"); asm ("%[o] += %1" : [o] "+r"(n) : "i"(5)); return n; }',
)
returns(
  "unsigned long f(unsigned long n) { switch (n) { case 0x8000000000000000: return 1; case -1UL: return 2; } return 0; }",
)
returns("long a = -9223372036854775807L - 1; int b = -2147483648; int c = -2147483647 - 1; unsigned d = 4294967295;")
returns("__int128 f(__int128 a) { return a << 64; } _Bool g(int x) { return x; }")
returns('int w[] = L"a\\x1234" L"b"; unsigned short u[] = u"é";')
returns("struct s { int n; int tail[]; }; int f(struct s *s) { return s->tail[s->n]; }")
returns("int f(int a[const 3], int g(void)) { return a[0] + g(); }")
returns("int f(void *p) { return p + 1 == 0 ? -1 : !p; }")
returns("typedef int T; int f(T T) { return T; }")
returns("struct a { struct b { int x; } y; struct a *next; }; int f(struct a *p) { return p->next->y.x; }")
returns(
  "int f(void) { return __builtin_types_compatible_p(int, int) + __builtin_constant_p(3) + _Generic(1L, int: 1, long: 2); }",
)
returns(
  "struct s { int f : 3; } __attribute__((preserve_access_index)); unsigned f(struct s *s) { return __builtin_preserve_field_info(s->f, 0) + __builtin_btf_type_id(*s, 1); }",
)
returns("_Bool f(int a, long *r) { return __builtin_add_overflow(a, 1, r) || __builtin_mul_overflow(a, a, r); }")
returns("union u { int a; char *b; }; union u f(char *p) { return (union u)p; }")
returns("const volatile int *const *p; int *const *volatile q;")

test("the tree says the kind, type and place of every node", () => {
  const { unit } = parseC(
    "struct s { int a : 3; };\nint f(struct s *p) {\n  if (p->a > 'x') return p->a + 1L;\n  return 0;\n}\n",
  )
  assert.ok(unit)
  assert.equal(
    dumpAst(unit),
    `struct s size 4 align 4 t.c:1:8
  field a 'int' at 0:0 width 3
function f 'int (struct s *)' t.c:2:5
  param p 'struct s *' t.c:2:17
  block t.c:2:20
    if t.c:3:3
      cond
        binary > 'int' t.c:3:7
          cast load 'int' t.c:3:7 implicit
            member ->a 'int' t.c:3:7
              cast load 'struct s *' t.c:3:7 implicit
                ref p 'struct s *' t.c:3:7
          int 'x' = 120 'int' t.c:3:14
      return t.c:3:19
        cast int 'int' t.c:3:26 implicit
          binary + 'long' t.c:3:26
            cast int 'long' t.c:3:26 implicit
              cast load 'int' t.c:3:26 implicit
                member ->a 'int' t.c:3:26
                  cast load 'struct s *' t.c:3:26 implicit
                    ref p 'struct s *' t.c:3:26
            int 1L = 1 'long' t.c:3:33
    return t.c:4:3
      int 0 'int' t.c:4:10
`,
  )
})

/** `({ … })`, the C of a read of member `name` of the record that `p` points to. */
function readOf(text: string, name: string): string {
  const { unit } = parseC(
    `int bpf_probe_read(void *, unsigned, const void *); ${text}; long f(struct s *p) { return p->${name}; }`,
  )
  const find = (name: string) => unit?.decls.find((d): d is FunctionDecl => d.kind === "function" && d.name === name)
  const helper = find("bpf_probe_read")
  const ret = find("f")?.body?.body[0]
  assert.ok(ret?.kind === "return" && helper && ret.value)
  let e: Expr = ret.value
  while (e.kind === "cast" && e.cast !== "load") e = e.operand
  assert.ok(e.kind === "cast" && e.operand.kind === "member")
  const { field, base } = e.operand
  const { span, type } = e
  const plain: Expr = { kind: "addressOf", operand: e.operand, type: VOID_PTR, span }
  if (field.bitWidth === undefined) return printNode({ kind: "kernelRead", address: plain, helper, type, span })
  const bytes = makeCast("pointer", base, pointerTo(CHAR), false)
  const address: Expr = {
    kind: "binary",
    op: "+",
    left: bytes,
    right: intLit(BigInt(field.offset), INT, span),
    type: bytes.type,
    span,
  }
  return printNode({ kind: "kernelRead", address, helper, bitField: field, type, span })
}

test("a read of kernel memory prints as the call that it stands for", () => {
  assert.equal(
    readOf("struct s { long a; }", "a"),
    "({ long _val; __builtin_memset(&_val, 0, sizeof(_val)); bpf_probe_read(&_val, sizeof(_val), (void *)&p->a); _val; })",
  )
})

const RECORDS = [
  "struct s { unsigned a : 5, b : 27; }",
  "struct s { int a : 5, b : 27; }",
  "struct s { long long a : 3, b : 40, c : 21; char d; }",
  "struct s { unsigned char a : 1, b : 3; short c : 9; _Bool d : 1; }",
  "enum e { A, B, C }; struct s { enum e a : 2; char b : 7; }",
  "struct __attribute__((packed)) s { char a; int b : 31, c : 31; unsigned long d : 60; unsigned e : 3; }",
  "struct __attribute__((packed)) s { unsigned a : 7; long b : 63; int c : 32; }",
]

const [judge] = compilers("gcc", "clang")
test("bit-fields are cut out of what is read", {
  skip: judge === undefined ? "neither gcc nor clang is installed" : false,
}, () => {
  const checks = RECORDS.map((text, i) => {
    const names = [...text.matchAll(/(\w+) : \d+/g)].map(match => match[1])
    const shown = names.map(
      name => `if (p->${name} != ${readOf(text, name)}) printf("record ${i}: ${name} is wrong\\n");`,
    )
    return `static void check${i}(void) { ${text}; struct s *p = (void *)memory; ${shown.join("\n")} }`
  })
  const program = `#include <stdio.h>
    #include <string.h>
    static unsigned char memory[64];
    #define bpf_probe_read(to, size, from) memcpy(to, from, size)
    ${checks.join("\n")}
    int main(void) {
      for (unsigned k = 1, seed = 7; k < 200; k++) {
        for (int i = 0; i < 64; i++) memory[i] = (seed = seed * 1664525 + 1013904223) >> 24;
        ${RECORDS.map((_, i) => `check${i}();`).join(" ")}
      }
    }`
  assert.equal(runNative(judge, program), "")
})
