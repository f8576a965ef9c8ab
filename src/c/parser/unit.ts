import type { Decl, TranslationUnit } from "../ast.ts"
import type { Diagnostics } from "../diagnostics/index.ts"
import type { ParseOptions } from "../sema/context.ts"
import { incomplete } from "../sema/convert.ts"
import { isComplete } from "../sema/typeops.ts"
import type { Token } from "../token.ts"
import { declaration } from "./declaration.ts"
import { Parser } from "./parser.ts"
import { atStaticAssert, staticAssert } from "./staticAssert.ts"

/**
 * Parses and type-checks a translation unit. Errors go to `diagnostics` (ask its `errors`, or call `throwIfErrors`); the unit then lacks what
 * could not be understood. Throws only the `SkepError` of `Diagnostics` when there are too many errors, or one that nothing can follow.
 */
export function parse(
  name: string,
  tokens: readonly Token[],
  diagnostics: Diagnostics,
  options?: ParseOptions,
): TranslationUnit {
  const p = new Parser(tokens, diagnostics, options)
  // A declaration that comes again moves to its later place, where all that its definition uses is known.
  const decls = new Set<Decl>()
  const add = (decl: Decl) => {
    if (decl.kind === "function" && decl.builtin !== undefined) return
    decls.delete(decl)
    decls.add(decl)
  }
  while (p.tok.kind !== "eof") {
    const at = p.pos
    p.guard(
      () => external(p, add),
      () => recover(p, at),
    )
  }
  for (const decl of p.tentative) {
    p.guard(
      () => {
        if (!isComplete(decl.type)) incomplete(p, decl.type, decl.span)
      },
      () => {},
    )
  }
  return { name, decls: [...decls] }
}

/** external-declaration: function-definition | declaration | static-assert | `;` */
function external(p: Parser, add: (decl: Decl) => void): void {
  if (p.accept(";")) return
  if (atStaticAssert(p)) {
    staticAssert(p)
    return
  }
  if (p.at("asm") || p.at("__asm__") || p.at("__asm")) {
    p.fail("C_UNSUPPORTED", "assembly outside of a function is not supported", p.tok)
  }
  declaration(p, add)
}

/** After an error: behind the next `;` or the body that follows. */
function recover(p: Parser, start: number): void {
  p.scope = p.fileScope
  p.fn = undefined
  p.newTypes = []
  p.skipTo(start, ";", "{")
  if (p.accept("{")) p.skipTo(p.pos, "}")
  if (p.pos === start || p.at("}") || p.at(")") || p.at("]")) p.next()
  p.accept(";")
}
