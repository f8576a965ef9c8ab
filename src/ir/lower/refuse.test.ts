import assert from "node:assert/strict"
import { test } from "node:test"
import { lowerC } from "../../../tests/support/lowerC.ts"
import { formatPlace, SkepError } from "../../base/index.ts"

/** C that cannot be lowered: the code, the place, and the message. */
function refused(text: string, code: string, place: string, message: string): void {
  test(`refused: ${text}`, () => {
    assert.throws(
      () => lowerC(text),
      (e: unknown) => {
        assert.ok(e instanceof SkepError, String(e))
        assert.deepEqual([e.code, e.span && formatPlace(e.span), e.message], [code, `test.c:${place}`, message])
        return true
      },
    )
  })
}

refused("int f(int n) { return f(n - 1); }", "IR_RECURSION", "1:5", "recursion: f -> f")
refused(
  "static int g(int n);\nstatic int h(int n) { return g(n); }\nstatic int g(int n) { return n ? h(n - 1) : 0; }\nint f(int n) { return h(n); }",
  "IR_RECURSION",
  "2:12",
  "recursion: h -> g -> h",
)
refused(
  "int g(int);\nvoid *f(void) { return g; }",
  "IR_UNDEFINED_FUNCTION",
  "2:24",
  "function g is declared but has no body",
)
refused(
  "extern int n;\nint f(void) { return n; }",
  "IR_EXTERN_VARIABLE",
  "2:22",
  "n is declared but not defined in the program",
)
refused(
  "__int128 f;\nint g(__int128 a) { return 0; }",
  "IR_PROGRAM_PARAMETER",
  "2:16",
  "g cannot take a by value: the kernel passes at most 8 bytes",
)
refused(
  "__int128 g(void) { return 0; }",
  "IR_PROGRAM_RESULT",
  "1:10",
  "g cannot return more than 8 bytes: it is called by the kernel",
)
refused(
  "void f(char *p, char *q) { __builtin_memmove(p, q, 65537); }",
  "IR_MEMORY_SIZE",
  "1:28",
  "65537 bytes are too many for BPF",
)
refused(
  'int f(int x) { asm("movl $1, %eax" : "+r"(x)); return x; }',
  "IR_ASM",
  "1:16",
  "the assembler does not understand this: expected an instruction",
)
refused('int f(int x) { asm("%[y] = 1" : [x] "=r"(x)); return x; }', "IR_ASM", "1:16", "the asm has no operand y")
refused(
  'int f(int x) { asm("call g"); return x; }',
  "IR_ASM",
  "1:16",
  "g in the asm is nothing that the program declares",
)
refused(
  'int f(int n) { __int128 x = n; asm("%0 = 1" : "+r"(x)); return x; }',
  "IR_ASM",
  "1:52",
  'an operand of constraint "+r" does not fit a register',
)
refused(
  '__attribute__((naked)) int f(int x) { asm("r0 = %0; exit" :: "r"(x)); }',
  "IR_ASM",
  "1:28",
  "the assembler text of a naked function takes constants only",
)
refused(
  "__attribute__((naked)) int f(int x) { return x; }",
  "IR_ASM",
  "1:39",
  "a naked function holds assembler text only",
)
refused(
  "int f(short *p) { return __sync_fetch_and_add(p, 1); }",
  "IR_ATOMIC",
  "1:47",
  "BPF has no atomic operation on 2 bytes",
)
refused("int f(int *p) { return __sync_fetch_and_nand(p, 1); }", "IR_ATOMIC", "1:24", "BPF has no atomic nand")
refused("_Atomic int n;\nvoid f(void) { n *= 2; }", "IR_ATOMIC", "2:16", "BPF has no atomic *= on 4 bytes")
refused(
  "static long (*h)(int, int, int, int, int, int) = (void *) 7;\nint f(void) { return h(1, 2, 3, 4, 5, 6); }",
  "IR_CALL_ARGUMENTS",
  "2:22",
  "h is called with 6 arguments; BPF passes at most 5",
)
refused(
  "struct s { long a[3]; };\nstatic long (*h)(struct s) = (void *) 7;\nint f(struct s *p) { return h(*p); }",
  "IR_CALL_ARGUMENT",
  "3:31",
  "h cannot take an argument of more than 8 bytes",
)
refused(
  "static int g(int n, ...) { return n; }\nint f(void) { return g(1, 2); }",
  "IR_VARIADIC",
  "2:22",
  "g takes a variable number of arguments, which BPF cannot pass",
)
refused("void f(double *p) { *p; }", "IR_FLOAT", "1:21", "BPF has no floating point: double cannot be computed with")

test("an expression nested too deeply is an error, not a crash", () => {
  const depth = 3000
  try {
    lowerC(`int f(int x) { return ${"x + (".repeat(depth)}x${")".repeat(depth)}; }`)
  } catch (e) {
    assert.ok(e instanceof SkepError, String(e))
  }
})
