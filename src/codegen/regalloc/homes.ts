import * as o from "../../isa/index.ts"
import { type FrameSlot, type MFunction, type MInst, makeInst, newSlot, type Reg } from "../mir/mir.ts"
import { definedReg, isConstantLike } from "../mir/operands.ts"

/**
 * How registers that are not in a register come back. One that is always the same constant is made again; any other one has a home in the
 * frame, written after each of its definitions, so that the home is right wherever the register is live.
 */
export class Homes {
  readonly #fn: MFunction
  readonly #slots = new Map<Reg, FrameSlot>()
  readonly #constants = new Map<Reg, MInst>()
  /** Registers that live for one instruction only, which gain nothing from being spilled. */
  readonly brief = new Set<Reg>()
  /** Registers that were already split around calls. */
  readonly split = new Set<Reg>()

  constructor(fn: MFunction) {
    this.#fn = fn
    const defined = new Uint8Array(fn.nextReg)
    for (const { insts } of fn.blocks) {
      for (const i of insts) {
        const r = definedReg(i)
        if (r < 0) continue
        if (defined[r] === 0 && isConstantLike(i)) this.#constants.set(r, i)
        else this.#constants.delete(r)
        defined[r] = 1
      }
    }
  }

  /** Whether getting the register back costs no store. */
  isConstant(r: Reg): boolean {
    return this.#constants.has(r)
  }
  /** Whether it is always one constant that takes an instruction of two slots. */
  isLong(r: Reg): boolean {
    return this.#constants.get(r)?.op === o.OP_LDDW
  }
  slot(r: Reg): FrameSlot | undefined {
    return this.#slots.get(r)
  }
  /** Gives a register a home; the caller adds the stores. */
  settle(r: Reg): FrameSlot {
    let slot = this.#slots.get(r)
    if (slot === undefined) {
      slot = newSlot(this.#fn, { kind: "spill", size: 8, align: 8, name: "", span: undefined })
      this.#slots.set(r, slot)
    }
    return slot
  }
  /** A register that is a part of another one comes back the same way. */
  inherit(part: Reg, whole: Reg): void {
    const slot = this.#slots.get(whole)
    if (slot !== undefined) this.#slots.set(part, slot)
    const constant = this.#constants.get(whole)
    if (constant !== undefined) this.#constants.set(part, constant)
    if (this.brief.has(whole)) this.brief.add(part)
    if (this.split.has(whole)) this.split.add(part)
  }

  /** The instruction that puts the value of `r` into `dst`. */
  restore(dst: Reg, r: Reg, near: MInst | undefined): MInst {
    const constant = this.#constants.get(r)
    if (constant !== undefined) return { ...constant, dst, id: -1 }
    const inst = makeInst(o.BPF_LDX | o.BPF_MEM | o.BPF_DW, dst, o.R10, 0, 0, near?.span)
    inst.slot = this.settle(r)
    return inst
  }
  save(r: Reg, src: Reg, near: MInst | undefined): MInst {
    const inst = makeInst(o.BPF_STX | o.BPF_MEM | o.BPF_DW, o.R10, src, 0, 0, near?.span)
    inst.slot = this.settle(r)
    return inst
  }
}
