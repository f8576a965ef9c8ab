import assert from "node:assert/strict"
import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { test } from "node:test"
import { inTempDir } from "../../../tests/support/tools.ts"
import { makeRule, quoteTarget } from "./makeRule.ts"
import { expandResponseFiles, splitWords } from "./response.ts"
import { warningSeverity } from "./warnings.ts"

const words = (text: string, ...want: string[]): void => void test(text, () => assert.deepEqual(splitWords(text), want))
words("a  b\n\tc", "a", "b", "c")
words('-DX=\'a b\' "-DY=\\"q\\"" c\\ d', "-DX=a b", '-DY="q"', "c d")
words("'' a\"b\"c 'un", "", "abc", "un")
words("")

test("response files, one in the other", () => {
  inTempDir(dir => {
    writeFileSync(join(dir, "a"), `-O2 @${dir}/b`)
    writeFileSync(join(dir, "b"), "-DX @/nowhere/x")
    assert.deepEqual(expandResponseFiles([`@${dir}/a`, "c.c"]), ["-O2", "-DX", "@/nowhere/x", "c.c"])
    writeFileSync(join(dir, "b"), `@${dir}/b`)
    assert.deepEqual(expandResponseFiles([`@${dir}/b`]), [`@${dir}/b`])
  })
})

const rule = (want: string, ...args: Parameters<typeof makeRule>): void =>
  void test(want, () => assert.equal(makeRule(...args), want))
rule("a.o: a.c b.h\n", ["a.o"], ["a.c", "b.h"], false)
rule("a.o: a.c b.h c.h\n\nb.h:\n\nc.h:\n", ["a.o"], ["a.c", "b.h", "c.h"], true)
rule("a b: a\\ \\#1$$.c\n", ["a", "b"], ["a #1$.c"], false)
const long = "x".repeat(50)
rule(`a.o: a.c ${long} \\\n  ${long}\n`, ["a.o"], ["a.c", long, long], false)
test("a target in make's spelling", () => assert.equal(quoteTarget("a b$\\ #"), "a\\ b$$\\\\\\ \\#"))

/** What `-W…` options make of a warning. */
function warning(code: string, options: string, want: string): void {
  test(`${code} -W${options}`, () => assert.equal(warningSeverity({ code }, options.split(" ")), want))
}
warning("C_INT_CONVERSION", "all", "warning")
warning("C_INT_CONVERSION", "error", "error")
warning("C_INT_CONVERSION", "error no-int-conversion", "none")
warning("C_INT_CONVERSION", "no-int-conversion int-conversion", "warning")
warning("C_INT_CONVERSION", "error no-error=int-conversion", "warning")
warning("C_INT_CONVERSION", "error=int-conversion", "error")
warning("C_INT_CONVERSION", "error=C_INT_CONVERSION", "error")
warning("C_INT_CONVERSION", "no-everything", "none")
warning("C_INT_CONVERSION", "no-return-type", "warning")
