import type { Token } from "../token.ts"

/**
 * Tags that a program defines outside of function bodies: `struct x {`, with or without attributes between. A name provider is not asked for
 * these, so that `struct x *` before the definition means the program's own type.
 */
export function definedTags(tokens: readonly Token[]): ReadonlySet<string> {
  const tags = new Set<string>()
  let body = 0
  let depth = 0
  for (let i = 0; i < tokens.length; i++) {
    const { kind, text } = tokens[i]
    if (kind === "punct") {
      if (text === "{") {
        // A brace behind `)` opens a function's body, or ends attributes of a record (which hold no definition).
        if (++depth > 0 && body === 0 && i > 0 && tokens[i - 1].text === ")" && !opensRecord(tokens, i - 1))
          body = depth
      } else if (text === "}") {
        if (depth === body) body = 0
        if (depth > 0) depth--
      }
    } else if (kind === "ident" && body === 0 && (text === "struct" || text === "union" || text === "enum")) {
      const name = skipAttributes(tokens, i + 1)
      if (tokens[name]?.kind === "ident" && tokens[skipAttributes(tokens, name + 1)]?.text === "{")
        tags.add(tokens[name].text)
    }
  }
  return tags
}

/** The index behind `__attribute__((…))`, any number of them. */
function skipAttributes(tokens: readonly Token[], i: number): number {
  while (tokens[i]?.kind === "ident" && (tokens[i].text === "__attribute__" || tokens[i].text === "__attribute")) {
    let depth = 0
    i++
    for (; i < tokens.length; i++) {
      const text = tokens[i].text
      if (text === "(") depth++
      else if (text === ")" && --depth <= 0) break
    }
    i++
  }
  return i
}

/** Whether the `)` at `i` ends attributes that stand between `struct` (with or without a tag) and `{`. */
function opensRecord(tokens: readonly Token[], i: number): boolean {
  let depth = 0
  for (; i >= 0; i--) {
    const text = tokens[i].text
    if (text === ")") depth++
    else if (text === "(" && --depth === 0) break
  }
  const word = tokens[i - 1]?.text
  if (word !== "__attribute__" && word !== "__attribute") return false
  for (let j = i - 2; j >= 0 && j >= i - 3; j--) {
    const text = tokens[j].text
    if (text === "struct" || text === "union" || text === "enum") return true
    if (text === ")") return opensRecord(tokens, j)
  }
  return false
}
