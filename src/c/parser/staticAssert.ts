import { constantInt } from "../sema/convert.ts"
import { constantExpression } from "./expression.ts"
import type { Parser } from "./parser.ts"
import { strings } from "./postfix.ts"

/** `_Static_assert`, or C23's word for it where the program has no other meaning for that. */
export function atStaticAssert(p: Parser): boolean {
  return p.at("_Static_assert") || (p.at("static_assert") && p.lookup("static_assert") === undefined)
}

/** static-assert-declaration: (`_Static_assert` | `static_assert`) `(` constant-expression [`,` string] `)` `;` */
export function staticAssert(p: Parser): void {
  const start = p.next()
  p.expect("(", "after '_Static_assert'")
  const value = constantInt(p, constantExpression(p), "static assertion")
  let message = ""
  if (p.accept(",")) message = `: ${new TextDecoder().decode(strings(p).bytes.slice(0, -1))}`
  p.expect(")", "after the static assertion")
  p.expectSemicolon("the static assertion")
  if (value === 0n) p.error("C_STATIC_ASSERT", `static assertion failed${message}`, start)
}
