import assert from "node:assert/strict"
import { test } from "node:test"
import { listing } from "../../../tests/support/listing.ts"
import { objectOfC, returns } from "../../../tests/support/runC.ts"

returns('long x; asm("%0 = 7" : "=r"(x)); return x;', 7)
returns('long x = 3, y = 4; asm("%0 += %1" : "+r"(x) : "r"(y)); return x * 10 + y;', 74)
returns('long x; asm("%[out] = %[in]; %[out] += 1" : [out] "=&r"(x) : [in] "r"(41l)); return x;', 42)
returns('int x; asm("%w0 = %w1" : "=r"(x) : "r"(-5)); return x;', -5, { levels: [3, 4] })
returns('long x; asm("%0 = %1\\n%0 <<= %2" : "=r"(x) : "0"(3l), "i"(4)); return x;', 48)
returns('long x, y; asm("%0 = 1; %1 = 2" : "=r"(x), "=r"(y)); return x * 10 + y;', 12)
returns(
  'int a[2] = {5, 6}; asm volatile("*(u32 *)(%0 + 4) = %1" :: "r"(a), "r"(9) : "memory"); return a[0] * 10 + a[1];',
  59,
)
returns('int a = 5; asm volatile("r1 = *(u32 *)%0; r1 += 1; *(u32 *)%0 = r1" : "+m"(a) :: "r1"); return a;', 6)
returns('asm volatile("r3 = 7; r0 = r3" ::: "r0", "r3"); return 5;', 5)
// A call: arguments in their registers, the result from r0.
returns('long t; asm volatile("call 5; %0 = r0" : "=r"(t) :: "r0", "r1", "r2", "r3", "r4", "r5"); return t != 0;', 1)
// Loops and jumps inside.
returns(
  'long n = 5, s; asm volatile("%0 = 0; 1: %0 += %1; %1 += -1; if %1 != 0 goto 1b" : "=r"(s), "+r"(n)); return s;',
  15,
)
returns(
  'long n = 5, s; asm volatile("%0 = 1; if %1 > 4 goto .Lend%=; %0 = 2; .Lend%=:" : "=r"(s) : "r"(n)); return s;',
  1,
)
returns('long n = 9; asm volatile("if %0 > 4 goto +1; %0 = 2; %0 += 1" : "+r"(n)); return n;', 10)
returns('asm volatile("r0 = 3; exit"); return 5;', 3)
// asm goto.
returns('long n = 9; asm goto("if %0 > 4 goto %l1" :: "r"(n) :: big); return 1; big: return 2;', 2)
returns('long n = 3; asm goto("if %[n] > 4 goto %l[big]" :: [n] "r"(n) :: big); return 1; big: return 2;', 1)
returns(
  'for (long n = 0; n < 3; n++) asm goto("if %0 == 1 goto %l[a]; if %0 == 2 goto %l[b]" :: "r"(n) :: a, b); return 0; a: return 1; b: return 2;',
  1,
)
returns(
  'long n = 6, x; asm goto("%0 = %1; if %1 > 4 goto %l[big]" : "=r"(x) : "r"(n) :: big); return 1; big: return x;',
  6,
)
returns("return g(20);", 23, {
  before: '__attribute__((naked)) static long g(long x) { asm volatile("r0 = r1; r0 += %[n]; exit" :: [n] "i"(3)); }',
})
returns("return g();", 6, {
  before:
    'static __attribute__((noinline)) int h(int x) { return x + 1; }\n__attribute__((naked)) static long g(void) { asm volatile("r1 = 5; call h; exit"); }',
})
returns('long x; asm("r1 = n ll; %0 = *(u32 *)(r1 + 0)" : "=r"(x) :: "r1"); return x;', 12, { before: "int n = 12;" })

test("may_goto is a jump like others", () => {
  const text = 'int f(void *ctx) { for (;;) { asm goto("may_goto %l[out]" :::: out); } out: return 3; }'
  assert.match(listing(objectOfC(text, 4)), /may_goto \+1/)
})

/** Assembler text that selection refuses. */
function refused(text: string, code: string, message: string): void {
  test(`refused: ${text}`, () => {
    assert.throws(() => objectOfC(text), { code, message })
  })
}

refused(
  'int f(void *p) { asm volatile("r1 = r9"); return 0; }',
  "CODEGEN_ASM",
  "the asm reads r9, which it has not written",
)
refused(
  'int f(void *p) { asm volatile("goto +9"); return 0; }',
  "CODEGEN_ASM",
  "the asm jumps to a place outside of the asm",
)
refused(
  'int f(long n) { asm volatile("r1 = *(u8 *)(r10 + %0)" :: "i"(n)); return 0; }',
  "CODEGEN_ASM",
  "the asm needs a constant as operand 0, in f",
)
