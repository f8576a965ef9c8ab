import * as o from "../../isa/index.ts"
import { lowComparison } from "./condition.ts"
import { readEvent } from "./events.ts"
import { address, loadOp } from "./memory.ts"
import type { FunctionTranslator } from "./translateFunction.ts"
import { movedVariable } from "./values.ts"
import { LANES, type VectorLoop } from "./vectorise.ts"
import { Op } from "./wasm/opcodes.ts"
import { SIMD_PREFIX, Simd, V128 } from "./wasm/simd.ts"

/** Comparisons of two numbers, and of two vectors. */
const COMPARISONS: Readonly<Record<number, number>> = {
  [Op.i32Eq]: Simd.i32x4Eq,
  [Op.i32Ne]: Simd.i32x4Ne,
  [Op.i32LtS]: Simd.i32x4LtS,
  [Op.i32LtU]: Simd.i32x4LtU,
  [Op.i32GtS]: Simd.i32x4GtS,
  [Op.i32GtU]: Simd.i32x4GtU,
  [Op.i32LeS]: Simd.i32x4LeS,
  [Op.i32LeU]: Simd.i32x4LeU,
  [Op.i32GeS]: Simd.i32x4GeS,
  [Op.i32GeU]: Simd.i32x4GeU,
}

const OPERATIONS: Readonly<Record<number, number>> = {
  [o.BPF_ADD]: Simd.i32x4Add,
  [o.BPF_SUB]: Simd.i32x4Sub,
  [o.BPF_MUL]: Simd.i32x4Mul,
  [o.BPF_AND]: Simd.and,
  [o.BPF_OR]: Simd.or,
  [o.BPF_XOR]: Simd.xor,
  [o.BPF_LSH]: Simd.i32x4Shl,
  [o.BPF_RSH]: Simd.i32x4ShrU,
  [o.BPF_ARSH]: Simd.i32x4ShrS,
}

/** What fills a vector with numbers of a size. */
const SPLATS: Readonly<Record<number, number>> = {
  [o.BPF_B]: Simd.i8x16Splat,
  [o.BPF_H]: Simd.i16x8Splat,
  [o.BPF_W]: Simd.i32x4Splat,
  [o.BPF_DW]: Simd.i64x2Splat,
}

/** Writes the instructions of a loop for several turns at once: what is the same in all lanes is computed once. */
export class VectorWriter {
  readonly t: FunctionTranslator
  readonly plan: VectorLoop
  /** By web, and by block that decides about a masked one: the local of its vector. */
  readonly #vectors = new Map<number, number>()
  readonly #masks = new Map<number, number>()
  /** For a vector that an instruction needs twice. */
  #spare: number | undefined

  constructor(t: FunctionTranslator, plan: VectorLoop) {
    this.t = t
    this.plan = plan
  }

  /** The local of a web's vector. */
  vector(web: number): number {
    return this.#local(this.#vectors, web)
  }

  /** The local of the mask that a block decides on. */
  mask(block: number): number {
    return this.#local(this.#masks, block)
  }

  #local(of: Map<number, number>, key: number): number {
    let local = of.get(key)
    if (local === undefined) {
      local = this.t.locals.add(V128)
      of.set(key, local)
    }
    return local
  }

  /** A vector instruction, and the lane it names. */
  simd(code: number, lane?: number): void {
    this.t.op(SIMD_PREFIX)
    this.t.out.u32(code)
    if (lane !== undefined) this.t.op(lane)
  }

  /** A vector instruction on memory. */
  #memory(code: number, offset: number, lane?: number): void {
    this.simd(code)
    this.t.op(0)
    this.t.out.u32(offset)
    if (lane !== undefined) this.t.op(lane)
  }

  constant(lanes: readonly number[]): void {
    this.simd(Simd.const)
    for (const lane of lanes) for (let bit = 0; bit < 32; bit += 8) this.t.op((lane >>> bit) & 0xff)
  }

  /** Puts the low words that a web has in the lanes there. */
  #lanes(web: number): void {
    const t = this.t
    if (web >= 0 && this.plan.varying.has(web)) {
      t.opWith(Op.localGet, this.vector(web))
      return
    }
    t.low(web)
    this.simd(Simd.i32x4Splat)
    const stride = this.plan.strides.get(web) ?? 0
    if (stride === 0) return
    this.constant([0, stride, 2 * stride, 3 * stride])
    this.simd(Simd.i32x4Add)
  }

  #number(value: number): void {
    this.constant([value, value, value, value])
  }

  /** Writes an instruction that is no jump; `mask` is the local of the lanes that run it. */
  insn(i: number, mask: number | undefined): void {
    const t = this.t
    const insn = t.insn(i)
    const { choices } = t.a.graph
    // The jump of a choice is written with the move behind it.
    if (choices.has(i + 1)) return
    const group = insn.op & o.BPF_CLASS_MASK
    const stores = (group === o.BPF_ST || group === o.BPF_STX) && t.a.slotOf[i - t.a.range.first] === 0
    if (stores) {
      t.mark(i)
      this.#store(i, insn)
      return
    }
    const to = t.writtenWeb(i)
    if (to < 0 || !this.plan.varying.has(to)) {
      t.instruction(i)
      return
    }
    t.mark(i)
    if (choices.has(i)) this.#choose(i)
    else if (group === o.BPF_LDX && t.a.slotOf[i - t.a.range.first] === 0) this.#load(i, insn)
    else this.#compute(i, insn)
    if (mask !== undefined && t.a.webs.block[to] < 0) {
      t.opWith(Op.localGet, this.vector(to))
      t.opWith(Op.localGet, mask)
      this.simd(Simd.bitselect)
    }
    t.opWith(Op.localSet, this.vector(to))
  }

  /** How much an address grows from lane to lane. */
  #stride(i: number, register: number): number {
    if (register === o.R10) return 0
    const { webs, events, range } = this.t.a
    return this.plan.strides.get(webs.ofEvent[readEvent(events, i - range.first, register)]) ?? 0
  }

  #load(i: number, { op, src, off }: o.Insn): void {
    const t = this.t
    const web = t.readWeb(i, src)
    const offset = address(t, web, off)
    if (this.#stride(i, src) === 0) {
      t.memory(loadOp(t, t.writtenWeb(i), op), offset)
      this.simd(Simd.i32x4Splat)
      return
    }
    const signed = (op & o.BPF_MODE_MASK) === o.BPF_MEMSX
    switch (op & o.BPF_SIZE_MASK) {
      case o.BPF_W:
        this.#memory(Simd.load, offset)
        return
      case o.BPF_H:
        this.#memory(signed ? Simd.load16x4S : Simd.load16x4U, offset)
        return
      default:
        this.#memory(Simd.load32Zero, offset)
        this.simd(signed ? Simd.i16x8ExtendLowI8x16S : Simd.i16x8ExtendLowI8x16U)
        this.simd(signed ? Simd.i32x4ExtendLowI16x8S : Simd.i32x4ExtendLowI16x8U)
    }
  }

  #store(i: number, insn: o.Insn): void {
    const t = this.t
    const { op, dst, src, off } = insn
    const size = o.sizeBytes(op)
    const from = (op & o.BPF_CLASS_MASK) === o.BPF_STX ? t.readWeb(i, src) : undefined
    const isSame = from === undefined || !(this.plan.varying.has(from) || (this.plan.strides.get(from) ?? 0) !== 0)
    const bytes = size * this.plan.lanes
    for (let at = 0; at < bytes; at += 16) {
      const offset = address(t, t.readWeb(i, dst), off) + at
      if (isSame) this.#repeat(insn, from)
      else {
        this.#lanes(from)
        this.#gatherLowBytes(size)
      }
      if (bytes === 4) this.#memory(Simd.store32Lane, offset, 0)
      else if (bytes === 8) this.#memory(Simd.store64Lane, offset, 0)
      else this.#memory(Simd.store, offset)
    }
  }

  /** Puts a vector there that is full of what a store stores. */
  #repeat({ op, imm }: o.Insn, from: number | undefined): void {
    const t = this.t
    const size = op & o.BPF_SIZE_MASK
    if (size === o.BPF_DW) from === undefined ? t.i64(imm, imm >> 31) : t.wide(from)
    else from === undefined ? t.i32(imm) : t.low(from)
    this.simd(SPLATS[size])
  }

  /** Moves the lowest bytes of the four lanes to the start of the vector. */
  #gatherLowBytes(size: number): void {
    const t = this.t
    if (size === 4) return
    this.#spare ??= t.locals.add(V128)
    t.opWith(Op.localTee, this.#spare)
    t.opWith(Op.localGet, this.#spare)
    this.simd(Simd.shuffle)
    for (let byte = 0; byte < 16; byte++) {
      const lane = Math.floor(byte / size) % LANES
      t.op(4 * lane + (byte % size))
    }
  }

  /** Puts there what an instruction without memory writes. */
  #compute(i: number, insn: o.Insn): void {
    const t = this.t
    const { op, dst, src, off, imm } = insn
    const moved = movedVariable(t.a.code, i, t.a.slotOf[i - t.a.range.first])
    if (moved >= 0) {
      this.#lanes(t.readWeb(i, moved))
      return
    }
    if (op === o.OP_LDDW) {
      this.#number(t.program.constantOf(i).low)
      return
    }
    const operation = op & o.BPF_OP_MASK
    const register = (op & o.BPF_X) !== 0
    const operand = (): void => (register ? this.#lanes(t.readWeb(i, src)) : this.#number(imm))
    if (operation === o.BPF_MOV) {
      operand()
      if (off !== 8 && off !== 16) return
      for (const shift of [Simd.i32x4Shl, Simd.i32x4ShrS]) {
        t.i32(32 - off)
        this.simd(shift)
      }
      return
    }
    this.#lanes(t.readWeb(i, dst))
    if (operation === o.BPF_NEG) {
      this.simd(Simd.i32x4Neg)
      return
    }
    if (operation !== o.BPF_LSH && operation !== o.BPF_RSH && operation !== o.BPF_ARSH) operand()
    else if (register) t.low(t.readWeb(i, src))
    else t.i32(imm)
    this.simd(OPERATIONS[operation])
  }

  /** Puts what a choice between two constants gives there. */
  #choose(i: number): void {
    const { choices } = this.t.a.graph
    this.#number(choices.get(i)!.low)
    this.#number(this.t.insn(i).imm)
    this.compare(i - 1, false)
    this.simd(Simd.bitselect)
  }

  /** Puts a mask there of the lanes in which a conditional jump is taken, or is not. */
  compare(i: number, not: boolean): void {
    const t = this.t
    const { op, dst, src, imm } = t.insn(i)
    const comparison = lowComparison(t, i, not)!
    this.#lanes(t.readWeb(i, dst))
    if ((op & o.BPF_X) !== 0) this.#lanes(t.readWeb(i, src))
    else this.#number(imm)
    if ((op & o.BPF_OP_MASK) === o.BPF_JSET) {
      this.simd(Simd.and)
      this.#number(0)
      this.simd(not ? Simd.i32x4Eq : Simd.i32x4Ne)
    } else this.simd(COMPARISONS[comparison])
  }
}
