import type { Span } from "../../base/index.ts"
import type { Call, Expr, FunctionDecl } from "../ast.ts"
import type { Type } from "../types.ts"
import { CONST } from "../types.ts"
import {
  BOOL,
  CHAR,
  CONST_VOID_PTR,
  functionType,
  INT,
  LLONG,
  LONG,
  pointerTo,
  SIZE_T,
  UCHAR,
  UINT,
  ULLONG,
  ULONG,
  USHORT,
  VOID,
  VOID_PTR,
  withQuals,
} from "./basic.ts"
import { call } from "./call.ts"
import type { Context } from "./context.ts"
import { convert, rvalue } from "./convert.ts"
import type { Mutable } from "./mutable.ts"
import { canonical, integerOf, isInteger, pointerOf, sizeOf, unqualified } from "./typeops.ts"
import { quoteType } from "./typeString.ts"

/**
 * Builtins that behave like functions, after `__builtin_`: result, then parameters. v void, b _Bool, h unsigned short, i int, u unsigned,
 * B unsigned char, l long, U unsigned long, q long long, Q unsigned long long, z size_t, p void *, P const void *, c const char *, and `.` for more arguments.
 */
const PLAIN: Readonly<Record<string, string>> = {
  memcpy: "p pPz",
  memmove: "p pPz",
  memset: "p piz",
  memcmp: "i PPz",
  strcmp: "i cc",
  strncmp: "i ccz",
  strcpy: "p pc",
  bswap16: "h h",
  bswap32: "u u",
  bswap64: "U U",
  clz: "i u",
  clzl: "i U",
  clzll: "i Q",
  ctz: "i u",
  ctzl: "i U",
  ctzll: "i Q",
  ffs: "i i",
  ffsl: "i l",
  ffsll: "i q",
  popcount: "i u",
  popcountl: "i U",
  popcountll: "i Q",
  parity: "i u",
  parityl: "i U",
  parityll: "i Q",
  clrsb: "i i",
  clrsbl: "i l",
  clrsbll: "i q",
  rotateleft8: "B BB",
  rotateleft16: "h hh",
  rotateleft32: "u uu",
  rotateleft64: "U UU",
  rotateright8: "B BB",
  rotateright16: "h hh",
  rotateright32: "u uu",
  rotateright64: "U UU",
  bitreverse8: "B B",
  bitreverse16: "h h",
  bitreverse32: "u u",
  bitreverse64: "U U",
  memcpy_inline: "v pPz",
  memset_inline: "v piz",
  abs: "i i",
  labs: "l l",
  llabs: "q q",
  expect: "l ll",
  assume: "v b",
  unreachable: "v",
  trap: "v",
  prefetch: "v P.",
}

/** Functions of the C library that a program may call without a declaration. */
const UNDECLARED = new Set(["memcpy", "memmove", "memset", "memcmp", "strcmp", "strncmp", "strcpy"])

/**
 * Builtins whose types follow their first argument, a pointer `*` to T: `E` is a pointer to plain T. Arguments past the signature are
 * allowed for `__sync` (GCC's list of protected variables) and not evaluated.
 */
const ATOMIC: Readonly<Record<string, string>> = {
  __sync_val_compare_and_swap: "T *TT",
  __sync_bool_compare_and_swap: "b *TT",
  __sync_lock_test_and_set: "T *T",
  __sync_lock_release: "v *",
  __atomic_load_n: "T *i",
  __atomic_load: "v *Ei",
  __atomic_store_n: "v *Ti",
  __atomic_store: "v *Ei",
  __atomic_exchange_n: "T *Ti",
  __atomic_exchange: "v *EEi",
  __atomic_compare_exchange_n: "b *ETbii",
  __atomic_compare_exchange: "b *EEbii",
}

const FENCES: Readonly<Record<string, string>> = {
  __sync_synchronize: "v",
  __atomic_thread_fence: "v i",
  __atomic_signal_fence: "v i",
  __atomic_test_and_set: "b pi",
  __atomic_clear: "v pi",
}

const FETCH_OP =
  /^__(sync|atomic)_(?:fetch_(?:and_)?(?:add|sub|and|or|xor|nand)|(?:add|sub|and|or|xor|nand)_(?:and_)?fetch)$/

const OVERFLOW = /^(add|sub|mul)_overflow$/
const TYPED_OVERFLOW = /^([su])(add|sub|mul)(l|ll|)_overflow$/

const CODES: Readonly<Record<string, Type>> = {
  v: VOID,
  b: BOOL,
  B: UCHAR,
  h: USHORT,
  i: INT,
  u: UINT,
  l: LONG,
  U: ULONG,
  q: LLONG,
  Q: ULLONG,
  z: SIZE_T,
  p: VOID_PTR,
  P: CONST_VOID_PTR,
  c: pointerTo(withQuals(CHAR, CONST)),
}

function makeDecl(
  name: string,
  builtin: string,
  ret: Type,
  params: readonly Type[],
  variadic: boolean,
  span: Span,
): Mutable<FunctionDecl> {
  return {
    kind: "function",
    name,
    type: functionType(ret, params, variadic),
    params: [],
    storage: "extern",
    inline: false,
    body: undefined,
    attrs: [],
    span,
    builtin,
  }
}

function fromSignature(name: string, builtin: string, signature: string, span: Span): Mutable<FunctionDecl> {
  const [ret, params = ""] = signature.split(" ")
  const variadic = params.endsWith(".")
  const types = [...(variadic ? params.slice(0, -1) : params)].map(code => CODES[code])
  return makeDecl(name, builtin, CODES[ret], types, variadic, span)
}

/**
 * A builtin that is an ordinary function: `__builtin_NAME`, a fence, or `memcpy` and its like when the program does not declare them.
 * `FunctionDecl.builtin` is the name without `__builtin_`. Made once a translation unit.
 */
export function plainBuiltin(c: Context, name: string, span: Span): Mutable<FunctionDecl> | undefined {
  let decl: Mutable<FunctionDecl> | undefined
  if (name.startsWith("__builtin_")) {
    const short = name.slice(10)
    if (Object.hasOwn(PLAIN, short)) decl = fromSignature(name, short, PLAIN[short], span)
  } else if (UNDECLARED.has(name)) decl = fromSignature(name, name, PLAIN[name], span)
  else if (Object.hasOwn(FENCES, name)) decl = fromSignature(name, name, FENCES[name], span)
  if (decl !== undefined) c.fileScope.names.set(name, decl)
  return decl
}

/** Names that mean a builtin unless the program itself declares them; the kernel's own `memcpy` is not meant. */
export function isBuiltinName(name: string): boolean {
  return name.startsWith("__builtin_") || UNDECLARED.has(name)
}

/** Whether a name is a builtin whose type depends on its arguments. */
export function isGenericBuiltin(name: string): boolean {
  if (name.startsWith("__builtin_")) {
    const short = name.slice(10)
    return OVERFLOW.test(short) || TYPED_OVERFLOW.test(short)
  }
  return Object.hasOwn(ATOMIC, name) || FETCH_OP.test(name)
}

/** Calls such a builtin; `FunctionDecl.builtin` is `add_overflow` and so on, or the whole `__sync_…`, `__atomic_…` name. */
export function callGeneric(c: Context, name: string, args: readonly Expr[], at: Span, end: Span): Call {
  if (name.startsWith("__builtin_")) return callOverflow(c, name, args, at, end)
  const fetch = FETCH_OP.exec(name)
  const signature = fetch === null ? ATOMIC[name] : fetch[1] === "sync" ? "T *T" : "T *Ti"
  const [ret, params] = signature.split(" ")
  if (args.length < params.length) {
    c.fail(
      "C_ARG_COUNT",
      `too few arguments to function '${name}', expected ${params.length}, have ${args.length}`,
      end,
    )
  }
  if (args.length > params.length && !name.startsWith("__sync_")) {
    c.fail(
      "C_ARG_COUNT",
      `too many arguments to function '${name}', expected ${params.length}, have ${args.length}`,
      end,
    )
  }
  const pointer = rvalue(c, args[0])
  const target = atomicTarget(c, name, pointer)
  const value = unqualified(target)
  const typeOf = (code: string) =>
    code === "T" ? value : code === "E" ? pointerTo(value) : code === "*" ? pointer.type : CODES[code]
  const types = [...params].map(typeOf)
  const decl = makeDecl(name, name, typeOf(ret), types, false, at)
  const passed = [pointer, ...args.slice(1, params.length).map((arg, i) => passAtomic(c, arg, types[i + 1]))]
  return call(c, { kind: "ref", decl, type: decl.type, span: at }, passed, end)
}

/** An integer may stand for a pointer that is changed atomically: `fetch_add` on a pointer counts bytes. */
function passAtomic(c: Context, arg: Expr, type: Type): Expr {
  const e = rvalue(c, arg)
  return pointerOf(type) !== undefined && isInteger(e.type) ? convert(e, type) : e
}

function atomicTarget(c: Context, name: string, pointer: Expr): Type {
  const target = pointerOf(pointer.type)?.to
  if (target === undefined) {
    return c.fail(
      "C_NOT_POINTER",
      `first argument to '${name}' must be a pointer (${quoteType(pointer.type)} invalid)`,
      pointer.span,
    )
  }
  const size = sizeOf(target)
  const kind = canonical(target).kind
  const scalar = kind === "int" || kind === "enum" || kind === "pointer"
  if (!scalar || size === undefined || size > 8) {
    c.fail(
      "C_ATOMIC_TYPE",
      `'${name}' needs a pointer to an integer or pointer of at most 8 bytes (${quoteType(pointer.type)} invalid)`,
      pointer.span,
    )
  }
  if (canonical(target).quals & CONST) {
    c.fail(
      "C_CONST",
      `first argument to '${name}' must be a pointer to non-const type (${quoteType(pointer.type)} invalid)`,
      pointer.span,
    )
  }
  return target
}

function callOverflow(c: Context, name: string, args: readonly Expr[], at: Span, end: Span): Call {
  const short = name.slice(10)
  const typed = TYPED_OVERFLOW.exec(short)
  if (args.length !== 3) {
    c.fail("C_ARG_COUNT", `wrong number of arguments to function '${name}', expected 3, have ${args.length}`, end)
  }
  const operands = args.map(arg => rvalue(c, arg))
  for (const e of operands.slice(0, 2)) {
    if (!isInteger(e.type))
      c.fail("C_NOT_INTEGER", `operand of '${name}' must be an integer (${quoteType(e.type)} invalid)`, e.span)
  }
  const result = pointerOf(operands[2].type)?.to
  const target = result && integerOf(result)
  if (result === undefined || target === undefined || canonical(result).quals & CONST) {
    c.fail(
      "C_NOT_POINTER",
      `result of '${name}' must be a pointer to a non-const integer (${quoteType(operands[2].type)} invalid)`,
      operands[2].span,
    )
  }
  let types = operands.map(e => e.type)
  let builtin = short
  if (typed !== null) {
    const type = typed[1] === "s" ? [INT, LONG, LLONG][typed[3].length] : [UINT, ULONG, ULLONG][typed[3].length]
    types = [type, type, pointerTo(type)]
    builtin = `${typed[2]}_overflow`
  }
  const decl = makeDecl(name, builtin, BOOL, types, false, at)
  return call(c, { kind: "ref", decl, type: decl.type, span: at }, operands, end)
}
