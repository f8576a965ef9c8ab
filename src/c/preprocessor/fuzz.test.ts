import { test } from "node:test"
import fc from "fast-check"
import { SkepError, SourceFile } from "../../base/index.ts"
import { Diagnostics, renderDiagnostic } from "../diagnostics/index.ts"
import { preprocess, printTokens } from "./index.ts"

const PIECES = [
  "#define A A B\n",
  "#define B A(\n",
  "#define F(x) x F #x\n",
  "#define G(x,y...) x##y F(y)\n",
  "#define V(...) __VA_OPT__(a ## __VA_ARGS__) #__VA_ARGS__\n",
  "#if ",
  "#if A\n",
  "#elif defined(F)\n",
  "#else\n",
  "#endif\n",
  "\n#ifdef F\n",
  '#include "self.h"\n',
  "#include A\n",
  "#undef A\n",
  "#line 7\n",
  "#pragma unroll A\n",
  "#pragma once\n",
  "_Pragma(",
  '"unroll")',
  "__VA_ARGS__",
  "__VA_OPT__(",
  "__LINE__ ",
  "__has_include(",
  "<x.h>",
  "A",
  "B",
  "F(",
  "G(",
  "V(",
  ")",
  "(",
  ",",
  "##",
  "#",
  "1",
  " + ",
  '"',
  "'",
  "\\\n",
  "\\",
  "/*",
  "*/",
  "//",
  "\n",
  "\n#",
  "?",
  ":",
  "é",
  "\u0000",
  "\ud800",
]

/** Preprocesses a text; anything but a result or a SkepError is a failure. */
function survives(text: string): void {
  const diagnostics = new Diagnostics()
  const self = new SourceFile("self.h", text.slice(0, 60))
  try {
    const resolve = (name: string) => (name === "self.h" ? self : undefined)
    printTokens(preprocess(new SourceFile("t.c", text), { diagnostics, resolve }))
  } catch (error) {
    if (!(error instanceof SkepError)) throw error
  }
  for (const d of diagnostics.list.slice(0, 3)) renderDiagnostic(d)
}

test("random text never crashes the preprocessor", () => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...PIECES), { maxLength: 60 }), pieces => survives(pieces.join(""))),
    { numRuns: 1500, seed: 7 },
  )
})

test("random characters never crash the preprocessor", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary", maxLength: 200 }), text => survives(text)),
    { numRuns: 500, seed: 7 },
  )
})
