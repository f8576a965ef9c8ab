import assert from "node:assert/strict"
import { test } from "node:test"
import { unitOf } from "../../tests/support/lowerC.ts"
import { SkepError } from "../base/index.ts"
import { generate } from "../codegen/index.ts"
import { lower } from "../ir/index.ts"
import { optimise } from "../opt/index.ts"

/** Plain C with sizes and offsets that no program has: it compiles, or is refused with a code. */
function ends(text: string, code: string | undefined): void {
  test(`${text} ⇒ ${code ?? "compiles"}`, () => {
    let refused: string | undefined
    try {
      const module = lower(unitOf(text))
      optimise(module, { check: true })
      generate(module, { cpu: 3 })
    } catch (e) {
      if (!(e instanceof SkepError)) throw e
      refused = e.code
    }
    assert.equal(refused, code)
  })
}

ends("int f(int i) { char t[1 << 30]; t[0] = i; return t[i & 3]; }", "CODEGEN_STACK")
ends("int f(int i) { char t[0x7fffffff] = {0}; return t[i]; }", "CODEGEN_STACK")
ends("struct s { char t[0x7ffffff]; }; int f(int i) { return ((struct s) {}).t[i]; }", "CODEGEN_STACK")
ends("int f(int i) { int t[4] = {0}; if (i > 100) t[1ul << 60] = 1; return t[i & 3]; }", undefined)
ends("int f(int i) { int t[4] = {0}; if (i > 100) return t[-(1l << 50)]; return t[i & 3]; }", undefined)
ends(
  "int f(int i) { char t[8] = {0}; if (i > 100) __builtin_memset(t + (1l << 40), i, 4); return t[i & 3]; }",
  undefined,
)
ends("int f(int i) { long t[4] = {0}; if (i > 100) return t[1ul << 29]; return t[i & 3]; }", undefined)
ends("int f(int i) { long t[4] = {0}; if (i > 100) return t[1ul << 28]; return t[i & 3]; }", undefined)
ends("int f(int i) { long t[4]; return t[1ul << 29] + i; }", undefined)
ends(
  "struct s { char a[1 << 30], b[1 << 30]; long c; }; long f(struct s *p) { return __builtin_memcmp(&p->c, p, 8); }",
  "BTF_RANGE",
)
ends("static int g(int a) { return a; } int (*f[])(int) = {g}; int run(void *ctx) { return 0; }", undefined)
