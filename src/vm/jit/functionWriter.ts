import * as o from "../../isa/index.ts"
import { KERNEL } from "../address.ts"
import { readEvent, writeEvent } from "./events.ts"
import { Extents } from "./extents.ts"
import type { Halves } from "./halves.ts"
import { POINTER, Upper } from "./known.ts"
import type { Locals } from "./locals.ts"
import { type CountedLoop, countedLoops } from "./loops.ts"
import { type Analysis, Kind } from "./values.ts"
import { Bytes } from "./wasm/bytes.ts"
import { I32, I64, Op } from "./wasm/opcodes.ts"

/** Functions are written one at a time, and each is taken out before the next one begins. */
const scratch = new Bytes(16384)

/** Writes the code of one function: puts what registers hold on WebAssembly's stack, and takes results from it. */
export class FunctionWriter {
  readonly a: Analysis
  readonly halves: Halves
  readonly locals: Locals
  /** Bytes of the frame that are in memory: the address of r10 − `frameSize` is in the local `bottom`. */
  readonly frameSize: number
  readonly out = scratch
  #loops: readonly CountedLoop[] | undefined
  #extents: Extents | undefined

  constructor(a: Analysis, halves: Halves, locals: Locals, frameSize: number) {
    this.a = a
    this.halves = halves
    this.locals = locals
    this.frameSize = frameSize
    this.out.length = 0
    this.hasLoops = a.graph.header.includes(1)
  }

  /** Whether the function has loops at all. */
  readonly hasLoops: boolean

  /** The loops whose turns are known. */
  get loops(): readonly CountedLoop[] {
    return (this.#loops ??= countedLoops(this.a))
  }

  /** Which numbers values may be. */
  get extents(): Extents {
    return (this.#extents ??= new Extents(this.a, this.halves.known, this.loops))
  }

  op(code: number): void {
    this.out.byte(code)
  }

  opWith(code: number, operand: number): void {
    this.out.indexed(code, operand)
  }

  i32(value: number): void {
    this.out.byte(Op.i32Const)
    this.out.s32(value)
  }

  i64(low: number, high: number): void {
    this.out.byte(Op.i64Const)
    this.out.s64(low, high)
  }

  /** A load or store. The address on the stack needs no alignment. */
  memory(code: number, offset: number): void {
    this.out.byte(code)
    this.out.indexed(0, offset)
  }

  insn(i: number): o.Insn {
    return this.a.code.insns[i]
  }

  /** The web that instruction `i` reads a variable of; −1 for r10. */
  readWeb(i: number, variable: number): number {
    if (variable === o.R10) return -1
    const { webs, values, events, range } = this.a
    const web = webs.ofEvent[readEvent(events, i - range.first, variable)]
    return values.kind[web] === Kind.copy ? values.low[web] : web
  }

  /** The web that instruction `i` writes; −1 where it writes none that a local is needed for. */
  writtenWeb(i: number): number {
    const { webs, values, events, range } = this.a
    const event = writeEvent(events, i - range.first)
    if (event < 0) return -1
    const web = webs.ofEvent[event]
    return values.kind[web] === Kind.local && this.locals.ofWeb[web] >= 0 ? web : -1
  }

  isNarrow(web: number): boolean {
    return this.halves.narrow[web] === 1
  }

  /** Whether a web is in a 64-bit local. */
  keepsWide(web: number): boolean {
    return web >= 0 && this.a.values.kind[web] === Kind.local && !this.isNarrow(web)
  }

  /** The constant a web stands for; undefined for all others. */
  constant(web: number): { low: number; high: number } | undefined {
    if (web < 0 || this.a.values.kind[web] !== Kind.constant) return undefined
    return { low: this.a.values.low[web], high: this.a.values.high[web] }
  }

  /** The webs (the second is −1 where there is one) and the constant that an address is the sum of; undefined for all others. */
  sum(web: number): { web: number; second: number; added: number } | undefined {
    const { kind, low, high, second } = this.a.values
    return web >= 0 && kind[web] === Kind.sum ? { web: low[web], second: second[web], added: high[web] } : undefined
  }

  /** The distance from r10 of a web, or of r10 itself (−1); undefined where it is no such address. */
  frameOffset(web: number): number | undefined {
    if (web < 0) return 0
    return this.a.values.kind[web] === Kind.frame ? this.a.values.low[web] : undefined
  }

  /** Puts the low word of a web there. */
  low(web: number): void {
    const offset = this.frameOffset(web)
    if (offset !== undefined) {
      this.opWith(Op.localGet, this.locals.bottom)
      if (this.frameSize + offset === 0) return
      this.i32(this.frameSize + offset)
      this.op(Op.i32Add)
    } else if (this.a.values.kind[web] === Kind.constant) this.i32(this.a.values.low[web])
    else {
      this.opWith(Op.localGet, this.locals.ofWeb[web])
      if (!this.isNarrow(web)) this.op(Op.i32WrapI64)
    }
  }

  /** Puts all 64 bits of a web there. */
  wide(web: number): void {
    const { kind, low, high } = this.a.values
    if (web >= 0 && kind[web] === Kind.constant) {
      this.i64(low[web], high[web])
      return
    }
    if (web >= 0 && kind[web] === Kind.local && !this.isNarrow(web)) {
      this.opWith(Op.localGet, this.locals.ofWeb[web])
      return
    }
    const known = web < 0 || kind[web] === Kind.frame ? Upper.tag : this.halves.known[web] & 15
    this.low(web)
    if ((known & Upper.sign) !== 0 && (known & Upper.zero) === 0) this.op(Op.i64ExtendI32S)
    else this.op(Op.i64ExtendI32U)
    if (known !== 0 && (known & (Upper.zero | Upper.sign)) === 0) {
      if ((known & Upper.tag) !== 0) this.i64(0, KERNEL)
      else {
        this.i64(0, KERNEL)
        this.i64(0, 0)
        this.low(web)
        this.op(Op.select)
      }
      this.op(Op.i64Or)
    }
  }

  /** Puts the high word of a web there, as 32 bits. */
  high(web: number): void {
    const { kind, high } = this.a.values
    if (web >= 0 && kind[web] === Kind.constant) {
      this.i32(high[web])
      return
    }
    const known = web < 0 || kind[web] === Kind.frame ? Upper.tag : this.isNarrow(web) ? this.halves.known[web] & 15 : 0
    if ((known & Upper.zero) !== 0) this.i32(0)
    else if ((known & Upper.tag) !== 0) this.i32(KERNEL)
    else if ((known & Upper.sign) !== 0) {
      this.low(web)
      this.i32(31)
      this.op(Op.i32ShrS)
    } else if (web >= 0 && this.isNarrow(web) && (known & Upper.tagOrNull) === 0) this.i32(0)
    else {
      this.wide(web)
      this.i64(32, 0)
      this.op(Op.i64ShrU)
      this.op(Op.i32WrapI64)
    }
  }

  /** Copies a web to another one. */
  move(to: number, from: number): void {
    if (this.isNarrow(to)) {
      this.low(from)
      this.set(to, I32)
    } else {
      this.wide(from)
      this.set(to, I64)
    }
  }

  /** What is known of the upper half of a web, or of r10 (−1). */
  upper(web: number): number {
    if (web < 0) return POINTER
    const narrow = this.a.values.kind[web] !== Kind.local || this.isNarrow(web)
    return narrow ? this.halves.known[web] & 15 : 0
  }

  /** Takes a value of a type for a web. A 32-bit one stands for its zero extension. */
  set(web: number, type: typeof I32 | typeof I64): void {
    const narrow = this.isNarrow(web)
    if (narrow && type === I64) this.op(Op.i32WrapI64)
    else if (!narrow && type === I32) this.op(Op.i64ExtendI32U)
    this.opWith(Op.localSet, this.locals.ofWeb[web])
  }
}
