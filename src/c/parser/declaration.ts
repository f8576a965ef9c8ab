import type { Span } from "../../base/index.ts"
import type { Attribute, Call, Decl, DeclStmt, Expr, FunctionDecl, VarDecl } from "../ast.ts"
import { evaluate } from "../constant/evaluate.ts"
import { withQuals } from "../sema/basic.ts"
import { call } from "../sema/call.ts"
import { FunctionState } from "../sema/context.ts"
import { incomplete, rvalue } from "../sema/convert.ts"
import { declare, declareFunction, declareVariable } from "../sema/declare.ts"
import { fallsThrough } from "../sema/flow.ts"
import { initialize, type RawInit } from "../sema/init.ts"
import type { Mutable } from "../sema/mutable.ts"
import { sourceTypedef } from "../sema/records.ts"
import { checkStatic } from "../sema/staticInit.ts"
import { canonical, integerOf, isComplete, isVoid, qualsOf, unqualified } from "../sema/typeops.ts"
import { addressOf } from "../sema/unary.ts"
import { CONST, type Type, VOLATILE } from "../types.ts"
import { text } from "./asm.ts"
import { alignedBy, applyTypeAttributes, attributes } from "./attributes.ts"
import { block } from "./block.ts"
import { type Declarator, declarator } from "./declarator.ts"
import { initializer } from "./initializer.ts"
import { atOldStyleTypes, oldStyleParameters } from "./oldStyle.ts"
import type { Parser } from "./parser.ts"
import { type Specifiers, specifiers } from "./specifiers.ts"
import { atStaticAssert, staticAssert } from "./staticAssert.ts"

/** A declaration inside a function; nothing where it declares nothing (a static assertion). */
export function blockDeclaration(p: Parser): DeclStmt | undefined {
  const start = p.tok
  if (atStaticAssert(p)) {
    staticAssert(p)
    return undefined
  }
  const decls: Decl[] = []
  declaration(p, decl => decls.push(decl))
  return { kind: "decl", decls, span: p.from(start) }
}

/**
 *     declaration: declaration-specifiers [init-declarator (`,` init-declarator)*] `;`
 *     function-definition: declaration-specifiers declarator compound-statement
 *
 * `add` receives what is declared, in order; a variable or function that was declared before comes again.
 */
export function declaration(p: Parser, add: (decl: Decl) => void): void {
  const spec = specifiers(p)
  const flush = () => {
    for (const decl of p.newTypes) add(decl)
    p.newTypes = []
  }
  flush()
  if (p.accept(";")) {
    const kind = spec.type.kind
    if (spec.auto || (kind !== "record" && kind !== "enum"))
      p.warn("C_EMPTY_DECLARATION", "declaration does not declare anything", spec.start)
    return
  }
  for (let first = true; ; first = false) {
    const d = declarator(p, spec.type)
    const attrs = [...spec.attrs, ...d.attrs, ...asmLabel(p), ...attributes(p)]
    const type = applyTypeAttributes(p, d.type, attrs)
    flush()
    if (spec.typedef) declareTypedef(p, spec, d, type, attrs, add)
    else if (canonical(type).kind === "function") {
      if (functionDeclarator(p, spec, d, type, attrs, first, add)) return
    } else variable(p, spec, d, type, attrs, add)
    flush()
    if (!p.accept(",")) break
  }
  p.expectSemicolon("the declaration")
}

/** `asm` `(` string `)` behind a declarator: the name of the symbol. */
function asmLabel(p: Parser): Attribute[] {
  if (!p.at("asm") && !p.at("__asm__") && !p.at("__asm")) return []
  const start = p.next()
  p.expect("(", "after 'asm'")
  const label = text(p)
  p.expect(")", "after the label")
  return [{ name: "asm", args: [label], span: p.from(start) }]
}

function nameOf(d: Declarator): string {
  return d.name?.text ?? ""
}

function declareTypedef(
  p: Parser,
  spec: Specifiers,
  d: Declarator,
  type: Type,
  attrs: readonly Attribute[],
  add: (decl: Decl) => void,
): void {
  if (p.at("=")) p.fail("C_SYNTAX", "a typedef cannot be initialised", p.tok)
  const decl = sourceTypedef(nameOf(d), type, d.span, alignedBy(attrs, spec.align))
  declare(p, decl.name, decl, d.span)
  if (p.scope.names.get(decl.name) === decl) add(decl)
}

function variable(
  p: Parser,
  spec: Specifiers,
  d: Declarator,
  written: Type,
  attrs: readonly Attribute[],
  add: (decl: Decl) => void,
): void {
  const global = p.scope === p.fileScope
  const name = nameOf(d)
  if (global && (spec.storage === "register" || spec.storage === "auto")) {
    p.fail("C_SPECIFIERS", `illegal storage class on file-scoped variable '${name}'`, spec.start)
  }
  // A symbol of which only the address is of interest.
  if (isVoid(written) && spec.storage !== "extern")
    p.fail("C_INCOMPLETE", `variable '${name}' has incomplete type 'void'`, d.span)
  const align = alignedBy(attrs, spec.align)
  const made: Mutable<VarDecl> = {
    kind: "var",
    name,
    type: written,
    storage: spec.constant && global ? "static" : spec.storage,
    scope: global ? "global" : "local",
    init: undefined,
    attrs,
    span: d.span,
    ...(align === undefined ? {} : { align }),
  }
  const hasInit = p.at("=")
  if (spec.constant && !hasInit) p.fail("C_INITIALIZER", `constexpr variable '${name}' must be initialised`, d.span)
  if (spec.auto) {
    autoVariable(p, d, made, add)
    return
  }
  const decl = declareVariable(p, made, hasInit)
  add(decl)
  if (hasInit) {
    const equals = p.next()
    const start = p.pos
    p.guard(
      () => setInit(p, decl, written, spec, initializer(p), equals),
      () => p.skipTo(start, ",", ";"),
    )
  }
  const cleanup = attrs.find(attr => attr.name === "cleanup")
  if (cleanup !== undefined && decl.scope === "local" && decl.storage !== "static")
    decl.cleanup = cleanupCall(p, decl, cleanup)
  const tentative = global && decl.init === undefined && canonical(decl.type).kind === "array"
  if (decl.storage !== "extern" && !tentative && !isComplete(decl.type) && !(hasInit && decl.init === undefined)) {
    if (!global) incomplete(p, decl.type, d.span)
    // A record may still be completed below; the end of the file tells.
    p.tentative.push(decl)
  }
}

function setInit(p: Parser, decl: Mutable<VarDecl>, written: Type, spec: Specifiers, raw: RawInit, at: Span): void {
  if (spec.storage === "extern" && decl.scope === "local")
    p.fail("C_INITIALIZER", "a block-scope extern declaration cannot be initialised", at)
  const isStatic = decl.scope === "global" || decl.storage === "static"
  const done = initialize(p, written, raw, isStatic)
  if (isStatic || spec.constant) checkStatic(p, done.init)
  decl.init = done.init
  decl.type = done.type
  decl.value = knownValue(decl)
  if (decl.storage === "extern") decl.storage = "none"
}

/** The value of a constant that can have no other. */
function knownValue({ type, init, storage }: VarDecl): bigint | undefined {
  const fixed = (qualsOf(type) & (CONST | VOLATILE)) === CONST && storage !== "extern"
  return fixed && init?.kind === "expr" && integerOf(type) !== undefined ? evaluate(init.expr) : undefined
}

/** `f(&x)`, for a variable with `__attribute__((cleanup(f)))`. */
function cleanupCall(p: Parser, decl: Mutable<VarDecl>, { args, span }: Attribute): Call {
  const func = p.lookup(String(args[0]))
  if (func?.kind !== "function")
    return p.fail("C_BAD_ATTRIBUTE", `the argument of 'cleanup' is no function: '${args[0] ?? ""}'`, span)
  const variable: Expr = { kind: "ref", decl, type: decl.type, span: decl.span }
  return call(p, { kind: "ref", decl: func, type: func.type, span }, [addressOf(p, variable, span)], span)
}

/** `__auto_type x = e`: the type comes from the initialiser, in which the name is not yet known. */
function autoVariable(p: Parser, d: Declarator, made: Mutable<VarDecl>, add: (decl: Decl) => void): void {
  if (d.type !== made.type || !p.at("="))
    p.fail("C_AUTO_TYPE", "a type taken from the initialiser needs a plain name and an initialiser", d.span)
  p.next()
  const raw = initializer(p)
  if (raw.kind === "rawList") p.fail("C_AUTO_TYPE", "a list gives no type", raw.span)
  const e = rvalue(p, raw)
  made.type = withQuals(unqualified(e.type), qualsOf(made.type))
  if (isVoid(made.type)) p.fail("C_VOID_VALUE", `variable '${made.name}' has incomplete type 'void'`, d.span)
  declareVariable(p, made, true)
  made.init = { kind: "expr", expr: e }
  made.value = knownValue(made)
  if (made.scope === "global" || made.storage === "static") checkStatic(p, made.init)
  add(made)
}

/** Declares a function; true when its body followed. */
function functionDeclarator(
  p: Parser,
  spec: Specifiers,
  d: Declarator,
  type: Type,
  attrs: readonly Attribute[],
  first: boolean,
  add: (decl: Decl) => void,
): boolean {
  const name = nameOf(d)
  const t = canonical(type)
  if (t.kind !== "function") return false
  if (spec.storage === "register" || spec.storage === "auto")
    p.fail("C_SPECIFIERS", `illegal storage class on function '${name}'`, spec.start)
  const oldStyle = d.func !== undefined && d.func.names.length > 0
  if (oldStyle && !atOldStyleTypes(p)) {
    p.fail("C_OLD_STYLE", `the parameters of '${name}' have no types`, d.func.span, {
      hint: "names alone may stand only in a definition; in a declaration write the types",
    })
  }
  const body = oldStyle || p.at("{")
  if (body && p.scope !== p.fileScope)
    p.fail("C_NESTED_FUNCTION", "function definition is not allowed here", p.tok, {
      hint: "C has no nested functions: move it to the top of the file",
    })
  if (body && (!first || d.func === undefined)) p.unexpected("';'", "after the declaration")
  const made: Mutable<FunctionDecl> = {
    kind: "function",
    name,
    type: t,
    params: oldStyle ? oldStyleParameters(p, d) : (d.func?.params ?? []),
    storage: spec.storage,
    inline: spec.inline,
    body: undefined,
    attrs,
    span: d.span,
  }
  const decl = declareFunction(p, made, body)
  add(decl)
  if (!body) return false
  functionBody(p, decl, d)
  return true
}

function functionBody(p: Parser, decl: Mutable<FunctionDecl>, d: Declarator): void {
  const { func } = d
  if (func === undefined) return
  if (!isVoid(decl.type.ret) && !isComplete(decl.type.ret)) incomplete(p, decl.type.ret, d.span)
  for (const param of decl.params) if (!isComplete(param.type)) incomplete(p, param.type, param.span)
  const outer = p.scope
  const { errors } = p.diagnostics
  p.scope = func.scope
  p.fn = new FunctionState(decl)
  const at = p.tok
  // Set before the body is parsed, so that a call of itself finds a definition.
  decl.body = { kind: "block", body: [], span: at }
  decl.body = block(p, "function")
  checkLabels(p)
  const end = p.last
  if (!isVoid(decl.type.ret) && p.diagnostics.errors === errors && fallsThrough(decl.body)) {
    p.warn("C_MISSING_RETURN", `non-void function '${decl.name}' does not return a value in all control paths`, end)
  }
  p.fn = undefined
  p.scope = outer
}

function checkLabels(p: Parser): void {
  for (const label of p.fn?.labels.values() ?? []) {
    if (label.defined === undefined && label.used !== undefined)
      p.error(
        "C_UNDECLARED_LABEL",
        `use of undeclared label '${label.used.file.text.slice(label.used.start, label.used.end)}'`,
        label.used,
      )
  }
}
