import { noteAt } from "../sema/context.ts"
import type { Scope, Tagged } from "../sema/scope.ts"
import type { Token } from "../token.ts"
import type { Parser } from "./parser.ts"

/**
 * Where a tag is declared that is only mentioned. A mention in a parameter list counts for the scope around it, so that two functions that
 * take the same unknown struct agree (C would make a new type for each and warn).
 */
export function declaringScope(p: Parser): Scope {
  let scope = p.scope
  while (scope.kind === "prototype" && scope.parent !== undefined) scope = scope.parent
  return scope
}

/** Refuses `struct x` where x is a union or an enum. */
export function checkTagKind(p: Parser, found: Tagged, kind: "struct" | "union" | "enum", tag: Token): void {
  const is = found.kind === "enumDecl" ? "enum" : found.isUnion ? "union" : "struct"
  if (is === kind) return
  p.fail(
    "C_TAG_KIND",
    `'${kind} ${tag.text}': '${tag.text}' is declared as ${is === "enum" ? "an" : "a"} ${is}`,
    tag,
    noteAt("previous use is here", found.span),
  )
}
