import type { Note, Span } from "../../base/index.ts"
import type { Decl, FunctionDecl } from "../ast.ts"
import type { DiagnosticExtra, Diagnostics } from "../diagnostics/index.ts"
import type { Field, NameProvider, RecordDecl, Type } from "../types.ts"
import { isBuiltinName } from "./builtins.ts"
import { type Entity, Scope, type ScopeKind, type Tagged } from "./scope.ts"

/** What a dialect may add to the language's own messages. */
export interface DialectHooks {
  /**
   * Asked for a member that a record does not have: the way to it, through members that it has. The answer is the same for the same question; a
   * single field may be one that only the dialect knows of.
   */
  member?(record: RecordDecl, name: string): readonly Field[] | undefined
  /** Asked when a record has no such member; an answer takes the place of "no member named". */
  memberError?(
    record: RecordDecl,
    name: string,
  ): { readonly message: string; readonly hint?: string; readonly code?: string } | undefined
  /** Says more about a struct or union that nobody defines; a message takes the place of "incomplete type". */
  incompleteError?(
    tag: string,
  ): { readonly message?: string; readonly hint?: string; readonly code?: string } | undefined
}

export interface ParseOptions {
  /** Where names come from that the program does not declare. */
  readonly names?: NameProvider
  readonly hooks?: DialectHooks
}

/** Thrown after an error was reported, to the nearest place where parsing can go on. Never leaves the parser. */
export class Abort extends Error {}

export interface SwitchState {
  /** Promoted type of the value. */
  readonly type: Type
  readonly cases: { low: bigint; high: bigint; span: Span }[]
  defaultSpan: Span | undefined
}

export interface LabelState {
  defined: Span | undefined
  used: Span | undefined
}

/** The function being parsed. */
export class FunctionState {
  readonly decl: FunctionDecl
  readonly labels = new Map<string, LabelState>()
  /** Undeclared names already reported: each is told once a function. */
  readonly undeclared = new Set<string>()
  loops = 0
  readonly switches: SwitchState[] = []
  /** For each enclosing loop or switch, innermost last: what `break` leaves. */
  breakable = 0

  constructor(decl: FunctionDecl) {
    this.decl = decl
  }
}

/** How deep expressions, types, initialisers and statements may nest; beyond it JavaScript's own stack would be at risk. */
const MAX_DEPTH = 256

/** State of one translation unit that type checking needs. */
export class Context {
  readonly diagnostics: Diagnostics
  readonly names: NameProvider | undefined
  readonly hooks: DialectHooks
  readonly fileScope: Scope
  scope: Scope
  fn: FunctionState | undefined
  /** Above zero inside `sizeof`, `typeof` and the like: what stands there is never run. */
  unevaluated = 0
  /** Records and enums defined since the last declaration was handed out. */
  newTypes: Decl[] = []
  /** Tags that the program defines at file scope, so that a mention before the definition is not taken for the kernel's type. */
  ownTags: ReadonlySet<string> = new Set()
  /** Objects and functions that only `extern` declarations inside functions have named so far. */
  readonly externals = new Map<string, Entity>()
  #depth = 0

  constructor(diagnostics: Diagnostics, options: ParseOptions = {}) {
    this.diagnostics = diagnostics
    this.names = options.names
    this.hooks = options.hooks ?? {}
    this.fileScope = new Scope("file", undefined)
    this.scope = this.fileScope
  }

  error(code: string, message: string, span: Span, extra?: DiagnosticExtra): void {
    this.diagnostics.error(code, message, span, extra)
  }

  /** Reports an error and gives up the construct. */
  fail(code: string, message: string, span: Span, extra?: DiagnosticExtra): never {
    this.diagnostics.error(code, message, span, extra)
    throw new Abort(message)
  }

  /** Warnings about skep's own headers are of no use to anybody. */
  warn(code: string, message: string, span: Span, extra?: DiagnosticExtra): void {
    if (!span.file.system) this.diagnostics.warning(code, message, span, extra)
  }

  /** Counts a level of nesting; call `leave` at its end. */
  enter(span: Span): void {
    if (++this.#depth > MAX_DEPTH) {
      this.#depth = 0
      this.diagnostics.fatal("C_TOO_DEEP", `nested more than ${MAX_DEPTH} levels deep`, span, {
        hint: "split the expression or the function into parts",
      })
    }
  }

  leave(): void {
    this.#depth--
  }

  /** The nesting level, to come back to after an error. */
  get depth(): number {
    return this.#depth
  }
  set depth(depth: number) {
    this.#depth = depth
  }

  push(kind: ScopeKind): Scope {
    this.scope = new Scope(kind, this.scope)
    return this.scope
  }

  pop(): void {
    this.scope = this.scope.parent ?? this.scope
  }

  /** The meaning of a name, asked of the provider when the program does not declare it. */
  lookup(name: string): Entity | undefined {
    return this.scope.find(name) ?? this.#provided(name)
  }

  #provided(name: string): Entity | undefined {
    const names = this.names
    if (names === undefined || isBuiltinName(name)) return undefined
    const found: Entity | undefined = names.func(name) ?? this.#providedConstant(name) ?? names.typedef(name)
    if (found !== undefined) this.fileScope.names.set(name, found)
    return found
  }

  #providedConstant(name: string): Entity | undefined {
    const constant = this.names?.enumerator(name)
    return constant && { kind: "enumerator", constant, decl: undefined }
  }

  /** The struct, union or enum of a tag; the provider is asked unless the program itself defines the tag at file scope. */
  lookupTag(kind: "struct" | "union" | "enum", tag: string): Tagged | undefined {
    const found = this.scope.findTag(tag)
    if (found !== undefined || this.names === undefined || this.ownTags.has(tag)) return found
    const provided = kind === "enum" ? this.names.enum(tag) : this.names.record(tag, kind === "union")
    if (provided !== undefined) this.fileScope.setTag(tag, provided)
    return provided
  }
}

/** `extra` with one note: where something else stands. */
export function noteAt(message: string, span: Span | undefined): DiagnosticExtra {
  const note: Note = { message, span }
  return { notes: [note] }
}
