import type * as c from "../../c/index.ts"
import { eachExpr } from "../ast/walk.ts"
import type { Family, Program } from "./programs.ts"

/** In which families of programs each function runs: a function that is no program runs in those that call it. */
export class Contexts {
  readonly #families = new Map<c.FunctionDecl, Set<Family>>()

  constructor(functions: readonly c.FunctionDecl[], programs: ReadonlyMap<c.FunctionDecl, Program>) {
    const calls = new Map<c.FunctionDecl, Set<c.FunctionDecl>>()
    for (const fn of functions) {
      const callees = new Set<c.FunctionDecl>()
      if (fn.body !== undefined) {
        eachExpr(fn.body, e => {
          if (e.kind === "ref" && e.decl.kind === "function" && e.decl.body !== undefined) callees.add(e.decl)
        })
      }
      calls.set(fn, callees)
    }
    for (const { decl, family } of programs.values()) this.#spread(decl, family, calls)
  }

  /** Empty for a function that no program calls. */
  families(fn: c.FunctionDecl): readonly Family[] {
    return [...(this.#families.get(fn) ?? [])]
  }

  #spread(fn: c.FunctionDecl, family: Family, calls: ReadonlyMap<c.FunctionDecl, Set<c.FunctionDecl>>): void {
    let families = this.#families.get(fn)
    if (families === undefined) this.#families.set(fn, (families = new Set()))
    if (families.has(family)) return
    families.add(family)
    for (const callee of calls.get(fn) ?? []) this.#spread(callee, family, calls)
  }
}
