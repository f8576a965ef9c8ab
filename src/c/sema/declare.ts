import type { Span } from "../../base/index.ts"
import type { FunctionDecl, VarDecl } from "../ast.ts"
import { type Context, noteAt } from "./context.ts"
import type { Mutable } from "./mutable.ts"
import type { Entity } from "./scope.ts"
import { compatible, composite, sameType } from "./typeops.ts"
import { quoteTypes } from "./typeString.ts"

/** Whether a meaning came from outside the program, so that a declaration of the program takes its place. */
function isForeign(entity: Entity): boolean {
  switch (entity.kind) {
    case "typedefDecl":
      return entity.origin !== "source"
    case "enumerator":
      return entity.decl === undefined
    case "function":
      return entity.builtin !== undefined || entity.helper !== undefined || entity.kfunc === true
    default:
      return false
  }
}

function placeOf(entity: Entity): Span | undefined {
  return entity.kind === "enumerator" ? entity.decl?.span : entity.span
}

/** Gives a name its meaning in the current scope. Typedefs may be repeated; anything else is refused. */
export function declare(c: Context, name: string, entity: Entity, at: Span): void {
  const { names } = c.scope
  const old = names.get(name)
  if (old !== undefined && !isForeign(old)) {
    const note = noteAt("previous definition is here", placeOf(old))
    if (old.kind !== entity.kind) {
      c.fail("C_REDEFINITION", `redefinition of '${name}' as a different kind of symbol`, at, note)
    }
    if (old.kind === "typedefDecl" && entity.kind === "typedefDecl") {
      if (sameType(old.type, entity.type)) return
      const [a, b] = quoteTypes(entity.type, old.type)
      c.fail("C_REDEFINITION", `typedef redefinition with different types (${a} vs ${b})`, at, note)
    }
    c.fail("C_REDEFINITION", `redefinition of '${name}'`, at, note)
  }
  names.set(name, entity)
}

/** Declares a variable, or joins it to the earlier declaration of the same object, whose node is kept and given back. */
export function declareVariable(c: Context, decl: Mutable<VarDecl>, hasInit: boolean): Mutable<VarDecl> {
  const { name } = decl
  if (decl.scope !== "global" && decl.storage !== "extern") {
    declare(c, name, decl, decl.span)
    return decl
  }
  const old = c.fileScope.names.get(name) ?? c.externals.get(name)
  const own = c.scope.names.get(name)
  if (old === undefined || old.kind !== "var" || (own !== undefined && own !== old)) {
    if (decl.scope === "local") {
      decl.scope = "global"
      c.externals.set(name, decl)
    }
    declare(c, name, decl, decl.span)
    return decl
  }
  c.scope.names.set(name, old)
  const note = noteAt("previous declaration is here", old.span)
  if (!compatible(old.type, decl.type)) {
    const [a, b] = quoteTypes(decl.type, old.type)
    c.fail("C_REDEFINITION", `redefinition of '${name}' with a different type: ${a} vs ${b}`, decl.span, note)
  }
  if (old.init !== undefined && hasInit) c.error("C_REDEFINITION", `redefinition of '${name}'`, decl.span, note)
  checkLinkage(c, name, old.storage, decl.storage, decl.span, note)
  old.type = composite(old.type, decl.type)
  if (decl.storage !== "extern") {
    if (old.storage === "extern") old.storage = decl.storage
    old.span = decl.span
  }
  old.attrs = [...old.attrs, ...decl.attrs]
  if (decl.align !== undefined) old.align = Math.max(old.align ?? 0, decl.align)
  return old
}

function checkLinkage(
  c: Context,
  name: string,
  before: VarDecl["storage"],
  now: VarDecl["storage"],
  at: Span,
  note: ReturnType<typeof noteAt>,
): void {
  if (now === "static" && before !== "static") {
    c.error("C_LINKAGE", `static declaration of '${name}' follows non-static declaration`, at, note)
  }
  if (before === "static" && now === "none") {
    c.error("C_LINKAGE", `non-static declaration of '${name}' follows static declaration`, at, note)
  }
}

/** Declares a function, or joins it to its earlier declaration. `body` says that a definition follows. */
export function declareFunction(c: Context, decl: Mutable<FunctionDecl>, body: boolean): Mutable<FunctionDecl> {
  const scope = c.fileScope
  const old = scope.names.get(decl.name) ?? c.externals.get(decl.name)
  const inner = c.scope !== scope && c.scope.names.get(decl.name)
  if (inner && inner !== old) declare(c, decl.name, decl, decl.span)
  if (old === undefined || isForeign(old) || old.kind !== "function") {
    const current = c.scope
    if (
      old !== undefined &&
      old.kind === "function" &&
      !body &&
      decl.attrs.length === 0 &&
      compatible(old.type, decl.type)
    ) {
      // A prototype of what a helper or builtin is already says nothing new.
      return old
    }
    c.scope = scope
    declare(c, decl.name, decl, decl.span)
    c.scope = current
    if (current !== scope) current.names.set(decl.name, decl)
    return decl
  }
  const note = noteAt("previous declaration is here", old.span)
  if (!compatible(old.type, decl.type)) {
    const [a, b] = quoteTypes(decl.type, old.type)
    c.fail("C_REDEFINITION", `conflicting types for '${decl.name}' (${a} vs ${b})`, decl.span, note)
  }
  if (body && old.body !== undefined) c.fail("C_REDEFINITION", `redefinition of '${decl.name}'`, decl.span, note)
  if (decl.storage === "static" && old.storage !== "static") {
    c.error("C_LINKAGE", `static declaration of '${decl.name}' follows non-static declaration`, decl.span, note)
  }
  old.type = composite(old.type, decl.type) as FunctionDecl["type"]
  old.inline ||= decl.inline
  old.attrs = [...old.attrs, ...decl.attrs]
  if (body) {
    old.params = decl.params
    old.span = decl.span
    if (old.storage === "extern") old.storage = decl.storage
  }
  if (c.scope !== scope) c.scope.names.set(decl.name, old)
  return old
}
