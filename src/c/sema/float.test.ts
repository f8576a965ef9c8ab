import assert from "node:assert/strict"
import { test } from "node:test"
import { messages, parseC } from "../../../tests/support/parseC.ts"
import { printNode } from "../print/index.ts"

/** One case: an expression over `int i; u64 u;` is this one, without floating constants. */
function becomes(expression: string, expected: string): void {
  test(expression, () => {
    const { unit, diagnostics } = parseC(`void f(int i, unsigned long u) { long r = ${expression}; (void)r; }`)
    assert.deepEqual(messages(diagnostics), [])
    const fn = unit?.decls.find(decl => decl.kind === "function")
    assert.ok(fn?.kind === "function")
    const text = printNode(fn.body!)
    assert.equal(/long r = (.*);/.exec(text)?.[1], expected)
  })
}

becomes("1.5", "1L")
becomes("-1.9", "-1L")
becomes("1.5 * 1000", "1500L")
becomes("1e9f", "1000000000L")
becomes("0x1.8p3", "12L")
becomes(".5 + 2.5 / 5", "1L")
becomes("(int)2.99 + 1", "2 + 1")
becomes("(unsigned char)300.5", "(unsigned char)44")
becomes("1.5 < 2", "1")
becomes("!0.5 + !0.0", "0 + 1")
becomes("u >= 0.0", "u >= 0UL")
becomes("u >= 0.5", "u >= 1UL")
becomes("u > 1.5", "u > 1UL")
becomes("u < 1.5e6", "u < 1500000UL")
becomes("i <= -0.5", "i <= -1")
becomes("2.5 < i", "i > 2")
becomes("i == 3.0", "i == 3")
becomes("i == 3.5", "((void)i, 0)")
becomes("i != 3.5", "((void)i, 1)")
becomes("i < 1e12", "((void)i, 1)")
becomes("u > -1.5", "((void)u, 1)")
becomes("u > 1e30", "((void)u, 0)")
