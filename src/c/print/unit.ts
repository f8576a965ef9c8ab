import type { Decl, Expr, FunctionDecl, Stmt, TranslationUnit, VarDecl } from "../ast.ts"
import { define, printDecl, printSignature, printVariable } from "./declaration.ts"
import { printExpr } from "./expression.ts"
import { type Plan, Printer, type Tagged } from "./printer.ts"
import { printStmt } from "./statement.ts"

export interface PrintOptions {
  /** Print the declarations of system headers too, so that the text compiles without them. */
  readonly system?: boolean
  /** Declarations that are printed as the text given, whatever they are. */
  readonly verbatim?: ReadonlyMap<Decl, string>
}

const NO_PLAN: Plan = { tags: new Map(), mentioned: new Set(), forward: new Map() }

/**
 * A unit as C text that compiles to the same program: what the program wrote and what passes made of it, without the conversions that C makes
 * by itself. Kernel reads and maps are printed as the C that they stand for.
 */
export function printUnit(unit: TranslationUnit, options: PrintOptions = {}): string {
  const decls = unit.decls.filter(decl => options.system === true || decl.span?.file.system !== true)
  const { verbatim } = options
  const draft = new Printer(define, NO_PLAN)
  printAll(draft, decls, verbatim)
  const final = new Printer(define, makePlan(draft, decls))
  printAll(final, decls, verbatim)
  return `${final.lines.join("\n")}\n`
}

/** A statement or expression as C text, for messages and tests. */
export function printNode(node: Stmt | Expr): string {
  const p = new Printer(define, NO_PLAN)
  if ("type" in node) return printExpr(p, node)
  printStmt(p, node)
  return p.lines.join("\n")
}

/** What stands between empty lines. */
function isLong(p: Printer, decl: Decl): boolean {
  return (
    (decl.kind === "function" && decl.body !== undefined) ||
    (decl.kind === "recordDecl" && decl.complete && (decl.tag ?? p.plan.tags.get(decl)) !== undefined)
  )
}

function makePlan(draft: Printer, decls: readonly Decl[]): Plan {
  const tags = new Map<Tagged, string>()
  for (const [decl, count] of draft.mentions) if (count > 1) tags.set(decl, `anonymous_${tags.size}`)
  const printed = new Set(decls)
  const forward = new Map<Decl | undefined, (FunctionDecl | VarDecl)[]>()
  for (const [decl, by] of draft.early) {
    if (!printed.has(decl)) continue
    const list = forward.get(by) ?? []
    list.push(decl)
    forward.set(by, list)
  }
  return { tags, mentioned: new Set(draft.mentions.keys()), forward }
}

function printAll(p: Printer, decls: readonly Decl[], verbatim: PrintOptions["verbatim"]): void {
  for (const decl of decls) {
    p.current = decl
    for (const early of p.plan.forward.get(decl) ?? []) {
      const text = early.kind === "var" ? printVariable(p, { ...early, init: undefined }) : printSignature(p, early)
      p.line(`${text};`)
    }
    p.known.add(decl)
    const text = verbatim?.get(decl)
    if (text !== undefined) {
      p.line(text)
      continue
    }
    if (isLong(p, decl) && p.lines.length > 0 && p.lines[p.lines.length - 1] !== "") p.line("")
    printDecl(p, decl)
    if (isLong(p, decl)) p.line("")
  }
}
