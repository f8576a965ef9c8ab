import {
  type Alloca,
  type Const,
  constant,
  type Inst,
  type IrFunction,
  isConst,
  type Load,
  type MemCopy,
  type MemSet,
  replaceValues,
  type Value,
  type ValueType,
  type Width,
} from "../ir/index.ts"
import { Emitter } from "./emit.ts"
import { hasAllocas, placeOf } from "./pointers.ts"
import { firstAfter, type Range, RangeSet } from "./ranges.ts"

/**
 * Scalar replacement of aggregates: a stack object of which every use is at a known offset is split into one object per piece that is
 * accessed together; each piece of 1, 2, 4 or 8 bytes is then read and written whole, so that mem2reg can make it a value.
 *
 *     %1 = alloca 16 "pair"               →    %5 = alloca 8 "pair"
 *     %2 = ptradd %1, 8                        %6 = alloca 8 "pair"
 *     store 8 %2, %x                           store 8 %6, %x
 *
 * An object whose address goes elsewhere (a helper's argument) is left whole.
 */
export function sroa(func: IrFunction): boolean {
  if (!hasAllocas(func)) return false
  const objects = candidates(func)
  if (objects.size === 0) return false
  keepEscapingBytes(objects)
  mergeAcrossCopies(objects)
  const pieces = new Map<Alloca, Piece[]>()
  for (const [object, info] of objects) {
    const { ranges } = info.pieces
    if (ranges.length === 1 && ranges[0].start === 0 && ranges[0].end === object.size && !worthwhile(object, info))
      continue
    pieces.set(
      object,
      ranges.map(({ start, end }): Piece => {
        const size = end - start
        const alloca: Alloca & Inst = { ...object, id: func.nextId++, size, align: alignOf(object, start, size) }
        const whole = object.variable
        if (whole !== undefined) alloca.variable = { ...whole, offset: whole.offset + start, size }
        return { start, end, alloca }
      }),
    )
  }
  if (pieces.size === 0) return false
  const replaced = new Map<Value, Value>()
  for (const block of func.blocks) {
    const emit = new Emitter(func, block)
    for (const inst of block.insts) {
      if (inst.op === "alloca" && pieces.has(inst)) emit.insts.push(...pieces.get(inst)!.map(p => p.alloca))
      else rewrite(emit, inst, pieces, replaced)
    }
    block.insts = block === func.blocks[0] ? allocasFirst(emit.insts) : emit.insts
  }
  replaceValues(func, replaced)
  return true
}

/** Whether an object that is one piece gains from the rewriting: its accesses become those of one word. */
const worthwhile = (object: Alloca, info: Info): boolean =>
  wordSize(object.size) !== undefined && (info.filled || info.copies.length > 0 || info.partial)

interface Info {
  readonly size: number
  /** Bytes read or written together. */
  readonly pieces: RangeSet
  readonly copies: (MemCopy & Inst)[]
  /** Some memset writes it. */
  filled: boolean
  /** Some load or store is not of the whole object. */
  partial: boolean
}
interface Piece extends Range {
  readonly alloca: Alloca
}

const allocasFirst = (insts: Inst[]): Inst[] => [
  ...insts.filter(i => i.op === "alloca"),
  ...insts.filter(i => i.op !== "alloca"),
]

/** Objects with no use but loads, stores, copies and fills at constant offsets inside them. */
function candidates(func: IrFunction): Map<Alloca, Info> {
  const found = new Map<Alloca, Info>()
  for (const inst of func.blocks[0].insts) {
    if (inst.op === "alloca")
      found.set(inst, { size: inst.size, pieces: new RangeSet(), copies: [], filled: false, partial: false })
  }
  const spoil = (v: Value) => {
    if (v.type === "ptr") found.delete(placeOf(v).base as Alloca)
  }
  /** The candidate behind a pointer, with the range accessed; spoils it when that range is not known. */
  const access = (pointer: Value, size: number): { info: Info; range: Range } | undefined => {
    const { base, offset } = placeOf(pointer)
    const info = found.get(base as Alloca)
    if (info === undefined) return undefined
    if (offset === undefined || offset < 0 || offset + size > (base as Alloca).size) {
      found.delete(base as Alloca)
      return undefined
    }
    return { info, range: { start: offset, end: offset + size } }
  }
  for (const block of func.blocks) {
    for (const phi of block.phis) for (const arg of phi.args) spoil(arg)
    for (const inst of block.insts) {
      switch (inst.op) {
        case "ptradd":
          break
        case "load":
        case "store": {
          if (inst.op === "store") spoil(inst.args[1])
          if (inst.volatile) spoil(inst.args[0])
          const hit = access(inst.args[0], inst.width)
          if (hit === undefined) break
          hit.info.pieces.add(hit.range.start, hit.range.end)
          if (inst.width !== hit.info.size) hit.info.partial = true
          break
        }
        case "memset": {
          const hit = isConst(inst.args[1]) ? access(inst.args[0], inst.size) : undefined
          if (hit === undefined) spoil(inst.args[0])
          else hit.info.filled = true
          break
        }
        case "memcpy":
          for (const pointer of inst.args) {
            const hit = access(pointer, inst.size)
            if (hit === undefined) continue
            hit.info.copies.push(inst)
          }
          break
        default:
          for (const arg of inst.args) spoil(arg)
      }
    }
    for (const arg of block.term.args) spoil(arg)
  }
  return found
}

/** What is accessed together on one side of a copy must be together on the other side too. */
function mergeAcrossCopies(objects: Map<Alloca, Info>): void {
  const waiting = new Set([...objects.values()].flatMap(info => info.copies))
  for (const copy of waiting) {
    waiting.delete(copy)
    const [to, from] = copy.args.map(placeOf)
    const a = objects.get(to.base as Alloca)
    const b = objects.get(from.base as Alloca)
    if (a === undefined || b === undefined) continue
    // Each change is seen by the other copies of its object, and by this one again.
    if (project(a, to.offset!, b, from.offset!, copy.size)) for (const other of b.copies) waiting.add(other)
    if (project(b, from.offset!, a, to.offset!, copy.size)) for (const other of a.copies) waiting.add(other)
  }
}

function project(source: Info, at: number, target: Info, to: number, size: number): boolean {
  let changed = false
  for (const { start, end } of source.pieces.within(at, at + size)) {
    const low = Math.max(start, at) - at + to
    const high = Math.min(end, at + size) - at + to
    changed = target.pieces.add(low, high) || changed
  }
  return changed
}

/** Bytes that are copied to memory which is not split must be in some piece, read or not. */
function keepEscapingBytes(objects: Map<Alloca, Info>): void {
  for (const [object, info] of objects) {
    for (const copy of info.copies) {
      const [to, from] = copy.args.map(placeOf)
      if (from.base !== object || objects.has(to.base as Alloca)) continue
      const end = from.offset! + copy.size
      let at = from.offset!
      const fillTo = (next: number) => {
        while (at < next) {
          const width = chunk(at, next)
          info.pieces.add(at, at + width)
          at += width
        }
      }
      for (const range of info.pieces.within(at, end)) {
        fillTo(range.start)
        at = range.end
      }
      fillTo(end)
    }
  }
}

/** The widest aligned access at `from` that ends by `to`. */
function chunk(from: number, to: number): Width {
  for (const size of [8, 4, 2] as const) if (from % size === 0 && from + size <= to) return size
  return 1
}

const wordSize = (size: number): Width | undefined =>
  size === 1 || size === 2 || size === 4 || size === 8 ? size : undefined

function alignOf(object: Alloca, start: number, size: number): number {
  const word = wordSize(size)
  if (word !== undefined) return word
  let align = object.align
  while (start % align !== 0) align >>= 1
  return align
}

/** What an access inside a piece is known to be aligned to. */
function alignAt(piece: Piece, inner: number, width: Width): number {
  let align = Math.min(width, piece.alloca.align)
  while (inner % align !== 0) align >>= 1
  return align
}

function rewrite(emit: Emitter, inst: Inst, pieces: ReadonlyMap<Alloca, Piece[]>, replaced: Map<Value, Value>): void {
  emit.span = inst.span
  const at = inst.args.length > 0 && inst.args[0].type === "ptr" ? placeOf(inst.args[0]) : undefined
  const list = at === undefined ? undefined : pieces.get(at.base as Alloca)
  switch (inst.op) {
    case "load":
      if (list === undefined) emit.keep(inst)
      else replaced.set(inst, extended(emit, inst, read(emit, list, at!.offset!, inst.width)))
      return
    case "store":
      if (list === undefined) emit.keep(inst)
      else write(emit, list, at!.offset!, inst.width, inst.args[1])
      return
    case "memset":
      if (list === undefined) emit.keep(inst)
      else fill(emit, inst, list, at!.offset!)
      return
    case "memcpy":
      copy(emit, inst, pieces)
      return
    case "ptradd":
      if (list === undefined) emit.keep(inst)
      return
    default:
      emit.keep(inst)
  }
}

/** The piece that holds a byte. */
function find(list: readonly Piece[], offset: number): Piece | undefined {
  const piece = list[firstAfter(list, offset)]
  return piece !== undefined && piece.start <= offset ? piece : undefined
}

/** Reads `width` bytes of a split object, zero-extended to i32 (1, 2 or 4 bytes) or as i64. */
function read(emit: Emitter, list: readonly Piece[], offset: number, width: Width): Value {
  const piece = find(list, offset)!
  const inner = offset - piece.start
  const word = wordSize(piece.alloca.size)
  if (word === undefined || word === width)
    return emit.load(emit.ptradd(piece.alloca, inner), width, alignAt(piece, inner, width))
  let v = emit.load(piece.alloca, word, word)
  if (inner > 0) v = emit.binary("lshr", v, constant(v.type as ValueType, inner * 8))
  return width === 4 ? emit.convert(v, "i32") : emit.convert(emit.and(v, (1n << BigInt(width * 8)) - 1n), "i32")
}

/** Writes `width` bytes of a split object; part of a word means reading the word and replacing its bits. */
function write(emit: Emitter, list: readonly Piece[], offset: number, width: Width, value: Value): void {
  const piece = find(list, offset)!
  const inner = offset - piece.start
  const word = wordSize(piece.alloca.size)
  if (word === undefined || word === width) {
    emit.store(emit.ptradd(piece.alloca, inner), width, value, alignAt(piece, inner, width))
    return
  }
  const type: ValueType = word === 8 ? "i64" : "i32"
  const mask = (1n << BigInt(width * 8)) - 1n
  const full = (1n << BigInt(word * 8)) - 1n
  let bits = emit.and(emit.convert(value, type), mask)
  if (inner > 0) bits = emit.binary("shl", bits, constant(type, inner * 8))
  const kept = emit.and(emit.load(piece.alloca, word, word), full & ~(mask << BigInt(inner * 8)))
  emit.store(piece.alloca, word, emit.binary("or", kept, bits), word)
}

/** The value of a load whose bytes, zero-extended, are `bits`. */
function extended(emit: Emitter, load: Load & Inst, bits: Value): Value {
  let v = bits
  if (load.signed && load.width < 4) v = emit.sextin(load.width === 1 ? 8 : 16, v)
  if (load.signed && load.width < 8 && load.type === "i64") return emit.sext(v)
  return emit.convert(v, load.type as ValueType)
}

function fill(emit: Emitter, set: MemSet & Inst, list: readonly Piece[], at: number): void {
  const byte = (set.args[1] as Const).value & 0xffn
  for (const { start, end } of list) {
    const high = Math.min(end, at + set.size)
    for (let from = Math.max(start, at); from < high; ) {
      const width = chunk(from - start, high - start)
      let value = 0n
      for (let i = 0; i < width; i++) value = (value << 8n) | byte
      write(emit, list, from, width, constant(width === 8 ? "i64" : "i32", value))
      from += width
    }
  }
}

/** Copies piece by piece. Where both sides are split their pieces are alike, but for bytes that nobody reads. */
function copy(emit: Emitter, inst: MemCopy & Inst, pieces: ReadonlyMap<Alloca, Piece[]>): void {
  const [to, from] = inst.args.map(placeOf)
  const targets = pieces.get(to.base as Alloca)
  const sources = pieces.get(from.base as Alloca)
  if (targets === undefined && sources === undefined) {
    emit.keep(inst)
    return
  }
  const list = targets ?? sources!
  const base = targets !== undefined ? to.offset! : from.offset!
  for (const { start, end } of list) {
    const high = Math.min(end, base + inst.size)
    for (let i = Math.max(start, base); i < high; ) {
      const width = chunk(i - start, high - start)
      const done = i - base
      i += width
      if (sources !== undefined && find(sources, from.offset! + done) === undefined) continue
      let align = Math.min(width, inst.align)
      while (done % align !== 0) align >>= 1
      const value =
        sources === undefined
          ? emit.load(emit.ptradd(inst.args[1], done), width, align)
          : read(emit, sources, from.offset! + done, width)
      if (targets === undefined) emit.store(emit.ptradd(inst.args[0], done), width, value, align)
      else write(emit, targets, to.offset! + done, width, value)
    }
  }
}
