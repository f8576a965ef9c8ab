import type { AsmOperand, Stmt } from "../ast.ts"
import { rvalue } from "../sema/convert.ts"
import { checkModifiable } from "../sema/unary.ts"
import type { Token } from "../token.ts"
import { useLabel } from "./clause.ts"
import { expression } from "./expression.ts"
import type { Parser } from "./parser.ts"
import { strings } from "./postfix.ts"

/**
 *     asm-statement: `asm` (`volatile` | `inline` | `goto`)* `(` string [`:` operands [`:` operands [`:` clobbers [`:` labels]]]] `)` `;`
 *     operand: [`[` identifier `]`] string `(` expression `)`
 */
export function asmStatement(p: Parser, start: Token): Stmt {
  p.next()
  let volatile = false
  let jumps = false
  for (;;) {
    if (p.at("volatile") || p.at("__volatile__") || p.at("__volatile")) volatile = true
    else if (p.at("goto")) jumps = true
    else if (!p.at("inline") && !p.at("__inline__") && !p.at("__inline")) break
    p.next()
  }
  p.expect("(", "after 'asm'")
  let template = text(p)
  const outputs = p.accept(":") ? operands(p, true) : []
  const inputs = p.accept(":") ? operands(p, false) : []
  const clobbers: string[] = []
  if (p.accept(":") && p.tok.kind === "string") {
    do clobbers.push(text(p))
    while (p.accept(","))
  }
  const labels: string[] = []
  if (jumps && p.accept(":")) {
    do {
      const { text: name } = p.tok
      const label = useLabel(p, start)
      // A label of a block of its own goes by another name in its function.
      template = template.replaceAll(`%l[${name}]`, `%l[${label}]`)
      labels.push(label)
    } while (p.accept(","))
  }
  p.expect(")", "after the operands of 'asm'")
  p.expectSemicolon("'asm (…)'")
  return {
    kind: "asm",
    template,
    volatile: volatile || jumps || outputs.length === 0,
    outputs,
    inputs,
    clobbers,
    labels,
    span: p.from(start),
  }
}

function operands(p: Parser, outputs: boolean): AsmOperand[] {
  const list: AsmOperand[] = []
  if (p.at(":") || p.at(")")) return list
  do {
    let name: string | undefined
    if (p.accept("[")) {
      name = p.identifier("for an operand").text
      p.expect("]", "after the operand's name")
    }
    const at = p.tok
    const constraint = text(p)
    p.expect("(", "after the constraint")
    const e = expression(p)
    p.expect(")", "after the operand")
    if (outputs) {
      if (!constraint.startsWith("=") && !constraint.startsWith("+"))
        p.fail("C_ASM", `output constraint '${constraint}' needs '=' or '+'`, at)
      checkModifiable(p, e, e.span)
    }
    const memory = constraint.includes("m") && !/[rign0-9]/.test(constraint)
    list.push({ name, constraint, expr: outputs || memory ? e : rvalue(p, e) })
  } while (p.accept(","))
  return list
}

/** string+ as text */
export function text(p: Parser): string {
  return new TextDecoder().decode(strings(p).bytes.slice(0, -1))
}
