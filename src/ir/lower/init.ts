import type { Span } from "../../base/index.ts"
import { canonical, type Init, type Type } from "../../c/index.ts"
import { constant, i32 } from "../values.ts"
import { storePlace } from "./access.ts"
import { copyInto } from "./aggregate.ts"
import type { FunctionContext, Place } from "./context.ts"
import { readInto, scalar } from "./expr.ts"
import { fail } from "./fail.ts"
import { type Dynamic, type Image, imageOf } from "./image.ts"
import { alignAt, roomFor, sizeFor } from "./repr.ts"

/**
 * Gives a new object on the stack its first value. The bytes that are known (zeros, and all padding, included: map keys and the verifier want
 * every byte written) are stored first, in the widest words; then the computed parts.
 *
 *     struct { char c; long l; } s = {x, 1}      store 8 s, 0; store 8 s+8, 1; store 1 s, x
 */
export function initialise(cx: FunctionContext, object: Place, init: Init): void {
  const { type } = object
  if (init.kind === "expr" && canonical(type).kind !== "array") {
    copyInto(cx, init.expr, object)
    return
  }
  const { span } = init.kind === "list" ? init : init.expr
  stackSize(type, span)
  const image = imageOf(type, init, span)
  if (!isAggregate(type)) {
    // `int x = {1}`
    if (image.dynamic.length > 0) copyInto(cx, image.dynamic[0].expr, object)
    else writeImage(cx, object, image)
    return
  }
  writeImage(cx, object, image)
  for (const part of image.dynamic) {
    cx.b.span = part.expr.span
    writePart(cx, object, part)
  }
}

/** Bytes of an object with an initialiser above which it is refused without a look at them: no optimiser brings it into 512 bytes of stack. */
const LARGEST = 1 << 20

/** Bytes of an object on the stack. Refuses what is far too large for one. */
function stackSize(type: Type, span: Span): number {
  const size = sizeFor(type, span)
  if (size <= LARGEST) return size
  return fail("CODEGEN_STACK", `an object of ${size} bytes does not fit the stack, whose limit is 512`, span, {
    hint: "keep it in a map: a per-CPU array of one element, or a global variable",
  })
}

/** Makes all bytes of a new object on the stack zero. */
export function zero(cx: FunctionContext, object: Place): void {
  const size = stackSize(object.type, cx.decl.span)
  if (size > 0) writeImage(cx, object, { bytes: new Uint8Array(size), dynamic: [] })
}

function writePart(cx: FunctionContext, object: Place, part: Dynamic): void {
  const { type, bitField, expr, offset } = part
  const address = cx.b.ptradd(object.address, offset)
  const place = { address, type, align: alignAt(object.align, offset), volatile: object.volatile }
  if (bitField !== undefined) storePlace(cx, { ...place, bitField }, scalar(cx, expr))
  else if (expr.kind === "kernelRead" && expr.bitField === undefined && !place.volatile) readInto(cx, expr, place)
  else copyInto(cx, expr, place)
}

/** Runs of zeros from this size on are one memset. */
const MEMSET_FROM = 24

function writeImage(cx: FunctionContext, object: Place, image: Image): void {
  const { address, align, volatile } = object
  // The bytes behind the object are its own, too.
  const bytes = new Uint8Array(roomFor(image.bytes.length, align))
  bytes.set(image.bytes)
  const { b } = cx
  for (const run of runsOf(bytes, uncovered(image, bytes.length))) {
    if (run.zero && run.end - run.start >= MEMSET_FROM && !volatile) {
      b.memset(b.ptradd(address, run.start), i32(0), run.end - run.start, alignAt(align, run.start))
      continue
    }
    for (let at = run.start; at < run.end; ) {
      let width: 1 | 2 | 4 | 8 = 8
      while (width > alignAt(align, at) || at + width > run.end) width = (width / 2) as 1 | 2 | 4
      let value = 0n
      for (let i = width - 1; i >= 0; i--) value = (value << 8n) | BigInt(bytes[at + i])
      b.store(width, b.ptradd(address, at), constant(width === 8 ? "i64" : "i32", value), { volatile })
      at += width
    }
  }
}

interface Run {
  readonly start: number
  end: number
  readonly zero: boolean
}

/** The ranges of bytes to be written so that those needed are, in order; zeros that follow each other are one range. */
function runsOf(bytes: Uint8Array, needed: Uint8Array): Run[] {
  const runs: Run[] = []
  for (let at = 0; at < bytes.length; at += 8) {
    const range = rangeNeeded(needed, at, Math.min(at + 8, bytes.length))
    if (range === undefined) continue
    const [start, end] = range
    const zero = isZero(bytes, start, end)
    const last = runs.at(-1)
    if (zero && last?.zero && last.end === start) last.end = end
    else runs.push({ start, end, zero })
  }
  return runs
}

/**
 * The range to be written in a word so that every byte still needed is: the whole word unless one smaller aligned piece will do, since what is
 * written too much is overwritten later by the parts it belongs to.
 */
function rangeNeeded(needed: Uint8Array, from: number, to: number): [number, number] | undefined {
  let first = from
  let last = to
  while (first < last && needed[first] === 0) first++
  while (last > first && needed[last - 1] === 0) last--
  if (first === last) return undefined
  for (let width = 1; width < 8; width *= 2) {
    const start = first - (first % width)
    if (last <= start + width && start + width <= to) return [start, start + width]
  }
  return [from, to]
}

/** 1 for each byte of the object that no computed part writes whole; 0 for the `room` behind it. */
function uncovered({ bytes, dynamic }: Image, room: number): Uint8Array {
  const needed = new Uint8Array(room).fill(1, 0, bytes.length)
  for (const { from, to, bitField } of dynamic) if (bitField === undefined) needed.fill(0, from / 8, to / 8)
  return needed
}

function isZero(bytes: Uint8Array, from: number, to: number): boolean {
  for (let i = from; i < to; i++) if (bytes[i] !== 0) return false
  return true
}

function isAggregate(type: Type): boolean {
  const { kind } = canonical(type)
  return kind === "record" || kind === "array"
}
