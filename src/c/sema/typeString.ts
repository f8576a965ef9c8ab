import type { Type } from "../types.ts"
import { ADDRESS_SPACE_SHIFT, ATOMIC, CONST, type IntName, RESTRICT, VOLATILE } from "../types.ts"
import { canonical, sameType } from "./typeops.ts"

/** How each integer type is written; BTF uses the same names. */
export const INT_NAMES: Readonly<Record<IntName, string>> = {
  bool: "_Bool",
  char: "char",
  schar: "signed char",
  uchar: "unsigned char",
  short: "short",
  ushort: "unsigned short",
  int: "int",
  uint: "unsigned int",
  long: "long",
  ulong: "unsigned long",
  llong: "long long",
  ullong: "unsigned long long",
  int128: "__int128",
  uint128: "unsigned __int128",
}

/** Writes the part of a declaration that stands left of the declarator; the printer puts record definitions here. */
export type BaseWriter = (type: Type) => string

/** `const volatile` and so on, with a space after each. */
export function qualifiers(quals: number): string {
  let text = ""
  if (quals & CONST) text += "const "
  if (quals & VOLATILE) text += "volatile "
  if (quals & RESTRICT) text += "restrict "
  if (quals & ATOMIC) text += "_Atomic "
  const space = quals >> ADDRESS_SPACE_SHIFT
  if (space !== 0) text += `__attribute__((address_space(${space}))) `
  return text
}

/** What stands left of a declarator: `const struct foo`, `u64`, `unsigned int`. */
export function baseName(type: Type): string {
  const quals = qualifiers(type.quals)
  switch (type.kind) {
    case "void":
      return `${quals}void`
    case "int":
      return quals + INT_NAMES[type.name]
    case "float":
      return quals + type.name
    case "typedef":
      return quals + type.decl.name
    case "record":
      return `${quals}${type.decl.isUnion ? "union" : "struct"} ${type.decl.tag ?? "(anonymous)"}`
    case "enum":
      return `${quals}enum ${type.decl.tag ?? "(anonymous)"}`
    default:
      return quals
  }
}

/**
 * A declaration of `name` with a type, inside out: `declare(pointer to array of 3 int, "p")` is `int (*p)[3]`. With an empty name it is a
 * type name. `parameters`, when given, writes the parameter list of the outermost function.
 */
export function declare(type: Type, name: string, base: BaseWriter = baseName, parameters?: string): string {
  let inner = name
  let t = type
  for (;;) {
    if (t.kind === "pointer") {
      const quals = qualifiers(t.quals)
      inner = quals === "" ? `*${inner}` : inner === "" ? `*${quals.trimEnd()}` : `*${quals}${inner}`
      if (t.to.kind === "array" || t.to.kind === "function") inner = `(${inner})`
      t = t.to
    } else if (t.kind === "array") {
      inner += `[${t.count ?? ""}]`
      t = t.element
    } else if (t.kind === "function") {
      if (parameters !== undefined) {
        inner += `(${parameters})`
        parameters = undefined
      } else {
        const params = t.params.map(param => declare(param, "", base))
        if (t.variadic) params.push("...")
        inner += `(${params.length === 0 && !t.unspecified ? "void" : params.join(", ")})`
      }
      t = t.ret
    } else {
      const left = base(t)
      return inner === "" || inner.startsWith("[") ? left + inner : `${left} ${inner}`
    }
  }
}

/** A type as C text: `struct foo *`, `char[16]`, `int (*)(void *)`. */
export function typeToString(type: Type): string {
  return declare(type, "")
}

/** A type in quotes for a message, with what lies beneath a typedef: `'u64' (aka 'unsigned long long')`. */
export function quoteType(type: Type): string {
  const text = typeToString(type)
  const plain = typeToString(desugared(type))
  return text === plain || plain.includes("(anonymous)") ? `'${text}'` : `'${text}' (aka '${plain}')`
}

function desugared(type: Type): Type {
  const t = canonical(type)
  switch (t.kind) {
    case "pointer":
      return { ...t, to: desugared(t.to) }
    case "array":
      return { ...t, element: desugared(t.element) }
    case "function":
      return { ...t, ret: desugared(t.ret), params: t.params.map(desugared) }
    default:
      return t
  }
}

/** Two types for one message; when they print alike though they differ, nothing better can be said than their tags. */
export function quoteTypes(a: Type, b: Type): [string, string] {
  const first = quoteType(a)
  const second = quoteType(b)
  return first === second && !sameType(a, b, false)
    ? [`${first} (one definition)`, `${second} (another definition)`]
    : [first, second]
}
