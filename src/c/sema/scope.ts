import type { FunctionDecl, VarDecl } from "../ast.ts"
import type { EnumDecl, Enumerator, RecordDecl, TypedefDecl } from "../types.ts"
import type { Mutable } from "./mutable.ts"

/** What an ordinary identifier may mean. */
export type Entity =
  | Mutable<VarDecl>
  | Mutable<FunctionDecl>
  | TypedefDecl
  | { readonly kind: "enumerator"; readonly constant: Enumerator; readonly decl: EnumDecl | undefined }

export type Tagged = RecordDecl | EnumDecl

export type ScopeKind = "file" | "function" | "block" | "prototype"

/** One scope: ordinary identifiers and tags live apart (C11 6.2.3). */
export class Scope {
  readonly parent: Scope | undefined
  readonly kind: ScopeKind
  readonly names = new Map<string, Entity>()
  #tags: Map<string, Tagged> | undefined
  /** Labels that a block has declared for itself, each with a name that no other has. */
  labels: Map<string, string> | undefined

  constructor(kind: ScopeKind, parent: Scope | undefined) {
    this.kind = kind
    this.parent = parent
  }

  find(name: string): Entity | undefined {
    for (let scope: Scope | undefined = this; scope !== undefined; scope = scope.parent) {
      const found = scope.names.get(name)
      if (found !== undefined) return found
    }
    return undefined
  }

  findTag(tag: string): Tagged | undefined {
    for (let scope: Scope | undefined = this; scope !== undefined; scope = scope.parent) {
      const found = scope.#tags?.get(tag)
      if (found !== undefined) return found
    }
    return undefined
  }

  /** A tag of this very scope. */
  ownTag(tag: string): Tagged | undefined {
    return this.#tags?.get(tag)
  }

  setTag(tag: string, decl: Tagged): void {
    this.#tags ??= new Map()
    this.#tags.set(tag, decl)
  }

  /** Every visible ordinary identifier, inner ones first. */
  *visible(): Iterable<string> {
    for (let scope: Scope | undefined = this; scope !== undefined; scope = scope.parent) yield* scope.names.keys()
  }

  *visibleTags(): Iterable<string> {
    for (let scope: Scope | undefined = this; scope !== undefined; scope = scope.parent) {
      if (scope.#tags !== undefined) yield* scope.#tags.keys()
    }
  }
}
