import type { Decl, FunctionDecl, VarDecl } from "../ast.ts"
import { baseName, declare, qualifiers } from "../sema/typeString.ts"
import type { EnumDecl, RecordDecl, Type } from "../types.ts"

export type Tagged = RecordDecl | EnumDecl

/** What a first printing found out for the second. */
export interface Plan {
  /** Tags made for unnamed records and enums that are mentioned more than once. */
  readonly tags: ReadonlyMap<Tagged, string>
  /** Unnamed records and enums that are mentioned at all. */
  readonly mentioned: ReadonlySet<Tagged>
  /** Functions and variables to be declared in front of a declaration. */
  readonly forward: ReadonlyMap<Decl | undefined, readonly (FunctionDecl | VarDecl)[]>
}

/**
 * State of printing: the lines so far, and what the printed program needs beyond its declarations. A unit is printed twice: the first time
 * finds out which unnamed records are mentioned more than once (they get a tag) and which functions and variables are used before they stand.
 */
export class Printer {
  lines: string[] = []
  depth = 0
  readonly plan: Plan
  readonly mentions = new Map<Tagged, number>()
  /** Declared so far. */
  readonly known = new Set<Decl>()
  /** Used before they were declared, with the outermost declaration that did. */
  readonly early = new Map<FunctionDecl | VarDecl, Decl | undefined>()
  current: Decl | undefined
  /** Prints the definition of an unnamed record or enum in place. */
  readonly #define: (p: Printer, decl: Tagged) => string

  constructor(define: (p: Printer, decl: Tagged) => string, plan: Plan) {
    this.#define = define
    this.plan = plan
  }

  line(text: string): void {
    this.lines.push(text === "" ? "" : "    ".repeat(this.depth) + text)
  }

  /** Collects the lines that `print` makes, one level deeper. */
  nested(print: () => void): string[] {
    const { lines } = this
    this.lines = []
    this.depth++
    print()
    this.depth--
    const inner = this.lines
    this.lines = lines
    return inner
  }

  /** A declaration of a name with a type; see `declare` of the type checker. */
  declaration(type: Type, name: string, parameters?: string): string {
    return declare(type, name, base => this.base(base), parameters)
  }

  typeName(type: Type): string {
    return this.declaration(type, "")
  }

  /** What stands left of a declarator: an unnamed record has its definition here. */
  base(type: Type): string {
    if ((type.kind !== "record" && type.kind !== "enum") || type.decl.tag !== undefined) return baseName(type)
    const { decl } = type
    const keyword = decl.kind === "enumDecl" ? "enum" : decl.isUnion ? "union" : "struct"
    const tag = this.plan.tags.get(decl)
    if (tag !== undefined) return `${qualifiers(type.quals)}${keyword} ${tag}`
    const count = (this.mentions.get(decl) ?? 0) + 1
    this.mentions.set(decl, count)
    return qualifiers(type.quals) + (count === 1 ? this.#define(this, decl) : `${keyword} (anonymous)`)
  }

  /** Notes the use of a function or global variable. */
  use(decl: FunctionDecl | VarDecl): void {
    if (decl.kind === "var" && decl.scope !== "global") return
    if (!this.known.has(decl) && !this.early.has(decl)) this.early.set(decl, this.current)
  }
}
