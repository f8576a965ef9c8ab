import type { InlineSite, Span } from "../../base/index.ts"
import type { LexicalScope } from "../../ir/index.ts"
import type { DebugScope, DebugVariable, InsnRange } from "../../object/index.ts"
import type { PlaceTable } from "./places.ts"

interface Node {
  /** Undefined for a function's own scope, inlined or not. */
  readonly scope: LexicalScope | undefined
  readonly site: InlineSite | undefined
  readonly ranges: { from: number; to: number }[]
  readonly variables: DebugVariable[]
  readonly children: Node[]
}

/**
 * The scopes of a function: blocks that declare variables, and functions that were inlined, each with the instructions that come from the text
 * inside. What skep's own headers define counts as a part of the place that uses it.
 */
export class ScopeTree {
  readonly #places: PlaceTable
  readonly #root: Node
  /** The functions, inlined ones by their place. */
  readonly #functions = new Map<InlineSite | undefined, Node>()
  /** The blocks of each function. */
  readonly #blocks = new Map<InlineSite | undefined, Map<LexicalScope, Node>>()

  constructor(places: PlaceTable) {
    this.#places = places
    this.#root = makeNode(undefined, undefined)
    this.#functions.set(undefined, this.#root)
  }

  /** Declares a variable in a scope. */
  variable(site: InlineSite | undefined, scope: LexicalScope, variable: DebugVariable): void {
    this.#scope(site, scope).variables.push(variable)
  }

  /** `spans`: where each instruction comes from. */
  finish(spans: readonly (Span | undefined)[]): DebugScope {
    let last: Span | undefined
    spans.forEach((own, at) => {
      const span = own ?? last
      last = span
      for (let place = span; place !== undefined; place = place.inlined?.call) {
        const { inlined: site } = place
        if (site?.declared.file.system === true) continue
        cover(this.#function(site), at)
        for (const [scope, node] of this.#blocks.get(site) ?? []) if (contains(scope.span, place)) cover(node, at)
      }
    })
    for (const [site, node] of this.#functions) if (site !== undefined) this.#around(site.call).children.push(node)
    return { ...this.#made(this.#root), ranges: [{ from: 0, to: spans.length }] }
  }

  /** The innermost scope that a place is in. */
  #around(place: Span): Node {
    let call = place
    while (call.inlined?.declared.file.system === true) call = call.inlined.call
    let best = this.#function(call.inlined)
    for (const [scope, node] of this.#blocks.get(call.inlined) ?? []) {
      const smaller =
        best.scope === undefined || scope.span.end - scope.span.start < best.scope.span.end - best.scope.span.start
      if (contains(scope.span, call) && smaller) best = node
    }
    return best
  }

  #function(site: InlineSite | undefined): Node {
    let node = this.#functions.get(site)
    if (node === undefined) {
      this.#functions.set(site, (node = makeNode(undefined, site)))
      // Its callers have to be there, too, however little of their own code is left.
      for (let outer = site?.call.inlined; outer !== undefined; outer = outer.call.inlined) {
        if (!outer.declared.file.system) this.#function(outer)
      }
    }
    return node
  }

  /** The outermost block of a function is the function's own. */
  #scope(site: InlineSite | undefined, scope: LexicalScope): Node {
    if (scope.parent?.parent === undefined) return this.#function(site)
    let blocks = this.#blocks.get(site)
    if (blocks === undefined) this.#blocks.set(site, (blocks = new Map()))
    let node = blocks.get(scope)
    if (node === undefined) {
      blocks.set(scope, (node = makeNode(scope, site)))
      this.#scope(site, scope.parent).children.push(node)
    }
    return node
  }

  #made({ scope, site, ranges, variables, children }: Node): DebugScope {
    const inlined = scope === undefined && site !== undefined
    return {
      ranges,
      variables: variables.sort(byDeclaration),
      scopes: children.filter(child => child.ranges.length > 0).map(child => this.#made(child)),
      ...(inlined && {
        inlined: { name: site.name, place: this.#places.of(site.declared), call: this.#places.of(site.call) },
      }),
    }
  }
}

const makeNode = (scope: LexicalScope | undefined, site: InlineSite | undefined): Node => ({
  scope,
  site,
  ranges: [],
  variables: [],
  children: [],
})

/** Parameters in their order, then variables in that of their declarations. */
function byDeclaration(a: DebugVariable, b: DebugVariable): number {
  if (a.param !== undefined || b.param !== undefined)
    return (a.param ?? Number.MAX_SAFE_INTEGER) - (b.param ?? Number.MAX_SAFE_INTEGER)
  return a.place.line - b.place.line || a.place.column - b.place.column
}

const contains = (scope: Span, { file, start }: Span): boolean =>
  scope.file === file && scope.start <= start && start < scope.end

function cover({ ranges }: Node, at: number): void {
  const last: InsnRange | undefined = ranges.at(-1)
  if (last?.to === at) ranges[ranges.length - 1].to = at + 1
  else if (last === undefined || last.to <= at) ranges.push({ from: at, to: at + 1 })
}
