import assert from "node:assert/strict"
import { test } from "node:test"
import { objectOfC, returns } from "../../../tests/support/runC.ts"

const noinline = "static __attribute__((noinline))"
const inline = "static __attribute__((always_inline))"

returns("return apply(twice, 21);", 42, {
  before: `static long twice(long x) { return x + x; }\n${inline} long apply(long (*f)(long), long x) { return f(x); }`,
})
returns("return apply(clock) != 0;", 1, {
  before: `static long (*clock)(void) = (void *)5;\n${inline} long apply(long (*f)(void)) { return f(); }`,
})
// With more parameters than registers there is no call to make.
returns("return sum(1, 2, 3, 4, 5, 6) + sum(2, 2, 3, 4, 5, 6);", 43, {
  before: `${noinline} int sum(int a, int b, int c, int d, int e, int f) { return a + b + c + d + e + f; }`,
})
returns("struct s s = {1, 2, 3}; s = next(s); return s.a * 100 + s.b * 10 + s.c;", 234, {
  before: `struct s { long a, b; int c; };\n${noinline} struct s next(struct s s) { s.a++; s.b++; s.c++; return s; }`,
})

test("a call through a pointer that is not known", () => {
  const text = "int f(int (**g)(int)) { return (*g)(1); }"
  assert.throws(() => objectOfC(text), { code: "IR_INDIRECT_CALL" })
})
