import { didYouMean, type Span } from "../../base/index.ts"
import type { Expr, Init, InitEntry, InitList, StringLit } from "../ast.ts"
import type { Field, RecordDecl, Type } from "../types.ts"
import { assignable } from "./assignable.ts"
import { arrayOf, INT } from "./basic.ts"
import type { Context } from "./context.ts"
import { convert, incomplete, intLit } from "./convert.ts"
import { memberNames, recordOf } from "./records.ts"
import { canonical, integerOf, isScalar, sameType, sizeOf, unqualified } from "./typeops.ts"
import { quoteType, typeToString } from "./typeString.ts"

/** An initialiser as written. */
export type RawInit = Expr | RawList

export interface RawList {
  readonly kind: "rawList"
  readonly entries: readonly RawEntry[]
  readonly span: Span
}

export interface RawEntry {
  readonly designators: readonly Designator[]
  readonly init: RawInit
}

export type Designator =
  | { readonly kind: "field"; readonly name: string; readonly span: Span }
  | { readonly kind: "index"; readonly first: number; readonly last: number; readonly span: Span }

/** An initialiser that follows its type, and the type with an array's size found from it. */
export interface Initialized {
  readonly init: Init
  readonly type: Type
}

/** Resolves an initialiser against the type of its object (C11 6.7.9). A flexible array at the end of a static one may have elements. */
export function initialize(c: Context, type: Type, raw: RawInit, isStatic = false): Initialized {
  const t = canonical(type)
  if (t.kind === "record" && !t.decl.complete) incomplete(c, type, raw.span)
  if (t.kind === "array") return initializeArray(c, type, raw)
  return { init: value(c, type, raw, isStatic), type }
}

function initializeArray(c: Context, type: Type, raw: RawInit): Initialized {
  const t = canonical(type)
  if (t.kind !== "array") return { init: value(c, type, raw), type }
  const string = stringFor(t.element, raw)
  if (string !== undefined) {
    const literal = fitString(c, string, t.element, t.count)
    return { init: { kind: "expr", expr: literal }, type: t.count === undefined ? literal.type : type }
  }
  if (raw.kind !== "rawList") {
    // GNU C: a compound literal may initialise an array.
    if (raw.kind === "compound" && sameType(unqualified(t.element), elementOf(raw.type), false)) {
      return { init: raw.init, type: t.count === undefined ? raw.type : type }
    }
    return c.fail("C_INITIALIZER", "array initializer must be an initializer list or string literal", raw.span)
  }
  const node = new Aggregate(type, raw.span)
  fill(c, node, cursor(raw.entries), 0, true)
  const complete = t.count === undefined ? arrayOf(t.element, node.extent) : type
  return { init: node.finish(complete), type: complete }
}

function elementOf(type: Type): Type {
  const t = canonical(type)
  return t.kind === "array" ? unqualified(t.element) : type
}

/** The initialiser of a scalar, a record or (inside a list) an array. `outermost`: of a whole object, whose last member may be flexible. */
function value(c: Context, type: Type, raw: RawInit, outermost = false): Init {
  const t = canonical(type)
  if (t.kind === "array") return initializeArray(c, type, raw).init
  if (raw.kind !== "rawList") return { kind: "expr", expr: assignable(c, raw, type, { kind: "init" }) }
  if (t.kind === "record") return (braced(c, type, raw, outermost) as Aggregate).finish(type)
  if (t.kind === "void" || t.kind === "function") incomplete(c, type, raw.span)
  const [first] = raw.entries
  if (first === undefined) return { kind: "expr", expr: convert(intLit(0n, INT, raw.span), type) }
  if (first.designators.length > 0) {
    c.fail("C_INITIALIZER", `designator in initializer for scalar type ${quoteType(type)}`, first.designators[0].span)
  }
  if (raw.entries.length > 1)
    c.warn("C_EXCESS_INITIALIZER", "excess elements in scalar initializer", raw.entries[1].init.span)
  return value(c, type, first.init)
}

/** The string literal that initialises an array of characters of its size, in braces or not. */
function stringFor(element: Type, raw: RawInit): StringLit | undefined {
  if (raw.kind === "rawList") {
    const [only] = raw.entries
    return raw.entries.length === 1 && only.designators.length === 0 && only.init.kind === "string"
      ? stringFor(element, only.init)
      : undefined
  }
  if (raw.kind !== "string") return undefined
  const literal = integerOf(elementOf(raw.type))
  const wanted = integerOf(element)
  return literal !== undefined && literal.size === wanted?.size ? raw : undefined
}

/** The literal cut to the size of its array, with the array's type. */
function fitString(c: Context, string: StringLit, element: Type, count: number | undefined): StringLit {
  const size = sizeOf(element) ?? 1
  const have = string.bytes.length / size
  if (count === undefined || count >= have) return { ...string, type: arrayOf(element, count ?? have) }
  if (count < have - 1) c.warn("C_EXCESS_INITIALIZER", "initializer-string for char array is too long", string.span)
  return { ...string, bytes: string.bytes.slice(0, count * size), type: arrayOf(element, count) }
}

/** The entries of one pair of braces, and how far they are used. */
interface Cursor {
  readonly entries: readonly RawEntry[]
  at: number
  /** The entry whose designators were followed: what is left of it is a plain value. */
  followed: number
}

function cursor(entries: readonly RawEntry[]): Cursor {
  return { entries, at: 0, followed: -1 }
}

interface Slot {
  first: number
  last: number
  init: Init | Aggregate
}

/** A record or array being initialised. Places count elements, or members that can be initialised. */
class Aggregate {
  readonly type: Type
  readonly span: Span
  /** What is not set here stays as it was set before. */
  readonly keeps: boolean
  /** A whole object: its last member may be an array without a size, which then has as many elements as are named. */
  readonly outermost: boolean
  readonly record: RecordDecl | undefined
  readonly fields: readonly Field[]
  readonly #slots: Slot[] = []
  readonly #element: Type | undefined
  readonly #count: number
  /** Elements of an array that are initialised or lie before such a one. */
  extent = 0

  constructor(type: Type, span: Span, { outermost = false, keeps = false } = {}) {
    const t = canonical(type)
    this.outermost = outermost
    this.keeps = keeps
    this.type = type
    this.span = span
    this.record = t.kind === "record" ? t.decl : undefined
    // Unnamed bit-fields are no members.
    this.fields = this.record?.fields.filter(field => field.name !== undefined || field.bitWidth === undefined) ?? []
    this.#element = t.kind === "array" ? t.element : undefined
    this.#count =
      t.kind === "array"
        ? (t.count ?? Number.POSITIVE_INFINITY)
        : this.record?.isUnion
          ? Math.min(1, this.fields.length)
          : this.fields.length
  }

  /** Places that entries without designators fill one after the other; one in a union. */
  get count(): number {
    return this.#count
  }

  typeAt(place: number): Type {
    return this.#element ?? this.fields[place].type
  }

  set(first: number, last: number, init: Init | Aggregate): void {
    // What was said before of the same place goes, as far as it stands last; a union has one member only.
    const { isUnion } = this.record ?? { isUnion: false }
    for (let i = this.#slots.length - 1; i >= 0; i--) {
      const slot = this.#slots[i]
      if (isUnion || (slot.first >= first && slot.last <= last)) this.#slots.splice(i, 1)
      if (slot.first < first) break
    }
    this.#slots.push({ first, last, init })
    if (last >= this.extent) this.extent = last + 1
  }

  /** The aggregate at a place, to go on filling, or a new one there. */
  child(c: Context, first: number, last: number, span: Span): Aggregate {
    const slot = this.#slots.findLast(s => s.first <= last && s.last >= first)
    if (slot === undefined) {
      const child = new Aggregate(this.typeAt(first), span, { keeps: this.keeps })
      this.set(first, last, child)
      return child
    }
    if (slot.first > first || slot.last < last) {
      c.fail("C_INITIALIZER", "a part of what an earlier initializer has set cannot be set again", span)
    }
    const { init } = slot
    if (slot.first === first && slot.last === last && init instanceof Aggregate) return init
    if (init instanceof Aggregate) {
      // One element of a range goes its own way.
      const child = init.#clone()
      this.set(first, last, child)
      return child
    }
    // What was set as a whole keeps its other parts.
    const child = new Aggregate(this.typeAt(first), span, { keeps: true })
    this.#slots.push({ first, last, init: child })
    return child
  }

  #clone(): Aggregate {
    const copy = new Aggregate(this.type, this.span, this)
    for (const { first, last, init } of this.#slots) {
      copy.set(first, last, init instanceof Aggregate ? init.#clone() : init)
    }
    return copy
  }

  finish(type: Type): InitList {
    const entries = this.#slots.map(({ first, last, init }): InitEntry => {
      const done = init instanceof Aggregate ? init.finish(init.type) : init
      return this.record === undefined ? { index: first, last, init: done } : { field: this.fields[first], init: done }
    })
    return { kind: "list", type, span: this.span, entries, ...(this.keeps && { keeps: true }) }
  }
}

/**
 * Fills an aggregate from a place on. With its own braces it takes all entries; without them (brace elision) as many as it has places for,
 * and stops at a designator, which belongs to the braces around.
 */
function fill(c: Context, node: Aggregate, list: Cursor, place: number, braced: boolean): void {
  while (list.at < list.entries.length) {
    const entry = list.entries[list.at]
    if (entry.designators.length > 0 && list.followed !== list.at) {
      if (!braced) return
      place = designate(c, node, list, entry, 0)
    } else if (place < node.count) {
      place = element(c, node, list, place, place)
    } else {
      if (!braced) return
      const kind = node.record === undefined ? "array" : node.record.isUnion ? "union" : "struct"
      c.warn("C_EXCESS_INITIALIZER", `excess elements in ${kind} initializer`, entry.init.span)
      return
    }
  }
}

/** Initialises one place (or a range) from the next entry, or from several when braces are left out; gives the place after it. */
function element(c: Context, node: Aggregate, list: Cursor, first: number, last: number): number {
  const { init } = list.entries[list.at]
  const type = node.typeAt(first)
  const t = canonical(type)
  const whole =
    init.kind === "rawList" ||
    isScalar(type) ||
    (t.kind === "array" && (stringFor(t.element, init) !== undefined || init.kind === "compound")) ||
    (t.kind === "record" && recordOf(init.type) === t.decl)
  if (whole) {
    list.at++
    if (t.kind === "array" && t.count === undefined) {
      const made = flexible(c, node, type, init)
      if (made !== undefined) node.set(first, last, made)
    } else node.set(first, last, braced(c, type, init) ?? value(c, type, init))
    return last + 1
  }
  if (t.kind !== "array" && t.kind !== "record") {
    list.at++
    incomplete(c, type, init.span)
  }
  if (t.kind === "record" && !t.decl.complete) incomplete(c, type, init.span)
  if (t.kind === "array" && t.count === undefined) noFlexible(c, type, init.span)
  const before = list.at
  const child = new Aggregate(type, init.span)
  c.enter(init.span)
  fill(c, child, list, 0, false)
  c.leave()
  if (list.at > before) node.set(first, last, child)
  else if (node.record === undefined) {
    // Elements without any member would never use the entry up.
    c.warn("C_EXCESS_INITIALIZER", "excess elements in array initializer", init.span)
    list.at++
  }
  return last + 1
}

/** A record or array in braces of its own; kept open, since a later designator may reach into it. */
function braced(c: Context, type: Type, init: RawInit, outermost = false): Aggregate | undefined {
  const t = canonical(type)
  if (init.kind !== "rawList" || (t.kind !== "record" && t.kind !== "array")) return undefined
  if (t.kind === "array" && stringFor(t.element, init) !== undefined) return undefined
  if (t.kind === "record" && !t.decl.complete) incomplete(c, type, init.span)
  const child = new Aggregate(type, init.span, { outermost })
  fill(c, child, cursor(init.entries), 0, true)
  return child
}

/** GNU C: `struct { int n; int a[]; } x = {2, {1, 2}}` makes the object as large as its elements need; without any, nothing is there to set. */
function flexible(c: Context, node: Aggregate, type: Type, raw: RawInit): Init | undefined {
  if (raw.kind === "rawList" && raw.entries.length === 0) return undefined
  if (!node.outermost || node.record?.isUnion !== false) noFlexible(c, type, raw.span)
  const { init, type: complete } = initializeArray(c, type, raw)
  return init.kind === "list" ? { ...init, type: complete } : init
}

function noFlexible(c: Context, type: Type, span: Span): never {
  return c.fail("C_INITIALIZER", `cannot initialise a flexible array member of type ${quoteType(type)} here`, span, {
    hint: "its elements need braces of their own, in the initialiser of a whole static object",
  })
}

/** Follows designators from the `from`-th on, initialises what they name and what comes behind it; gives the place after it in `node`. */
function designate(c: Context, node: Aggregate, list: Cursor, entry: RawEntry, from: number): number {
  const designator = entry.designators[from]
  const [first, last, path] = placeOf(c, node, designator)
  const more = from + 1 < entry.designators.length
  if (!more && path.length === 0) {
    list.followed = list.at
    return element(c, node, list, first, last)
  }
  const type = node.typeAt(first)
  if (isScalar(type)) {
    c.fail(
      "C_INITIALIZER",
      `designator in initializer for scalar type ${quoteType(type)}`,
      entry.designators[from + 1].span,
    )
  }
  const t = canonical(type)
  if (t.kind === "array" && t.count === undefined) noFlexible(c, type, designator.span)
  const child = node.child(c, first, last, designator.span)
  // A member of an anonymous member: the same designator goes on inside.
  const next = path.length > 0 ? designate(c, child, list, entry, from) : designate(c, child, list, entry, from + 1)
  fill(c, child, list, next, false)
  return last + 1
}

/** The places that a designator names; `path` is not empty when the name lies inside an anonymous member at that place. */
function placeOf(c: Context, node: Aggregate, designator: Designator): [number, number, readonly string[]] {
  if (designator.kind === "index") {
    const { first, last, span } = designator
    if (node.record !== undefined)
      c.fail("C_INITIALIZER", `array designator for non-array type ${quoteType(node.type)}`, span)
    if (last >= node.count)
      c.fail("C_INITIALIZER", `array designator index (${last}) exceeds array bounds (${node.count})`, span)
    return [first, last, []]
  }
  const { name, span } = designator
  if (node.record === undefined)
    c.fail("C_INITIALIZER", `field designator for non-record type ${quoteType(node.type)}`, span)
  for (const [i, field] of node.fields.entries()) {
    if (field.name === name) return [i, i, []]
    const inner = field.name === undefined ? recordOf(field.type) : undefined
    if (inner?.complete && memberNames(inner).includes(name)) return [i, i, [name]]
  }
  const near = node.record === undefined ? "" : didYouMean(name, memberNames(node.record))
  return c.fail(
    "C_NO_MEMBER",
    `field designator '${name}' does not refer to any field in type '${typeToString(unqualified(node.type))}'${near}`,
    span,
  )
}
