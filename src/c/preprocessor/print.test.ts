import assert from "node:assert/strict"
import { test } from "node:test"
import { SourceFile } from "../../base/index.ts"
import { Diagnostics } from "../diagnostics/index.ts"
import { preprocess, printTokens } from "./index.ts"

/** One case: `-E` of the text is this. */
function prints(text: string, expected: string): void {
  test(JSON.stringify(text), () => {
    const tokens = preprocess(new SourceFile("t.c", text), { diagnostics: new Diagnostics() })
    assert.equal(printTokens(tokens), expected)
  })
}

prints("", "")
prints("int  x ;\n", "int x ;\n")
prints("#define N 3\nint f(void)\n{\n\treturn N;\n}\n", "int f(void)\n{\n\treturn 3;\n}\n")
prints("#define NEG -1\nx = -NEG;", "x = - -1;\n")
prints("#define F(x) x\nF(a)F(b) F(+)+", "a b + +\n")
prints("a\n\n\n\nb\n", "a\n\n\n\nb\n")
prints("a\n\n\n\n\n\n\n\n\n\n\n\nb\n", "a\nb\n")
prints("#pragma unroll\nfor (;;) ;", "#pragma unroll\nfor (;;) ;\n")
prints("a<:1:>", "a<:1:>\n")

test("with markers, lines can be told from the text", () => {
  const resolve = (name: string) => new SourceFile(name, "in\ner\n")
  const text = 'a\n#include "b.h"\n\n\n\n\n\n\n\n\n\n\nc\nd\n'
  const tokens = preprocess(new SourceFile("t.c", text), { diagnostics: new Diagnostics(), resolve })
  const want = '# 1 "t.c"\na\n# 1 "b.h"\nin\ner\n# 13 "t.c"\nc\nd\n'
  assert.equal(printTokens(tokens, { markers: true }), want)
})
