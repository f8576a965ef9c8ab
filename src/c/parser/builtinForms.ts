import { didYouMean } from "../../base/index.ts"
import type { Expr } from "../ast.ts"
import { evaluate } from "../constant/evaluate.ts"
import { stringLength } from "../constant/knownString.ts"
import { INT, SIZE_T, UINT, ULLONG } from "../sema/basic.ts"
import { call } from "../sema/call.ts"
import { constantInt, incomplete, intLit, isLvalue, rvalue } from "../sema/convert.ts"
import { insteadOfLibrary } from "../sema/library.ts"
import { findMember, memberNames, recordOf } from "../sema/records.ts"
import { canonical, compatible, sizeOf } from "../sema/typeops.ts"
import { quoteType, typeToString } from "../sema/typeString.ts"
import type { Token } from "../token.ts"
import type { Type } from "../types.ts"
import { assignment, expression } from "./expression.ts"
import type { Parser } from "./parser.ts"
import { typeName } from "./specifiers.ts"

/** Builtins with a grammar or a type of their own. The name has been taken, with its `(`; the form takes all up to `)`. */
const FORMS: ReadonlyMap<string, (p: Parser, start: Token) => Expr> = new Map([
  ["__builtin_offsetof", offsetOf],
  ["__builtin_types_compatible_p", typesCompatible],
  ["__builtin_choose_expr", chooseExpr],
  ["__builtin_constant_p", constantP],
  ["__builtin_object_size", objectSize],
  ["__builtin_dynamic_object_size", objectSize],
  ["__builtin_strlen", lengthOfString],
  ["strlen", lengthOfString],
  ["__builtin_preserve_access_index", preserveAccessIndex],
  ["__builtin_preserve_field_info", preserveInfo(UINT)],
  ["__builtin_preserve_type_info", preserveInfo(UINT)],
  ["__builtin_preserve_enum_value", preserveInfo(ULLONG)],
  ["__builtin_btf_type_id", preserveInfo(ULLONG)],
])

const REFUSED: Readonly<Record<string, string>> = {
  __builtin_alloca: "BPF has a stack of fixed size: there is no alloca",
  __builtin_va_start: "BPF functions cannot have variable arguments",
  __builtin_va_arg: "BPF functions cannot have variable arguments",
  __builtin_va_end: "BPF functions cannot have variable arguments",
  __builtin_va_copy: "BPF functions cannot have variable arguments",
  __builtin_return_address: "a BPF program has no return address; see bpf_get_stackid()",
  __builtin_frame_address: "a BPF program cannot see its frame's address",
}

/** Why a function of the C library that is a builtin elsewhere cannot be called, where the program has none of that name. */
export function refusedLibrary(name: string): string | undefined {
  const builtin = `__builtin_${name}`
  return Object.hasOwn(REFUSED, builtin) ? REFUSED[builtin] : undefined
}

/** A builtin form at the next token, if there is one. */
export function builtinForm(p: Parser): Expr | undefined {
  const start = p.tok
  const refused = Object.hasOwn(REFUSED, start.text) ? REFUSED[start.text] : undefined
  if (refused !== undefined)
    return p.fail("C_UNSUPPORTED", `'${start.text}' is not supported`, start, { hint: refused })
  const form = FORMS.get(start.text)
  if (form === undefined) return undefined
  p.next()
  p.expect("(", `after '${start.text}'`)
  p.enter(start)
  const e = form(p, start)
  p.leave()
  p.expect(")", `after the arguments of '${start.text}'`)
  return "span" in e && e.span === start ? { ...e, span: p.from(start) } : e
}

/** type-name `,` identifier (`.` identifier | `[` constant `]`)* */
function offsetOf(p: Parser, start: Token): Expr {
  const record = typeName(p)
  p.expect(",", "after the type name")
  let type = record
  let offset = 0n
  let path = ""
  const step = () => {
    const at = p.identifier("for a member")
    const decl = recordOf(type)
    if (decl === undefined)
      p.fail("C_MEMBER_BASE", `offsetof needs a structure or union (${quoteType(type)} invalid)`, at)
    if (!decl.complete) incomplete(p, type, at)
    const fields = findMember(decl, at.text) ?? p.hooks.member?.(decl, at.text)
    if (fields === undefined) {
      const near = didYouMean(at.text, memberNames(decl))
      return p.fail("C_NO_MEMBER", `no member named '${at.text}' in '${typeToString(canonical(type))}'${near}`, at)
    }
    for (const field of fields) {
      if (field.bitWidth !== undefined)
        p.fail("C_BITFIELD_ADDRESS", `cannot compute the offset of bit-field '${at.text}'`, at)
      offset += BigInt(field.offset)
      type = field.type
    }
    path += at.text
  }
  step()
  for (;;) {
    if (p.accept(".")) {
      path += "."
      step()
    } else if (p.at("[")) {
      const at = p.next()
      const i = constantInt(p, expression(p), "offsetof index")
      p.expect("]", "after the index")
      const array = canonical(type)
      if (array.kind !== "array")
        return p.fail("C_NOT_POINTER", `offsetof requires array type (${quoteType(type)} invalid)`, at)
      offset += i * BigInt(sizeOf(array.element) ?? 0)
      type = array.element
      path += `[${i}]`
    } else break
  }
  return { kind: "offsetof", record, path, value: offset, type: SIZE_T, span: start }
}

function typesCompatible(p: Parser, start: Token): Expr {
  const a = typeName(p)
  p.expect(",", "after the type name")
  const b = typeName(p)
  return intLit(compatible(a, b, false) ? 1n : 0n, INT, start)
}

function chooseExpr(p: Parser): Expr {
  const cond = constantInt(p, assignment(p), "the first argument of '__builtin_choose_expr'")
  p.expect(",")
  const then = assignment(p)
  p.expect(",")
  const other = assignment(p)
  return cond !== 0n ? then : other
}

function constantP(p: Parser, start: Token): Expr {
  p.unevaluated++
  const e = rvalue(p, assignment(p))
  p.unevaluated--
  const string = e.kind === "cast" && e.cast === "decay" && e.operand.kind === "string"
  return intLit(string || evaluate(e) !== undefined ? 1n : 0n, INT, start)
}

/** Sizes of objects are not tracked: the answer is that of an unknown object. */
function objectSize(p: Parser, start: Token): Expr {
  p.unevaluated++
  assignment(p)
  p.unevaluated--
  p.expect(",")
  const kind = constantInt(p, assignment(p), "the second argument")
  return intLit(kind & 2n ? 0n : 0xffff_ffff_ffff_ffffn, SIZE_T, start)
}

/** A number where the string is known, else a call of the program's own `strlen`. */
function lengthOfString(p: Parser, start: Token): Expr {
  const e = rvalue(p, assignment(p))
  const known = stringLength(e)
  if (known !== undefined) return intLit(known, SIZE_T, start)
  const own = p.scope.find("strlen")
  if (own?.kind === "function") return call(p, { kind: "ref", decl: own, type: own.type, span: start }, [e], p.tok)
  return p.fail("C_UNSUPPORTED", `'${start.text}' needs a string that is known here`, e.span, {
    hint: insteadOfLibrary("strlen"),
  })
}

function preserveAccessIndex(p: Parser, start: Token): Expr {
  const e = rvalue(p, assignment(p))
  return { kind: "builtin", name: start.text, args: [e], types: [], type: e.type, span: start }
}

/** `(expression, constant)`: the expression is not evaluated, its type and its path are what counts. */
function preserveInfo(type: Type): (p: Parser, start: Token) => Expr {
  return (p, start) => {
    p.unevaluated++
    const e = assignment(p)
    p.unevaluated--
    p.expect(",")
    const flag = rvalue(p, assignment(p))
    constantInt(p, flag, `the second argument of '${start.text}'`)
    const subject = isLvalue(e) ? e : rvalue(p, e)
    return { kind: "builtin", name: start.text, args: [subject, flag], types: [e.type], type, span: start }
  }
}
