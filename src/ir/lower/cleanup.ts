import type { Stmt, VarDecl } from "../../c/index.ts"
import type { FunctionContext } from "./context.ts"
import { effect } from "./expr.ts"

/**
 * Variables with a function to be called when they go out of scope, the last one first:
 *
 *     struct guard g __attribute__((cleanup(unlock)));  … return x;     %r = x; call unlock(&g); ret %r
 *
 * `cx.cleanups` holds those in scope. What leaves a scope (its end, break, continue, goto, return) calls theirs; a jump into the scope of one does
 * not undo anything.
 */
export function inScope<T>(cx: FunctionContext, body: () => T): T {
  const { length } = cx.cleanups
  const result = body()
  if (cx.cleanups.length > length) {
    if (cx.b.open) leaveScopes(cx, length)
    cx.cleanups.length = length
  }
  return result
}

/** Calls the cleanup functions of all scopes but the outermost ones that hold `kept` variables; the scopes stay open for the code that follows. */
export function leaveScopes(cx: FunctionContext, kept: number): void {
  const { cleanups } = cx
  for (let i = cleanups.length - 1; i >= kept; i--) {
    const call = cleanups[i].cleanup
    if (call !== undefined) effect(cx, call)
  }
}

/** Leaves the scopes that a goto leaves. */
export function leaveForLabel(cx: FunctionContext, label: string): void {
  if (cx.cleanups.length === 0) return
  cx.labelScopes ??= labelScopes(cx.decl.body!)
  const there = cx.labelScopes.get(label) ?? cx.cleanups
  let common = 0
  while (common < there.length && cx.cleanups[common] === there[common]) common++
  leaveScopes(cx, common)
}

/** The variables with a cleanup function that are in scope at each label. */
function labelScopes(body: Stmt): Map<string, readonly VarDecl[]> {
  const found = new Map<string, readonly VarDecl[]>()
  const walk = (s: Stmt, scope: VarDecl[]): void => {
    switch (s.kind) {
      case "block": {
        const inner = [...scope]
        for (const part of s.body) walk(part, inner)
        return
      }
      case "decl":
        for (const decl of s.decls) if (decl.kind === "var" && decl.cleanup !== undefined) scope.push(decl)
        return
      case "label":
        found.set(s.name, [...scope])
        walk(s.body, scope)
        return
      case "if":
        walk(s.then, [...scope])
        if (s.other !== undefined) walk(s.other, [...scope])
        return
      case "for": {
        const inner = [...scope]
        if (s.init !== undefined) walk(s.init, inner)
        walk(s.body, inner)
        return
      }
      case "while":
      case "do":
      case "switch":
        walk(s.body, [...scope])
        return
      case "case":
      case "default":
        walk(s.body, scope)
    }
  }
  walk(body, [])
  return found
}
