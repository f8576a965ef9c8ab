import assert from "node:assert/strict"
import { test } from "node:test"
import { objectOfC, returns } from "../../../tests/support/runC.ts"
import { formatPlace, SkepError } from "../../base/index.ts"

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

/** A call through a pointer that stays one: its name, and why. */
function indirect(text: string, name: string, why: string): void {
  test(text, () => {
    const message = `a call through the pointer '${name}': BPF can only call functions that are known by name`
    assert.throws(
      () => objectOfC(text),
      (e: unknown) => {
        assert.ok(e instanceof SkepError, String(e))
        assert.deepEqual([e.code, e.message, e.parts.why], ["IR_INDIRECT_CALL", message, why])
        return true
      },
    )
  })
}

indirect(
  "int f(int (**g)(int)) { return (*g)(1); }",
  "g",
  "What it points to is not known when the program is compiled.",
)
indirect(
  "struct ops { int (*open)(int); }; int f(struct ops *ops) { return ops->open(1); }",
  "ops->open",
  "What it points to is not known when the program is compiled.",
)
indirect(
  `${noinline} int one(int x) { return x * x; } ${noinline} int two(int x) { return x + 7; }
int f(int *p) { int (*g)(int) = *p ? one : two; return g(3); }`,
  "g",
  "It may be one or two; which one is known only when the program runs.",
)

/** A call of what nothing defines: the place and the message; undefined where no call is left. */
function undefinedCall(text: string, place: string | undefined, message?: string): void {
  test(text, () => {
    if (place === undefined) {
      objectOfC(text)
      return
    }
    assert.throws(
      () => objectOfC(text),
      (e: unknown) => {
        assert.ok(e instanceof SkepError, String(e))
        const found = [e.code, e.span && formatPlace(e.span), e.message]
        assert.deepEqual(found, ["IR_UNDEFINED_FUNCTION", `test.c:${place}`, message])
        return true
      },
    )
  })
}

const missing = (name: string) => `function ${name} is declared but has no body, and is no BPF helper`
undefinedCall("int g(int);\nint f(int n) { return g(n); }", "2:23", missing("g"))
undefinedCall("unsigned long strlen(const char *);\nint f(char *p) { return strlen(p); }", "2:25", missing("strlen"))
undefinedCall("void g(void); int f(int n) { if ((n & 7) > 7) g(); return 0; }", undefined)
undefinedCall(
  "void too_big(void); static int size(int k) { if (k > 8) too_big(); return k; } int f(int n) { return size(4) + size(8); }",
  undefined,
)
undefinedCall(
  '__attribute__((error("keys are too long"))) void g(void);\nint f(int n) { if (n > 7) g(); return 0; }',
  "2:27",
  "g is called: keys are too long",
)
