import assert from "node:assert/strict"
import { test } from "node:test"
import fc from "fast-check"
import { compile } from "../../../tests/support/bcc.ts"
import { SkepError } from "../../base/index.ts"
import { parseFormat } from "./tracepoint.ts"

const number = fc.oneof(fc.nat(64), fc.constantFrom(0, 4096, 2 ** 31, 2 ** 53, 1e21), fc.constant("x"), fc.constant(""))
const declaration = fc.oneof(
  fc.constantFrom(
    "int x",
    "char x[16]",
    "char x[99999999999]",
    "char x[-1]",
    "__data_loc char[] x",
    "struct { int x",
    "unsigned long x[2][3]",
    "void x",
    "int (*x)(int)",
    "int x; int y",
    "typeof(x) x",
    "__attribute__((packed)) x",
    "int common_x",
    "x",
    "#define x",
    "struct x x",
  ),
  fc.string(),
)
const field = fc
  .tuple(declaration, number, number, number)
  .map(([text, offset, size, signed]) => `\tfield:${text};\toffset:${offset};\tsize:${size};\tsigned:${signed};`)
const format = fc.array(fc.oneof(field, fc.string()), { maxLength: 6 }).map(lines => lines.join("\n"))

test("any text of a tracepoint's format compiles or is refused with a code", () => {
  fc.assert(
    fc.property(format, text => {
      for (const { offset, size } of parseFormat(text)) assert.ok(offset >= 0 && size >= 0)
      try {
        compile("TRACEPOINT_PROBE(cat, thing) { return args->x; }", { readTracepointFormat: () => text })
      } catch (error) {
        assert.ok(error instanceof SkepError, `${(error as Error).stack}\n${text}`)
      }
    }),
    { numRuns: 600 },
  )
})
