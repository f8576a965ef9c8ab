import type { VarDecl } from "../ast.ts"
import { INT } from "../sema/basic.ts"
import { isVoid } from "../sema/typeops.ts"
import { attributes } from "./attributes.ts"
import { type Declarator, declarator, declareParameter } from "./declarator.ts"
import type { Parser } from "./parser.ts"
import { specifiers, startsType } from "./specifiers.ts"

/** Whether the types of old-style parameters follow: a declaration, or the body at once. */
export function atOldStyleTypes(p: Parser): boolean {
  return p.at("{") || startsType(p, p.tok)
}

/**
 * The parameters of an old-style (K&R) function definition, in the order of the names between the brackets. What has no type is an int.
 *
 *     int add(a, b) long a; { return a + b; }
 */
export function oldStyleParameters(p: Parser, d: Declarator): VarDecl[] {
  const { func } = d
  if (func === undefined) return []
  const outer = p.scope
  p.scope = func.scope
  const declared = new Map<string, VarDecl>()
  while (!p.at("{")) parameterDeclaration(p, func.names, declared)
  const spec = {
    type: INT,
    storage: "none",
    typedef: false,
    inline: false,
    auto: false,
    constant: false,
    attrs: [],
    align: undefined,
  } as const
  const params = func.names.map(name => {
    const known = declared.get(name.text)
    declared.delete(name.text)
    if (known !== undefined) return known
    return declareParameter(p, { ...spec, start: name }, { ...d, name, type: INT, func: undefined, span: name }, [])
  })
  p.scope = outer
  return params
}

/** declaration-specifiers declarator (`,` declarator)* `;` */
function parameterDeclaration(p: Parser, names: FunctionNames, declared: Map<string, VarDecl>): void {
  const spec = specifiers(p)
  if (spec.typedef || spec.auto || (spec.storage !== "none" && spec.storage !== "register"))
    p.fail("C_SPECIFIERS", "invalid storage class in a parameter", spec.start)
  do {
    const d = declarator(p, spec.type)
    const name = d.name?.text ?? ""
    if (!names.some(n => n.text === name))
      p.fail("C_OLD_STYLE", `'${name}' is not among the function's parameters`, d.span)
    if (isVoid(d.type)) p.fail("C_VOID_PARAMETER", "a parameter cannot have type 'void'", d.span)
    declared.set(name, declareParameter(p, spec, d, [...spec.attrs, ...d.attrs, ...attributes(p)]))
  } while (p.accept(","))
  p.expectSemicolon("the declaration")
}

type FunctionNames = readonly { readonly text: string }[]
