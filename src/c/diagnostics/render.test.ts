import assert from "node:assert/strict"
import { test } from "node:test"
import { SkepError, SourceFile, type Span } from "../../base/index.ts"
import { preprocess } from "../preprocessor/index.ts"
import { type DiagnosticExtra, Diagnostics } from "./diagnostic.ts"
import { renderDiagnostic, renderError } from "./render.ts"

/** Place of the `n`-th (from 0) occurrence of a piece of a file's text. */
function at(file: SourceFile, piece: string, n = 0): Span {
  let start = file.text.indexOf(piece)
  for (; n > 0; n--) start = file.text.indexOf(piece, start + 1)
  return { file, start, end: start + piece.length }
}

/** One case: an error on `piece` of `text` is shown so. */
function shows(text: string, piece: string, expected: string[], extra?: (file: SourceFile) => DiagnosticExtra): void {
  test(JSON.stringify(text), () => {
    const file = new SourceFile("a.c", text)
    const sink = new Diagnostics()
    sink.error("C_X", "no good", at(file, piece), extra?.(file))
    assert.deepEqual(renderDiagnostic(sink.list[0]).split("\n"), expected)
  })
}

shows("int x = y;", "y", ["a.c:1:9: error: no good [C_X]", "int x = y;", "        ^"])
shows("a\n  foo(bar) + 1;\n", "foo(bar)", ["a.c:2:3: error: no good [C_X]", "  foo(bar) + 1;", "  ^~~~~~~~"])
shows("\tx = yy;", "yy", ["a.c:1:6: error: no good [C_X]", "        x = yy;", "            ^~"])
shows("a\tb = yy;", "yy", ["a.c:1:7: error: no good [C_X]", "a       b = yy;", "            ^~"])
shows('"漢字é" + yy', "yy", ["a.c:1:9: error: no good [C_X]", '"漢字é" + yy', "          ^~"])
shows('"😀" + yy', "yy", ["a.c:1:8: error: no good [C_X]", '"😀" + yy', "       ^~"])
shows("a + b", "+", ["a.c:1:3: error: no good [C_X]", "a + b", "~ ^ ~"], f => ({ ranges: [at(f, "a"), at(f, "b")] }))
shows("f(\n1)", "f(\n1)", ["a.c:1:1: error: no good [C_X]", "f(", "^~"])
shows(
  "int n;\nn();",
  "n()",
  [
    "a.c:2:1: error: no good [C_X]",
    "n();",
    "^~~",
    "a.c:1:5: note: declared here",
    "int n;",
    "    ^",
    "hint: call a function",
  ],
  f => ({ notes: [{ message: "declared here", span: at(f, "n", 1) }], hint: "call a function" }),
)
shows("x\r\n  y\r\n", "y", ["a.c:2:3: error: no good [C_X]", "  y", "  ^"])

test("macros are shown from the outermost in", () => {
  const main = new SourceFile("a.c", "#define IN(x) x @@\n#define OUT IN(1)\n  int y = OUT;\n")
  const sink = new Diagnostics()
  preprocess(main, { diagnostics: sink })
  assert.deepEqual(renderDiagnostic(sink.list[0]).split("\n"), [
    "a.c:3:11: error: stray '@' in program [C_STRAY]",
    "  int y = OUT;",
    "          ^~~",
    "a.c:2:13: note: expanded from macro 'OUT'",
    "#define OUT IN(1)",
    "            ^~",
    "a.c:1:17: note: expanded from macro 'IN'",
    "#define IN(x) x @@",
    "                ^",
  ])
})

test("an argument of a macro is shown where it stands", () => {
  const main = new SourceFile("a.c", "#define F(x) (x)\nF(1 + @);\n")
  const sink = new Diagnostics()
  preprocess(main, { diagnostics: sink })
  assert.deepEqual(renderDiagnostic(sink.list[0]).split("\n").slice(0, 3), [
    "a.c:2:7: error: stray '@' in program [C_STRAY]",
    "F(1 + @);",
    "      ^",
  ])
})

test("include stack", () => {
  const files: Record<string, SourceFile> = {
    "b.h": new SourceFile("b.h", '\n#include "c.h"\n'),
    "c.h": new SourceFile("c.h", "#error not today\n"),
  }
  const sink = new Diagnostics()
  preprocess(new SourceFile("a.c", '#include "b.h"\n'), { diagnostics: sink, resolve: name => files[name] })
  assert.deepEqual(renderDiagnostic(sink.list[0]).split("\n"), [
    "In file included from a.c:1:",
    "In file included from b.h:2:",
    "c.h:1:1: error: not today [C_ERROR_DIRECTIVE]",
    "#error not today",
    "^~~~~~",
  ])
})

test("a definition error in a macro points at the definition", () => {
  const sink = new Diagnostics()
  preprocess(new SourceFile("a.c", "#define F(a,b) a b\nF(1)\n"), { diagnostics: sink })
  assert.deepEqual(renderDiagnostic(sink.list[0]).split("\n"), [
    "a.c:2:1: error: macro 'F' needs 2 arguments, but 1 given [C_MACRO_ARGS]",
    "F(1)",
    "^~~~",
    "a.c:1:9: note: macro 'F' defined here",
    "#define F(a,b) a b",
    "        ^",
  ])
})

test("colour", () => {
  const file = new SourceFile("a.c", "x")
  const text = renderDiagnostic(
    { severity: "warning", code: "C_X", message: "hm", span: at(file, "x"), hint: "h" },
    { color: true },
  )
  assert.equal(
    text,
    "\x1b[1ma.c:1:1:\x1b[0m \x1b[1;35mwarning:\x1b[0m \x1b[1mhm\x1b[0m [C_X]\nx\n\x1b[1;32m^\x1b[0m\n\x1b[1;32mhint:\x1b[0m h",
  )
})

test("twenty errors stop a compilation; the error holds the first and the rest", () => {
  const file = new SourceFile("a.c", "x")
  const sink = new Diagnostics()
  sink.warning("C_W", "doubtful")
  assert.throws(
    () => {
      for (let i = 0; i < 100; i++) sink.error(`C_${i}`, `error ${i}`, at(file, "x"))
    },
    (error: unknown) => {
      assert.ok(error instanceof SkepError)
      assert.equal(error.code, "C_0")
      assert.equal(error.message, "error 0")
      assert.equal(error.parts.notes?.length, 19)
      assert.match(renderError(error), /^warning: doubtful \[C_W\]\na\.c:1:1: error: error 0 \[C_0\]\nx\n\^\n/)
      return true
    },
  )
  assert.equal(sink.errors, 20)
})

test("throwIfErrors lets warnings pass", () => {
  const sink = new Diagnostics()
  sink.warning("C_W", "doubtful")
  sink.throwIfErrors()
  sink.error("C_E", "bad")
  assert.throws(() => sink.throwIfErrors(), { code: "C_E" })
})

test("an error of another room is shown in the same form", () => {
  const error = new SkepError({ code: "BTF_X", message: "bad", why: "because", hint: "do", log: "log" })
  assert.equal(renderError(error), "error: bad [BTF_X]\nhint: do\nwhy: because\nlog")
})

test("a place after #line is that of the text it was generated from", () => {
  const text = 'x\n#line 40 "gen.y"\ny\n# 7\nz\n'
  const file = new SourceFile("a.c", text)
  preprocess(file, { diagnostics: new Diagnostics() })
  const sink = new Diagnostics()
  for (const name of ["x", "y", "z"]) sink.error("C_X", "no good", at(file, name, name === "y" ? 1 : 0))
  const shown = sink.list.map(d => renderDiagnostic(d).split("\n").slice(0, 2))
  assert.deepEqual(shown, [
    ["a.c:1:1: error: no good [C_X]", "x"],
    ["gen.y:40:1: error: no good [C_X]", "y"],
    ["gen.y:7:1: error: no good [C_X]", "z"],
  ])
})
