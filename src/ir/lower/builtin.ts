import { type BuiltinExpr, type Call, evaluate, insteadOfLibrary } from "../../c/index.ts"
import type { Value } from "../ir.ts"
import { i32, nullPtr } from "../values.ts"
import { atomicBuiltin } from "./atomic.ts"
import {
  absolute,
  firstSet,
  leadingZeros,
  parity,
  popcount,
  redundantSigns,
  reversed,
  rotated,
  trailingZeros,
} from "./bits.ts"
import type { FunctionContext } from "./context.ts"
import { effect, scalar, value } from "./expr.ts"
import { fail } from "./fail.ts"
import { compareMemory, copyMemory, fillMemory } from "./memory.ts"
import { overflow } from "./overflow.ts"
import { constantOf, reprOf, type Scalar } from "./repr.ts"
import { compareStrings, copyString } from "./strings.ts"

type Lowering = (cx: FunctionContext, e: Call) => Scalar | undefined

/** A builtin of one integer. */
const ofOne =
  (make: (cx: FunctionContext, v: Value) => Value): Lowering =>
  (cx, e) =>
    make(cx, value(cx, e.args[0]))

/** The first argument; the others are only evaluated. */
const firstArgument: Lowering = (cx, e) => {
  const result = scalar(cx, e.args[0])
  for (const arg of e.args.slice(1)) effect(cx, arg)
  return result
}

const nothing: Lowering = (cx, e) => {
  for (const arg of e.args) effect(cx, arg)
  return undefined
}

const endHere: Lowering = cx => {
  cx.b.unreachable()
  return undefined
}

/** A function of the C library, of which there is as much as strings that are known need. */
const ofKnown =
  (make: (cx: FunctionContext, e: Call) => Value | undefined): Lowering =>
  (cx, e) => {
    const name = e.callee.kind === "cast" && e.callee.operand.kind === "ref" ? e.callee.operand.decl.name : ""
    return (
      make(cx, e) ??
      fail("IR_UNDEFINED_FUNCTION", `${plain(name)} needs a string that is known here`, e.span, {
        hint: insteadOfLibrary(name),
      })
    )
  }

const loadPacket =
  (width: 1 | 2 | 4): Lowering =>
  (cx, e) => {
    const context = value(cx, e.args[0])
    const offset = value(cx, e.args[1])
    const { b } = cx
    const constantOffset = offset.kind === "const" && offset.value < 0x80000000n
    const loaded = constantOffset
      ? b.ldpacket(width, context, Number(offset.value))
      : b.ldpacket(width, context, 0, offset.type === "i64" ? b.trunc(offset) : offset)
    return reprOf(e.type, e.span) === "i64" ? b.zext(loaded) : loaded
  }

/** `__builtin_rotateleftN` and `…rightN`; a count is taken modulo the width. */
function rotations(bits: number): [string, Lowering][] {
  const by =
    (left: boolean): Lowering =>
    (cx, e) =>
      rotated(cx, value(cx, e.args[0]), value(cx, e.args[1]), bits, left)
  return [
    [`rotateleft${bits}`, by(true)],
    [`rotateright${bits}`, by(false)],
  ]
}

/** Builtins that behave like functions, by their name without `__builtin_`. */
const builtins: Readonly<Record<string, Lowering>> = {
  memcpy: (cx, e) => copyMemory(cx, e, false),
  memmove: (cx, e) => copyMemory(cx, e, true),
  memset: fillMemory,
  memcmp: compareMemory,
  strcmp: ofKnown(compareStrings),
  strncmp: ofKnown(compareStrings),
  strcpy: ofKnown(copyString),
  bswap16: ofOne((cx, v) => cx.b.bswap(16, v)),
  bswap32: ofOne((cx, v) => cx.b.bswap(32, v)),
  bswap64: ofOne((cx, v) => cx.b.bswap(64, v)),
  clz: ofOne(leadingZeros),
  clzl: ofOne(leadingZeros),
  clzll: ofOne(leadingZeros),
  ctz: ofOne(trailingZeros),
  ctzl: ofOne(trailingZeros),
  ctzll: ofOne(trailingZeros),
  ffs: ofOne(firstSet),
  ffsl: ofOne(firstSet),
  ffsll: ofOne(firstSet),
  popcount: ofOne(popcount),
  popcountl: ofOne(popcount),
  popcountll: ofOne(popcount),
  parity: ofOne(parity),
  parityl: ofOne(parity),
  parityll: ofOne(parity),
  clrsb: ofOne(redundantSigns),
  clrsbl: ofOne(redundantSigns),
  clrsbll: ofOne(redundantSigns),
  ...Object.fromEntries([8, 16, 32, 64].flatMap(bits => rotations(bits))),
  ...Object.fromEntries([8, 16, 32, 64].map(bits => [`bitreverse${bits}`, ofOne((cx, v) => reversed(cx, v, bits))])),
  memcpy_inline: (cx, e) => copyMemory(cx, e, false),
  memset_inline: fillMemory,
  abs: ofOne(absolute),
  labs: ofOne(absolute),
  llabs: ofOne(absolute),
  expect: firstArgument,
  expect_with_probability: firstArgument,
  assume_aligned: firstArgument,
  preserve_access_index: firstArgument,
  // Its argument is never evaluated.
  assume: () => undefined,
  prefetch: nothing,
  unreachable: endHere,
  trap: endHere,
  add_overflow: (cx, e) => overflow(cx, "+", e),
  sub_overflow: (cx, e) => overflow(cx, "-", e),
  mul_overflow: (cx, e) => overflow(cx, "*", e),
  load_byte: loadPacket(1),
  load_half: loadPacket(2),
  load_word: loadPacket(4),
}

/** Functions without a body that are builtins all the same. */
export function isBuiltinName(name: string): boolean {
  return Object.hasOwn(builtins, plain(name)) || name.startsWith("__sync_") || name.startsWith("__atomic_")
}

function plain(name: string): string {
  return name.startsWith("__builtin_") ? name.slice(10) : name
}

/** A call of a builtin. */
export function evaluateBuiltin(cx: FunctionContext, name: string, e: Call): Scalar | undefined {
  const lowering = Object.hasOwn(builtins, plain(name)) ? builtins[plain(name)] : undefined
  if (lowering !== undefined) return lowering(cx, e)
  const atomic = atomicBuiltin(cx, name, e)
  if (atomic !== undefined) return atomic.value
  return unknown(name, e)
}

/** A builtin that is no function: it may look at its operands without evaluating them. */
export function builtinExpr(cx: FunctionContext, e: BuiltinExpr): Scalar {
  const known = evaluate(e)
  if (known !== undefined) return constantOf(e.type, known, e.span)
  switch (plain(e.name)) {
    case "constant_p":
      return i32(evaluate(e.args[0]) === undefined ? 0 : 1)
    case "object_size":
      return constantOf(
        e.type,
        evaluate(e.args[1]) === 2n || evaluate(e.args[1]) === 3n ? 0n : (1n << 64n) - 1n,
        e.span,
      )
    case "preserve_access_index":
      return scalar(cx, e.args[0])
    case "choose_expr":
      return scalar(cx, evaluate(e.args[0]) !== 0n ? e.args[1] : e.args[2])
    case "unreachable":
    case "trap":
      cx.b.unreachable()
      return nullPtr()
    default:
      return unknown(e.name, e)
  }
}

function unknown(name: string, e: Call | BuiltinExpr): never {
  return fail("IR_BUILTIN", `the builtin ${name} is not supported`, e.span)
}
