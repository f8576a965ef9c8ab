import { SkepError, type Span } from "../../base/index.ts"
import {
  type Block,
  type Const,
  type DominatorTree,
  type GlobalRelocation,
  type GlobalVar,
  type Inst,
  type IrFunction,
  type Loop,
  type Phi,
  signedValue,
  type Value,
} from "../../ir/index.ts"
import * as o from "../../isa/index.ts"
import {
  type FrameSlot,
  type MBlock,
  type MFunction,
  type MInst,
  type MSymbol,
  NO_REG,
  newMBlock,
  OP_FRAME_ADDR,
  type Reg,
} from "../mir/mir.ts"
import { OP_COPY, OP_MOV_IMM, OP_MOV32_IMM } from "../mir/operands.ts"
import type { CodegenOptions } from "../options.ts"
import { freeAddress } from "./match.ts"
import type { Plan } from "./plan.ts"

/** What selection knows of the module around a function. */
export interface SelectContext {
  readonly options: CodegenOptions
  readonly globals: ReadonlyMap<string, GlobalVar>
}

/**
 * State of the selection of one function, and the instructions that all parts of it use. The parts are functions over it, one file each:
 * arithmetic, conditions, memory, calls, phis.
 */
export class Selector {
  readonly ir: IrFunction
  readonly fn: MFunction
  readonly plan: Plan
  readonly context: SelectContext
  readonly cpu: CodegenOptions["cpu"]
  /** Where instructions go. */
  block: MBlock
  span: Span | undefined
  readonly params: Reg[] = []
  readonly slots: (FrameSlot | undefined)[] = []
  /** Register of a value, by id. */
  readonly #regs: Int32Array
  /** Local variable that an indexed address still lacks, by id of the `ptradd`. */
  readonly pending = new Map<number, { readonly slot: FrameSlot; readonly off: number }>()
  /** Registers that hold r10 plus an index, up to the next call. */
  readonly frameIndexes = new Map<Value, Reg>()
  /** Sign extensions to 64 bits of i32 values that were selected, by value. */
  readonly #extensions = new Map<Value, Inst[]>()
  /** Registers of the outputs of an `asm`. */
  readonly asmOutputs = new Map<Value, readonly Reg[]>()
  readonly #dominators: DominatorTree
  /** Block of the IR that is being selected. */
  irBlock: Block
  /** Registers that hold constants and addresses of globals, up to the next call. */
  readonly #cache = new Map<string, Reg>()

  constructor(
    ir: IrFunction,
    fn: MFunction,
    plan: Plan,
    context: SelectContext,
    entry: MBlock,
    dominators: DominatorTree,
  ) {
    this.#dominators = dominators
    this.irBlock = ir.blocks[0]
    this.ir = ir
    this.fn = fn
    this.plan = plan
    this.context = context
    this.cpu = context.options.cpu
    this.block = entry
    this.#regs = new Int32Array(ir.nextId).fill(NO_REG)
  }

  // Blocks.

  /** Goes on in another block. */
  enter(block: MBlock): void {
    this.fn.blocks.push(block)
    this.block = block
    this.#cache.clear()
    this.frameIndexes.clear()
  }

  /** A new block of the loop that is being selected; not placed yet. */
  newBlock(loop: Loop | undefined = this.block.loop): MBlock {
    return newMBlock(this.fn, loop)
  }

  /** Forgets cached registers: a call would have to save them. */
  forget(): void {
    this.#cache.clear()
    this.frameIndexes.clear()
  }

  // Instructions.

  emit(op: number, dst: Reg, src: Reg, off: number, imm: number): MInst {
    const inst: MInst = {
      op,
      dst,
      src,
      off,
      imm,
      imm64: 0,
      slot: undefined,
      sym: undefined,
      core: undefined,
      nargs: 0,
      span: this.span,
      id: this.fn.nextInst++,
    }
    this.block.insts.push(inst)
    return inst
  }

  newReg(): Reg {
    return this.fn.nextReg++
  }

  move(dst: Reg, src: Reg): void {
    this.emit(OP_COPY, dst, src, 0, 0)
  }

  copy(src: Reg): Reg {
    const dst = this.newReg()
    this.move(dst, src)
    return dst
  }

  /** `dst op= src`; `cls` is BPF_ALU or BPF_ALU64. */
  alu(cls: number, op: number, dst: Reg, src: Reg): void {
    this.emit(cls | op | o.BPF_X, dst, src, 0, 0)
  }

  aluImm(cls: number, op: number, dst: Reg, imm: number): void {
    this.emit(cls | op | o.BPF_K, dst, NO_REG, 0, imm)
  }

  // Values.

  /** Class of arithmetic on a type: 32-bit registers where the level has them. */
  classOf(v: Value): number {
    return v.type === "i32" && this.cpu >= 3 ? o.BPF_ALU : o.BPF_ALU64
  }

  /** An i32 that is computed with 64-bit arithmetic, so that its upper half may be anything. */
  isLoose(v: Value): boolean {
    return v.type === "i32" && this.cpu < 3
  }

  bind(v: Inst | Phi, r: Reg): void {
    this.#regs[v.id] = r
  }

  /** The register that was given to a value, or `NO_REG`. */
  readonly ownReg = (v: Inst | Phi): Reg => this.#regs[v.id]

  /** The register in which a value is, or is put now. */
  reg(v: Value): Reg {
    switch (v.kind) {
      case "param":
        return this.params[v.index]
      case "phi":
        return this.#phiReg(v)
      case "inst":
        if (this.#regs[v.id] !== NO_REG) return this.#regs[v.id]
        break
      case "const":
        return this.#cached(constantKey(v), v)
      case "undef":
        break
    }
    if (v.kind === "inst" && v.op === "ptradd") {
      const address = freeAddress(v, this.sizeOf)
      if (address?.kind === "global") return this.#cached(`${address.name}+${address.off}`, v)
    }
    if (v.kind === "inst" && v.op === "globaladdr") return this.#cached(`${v.global}+0`, v)
    const r = this.newReg()
    this.moveInto(r, v)
    return r
  }

  #phiReg(phi: Phi): Reg {
    if (this.#regs[phi.id] === NO_REG) this.#regs[phi.id] = this.newReg()
    return this.#regs[phi.id]
  }

  /** Whether a register holds the constant already. */
  isCached(v: Value): boolean {
    return v.kind === "const" && this.#cache.has(constantKey(v))
  }

  #cached(key: string, v: Value): Reg {
    let r = this.#cache.get(key)
    if (r === undefined) {
      r = this.newReg()
      this.moveInto(r, v)
      this.#cache.set(key, r)
    }
    return r
  }

  /** Whether a value has a register of its own, so that it cannot be emitted anew. */
  hasReg(v: Value): boolean {
    if (v.kind === "const" || v.kind === "undef") return false
    return v.kind !== "inst" || this.#regs[v.id] !== NO_REG
  }

  /** Puts a value into a register; constants and fixed addresses are made there. */
  moveInto(dst: Reg, v: Value): void {
    if (this.hasReg(v)) {
      this.move(dst, this.reg(v))
      return
    }
    if (v.kind === "const") {
      this.constant(dst, v)
      return
    }
    if (v.kind === "undef") {
      // Nothing may read a register that was never written.
      this.aluImm(o.BPF_ALU64, o.BPF_MOV, dst, 0)
      return
    }
    const address = freeAddress(v, this.sizeOf)
    switch (address?.kind) {
      case "frame":
        this.emit(OP_FRAME_ADDR, dst, NO_REG, 0, address.off).slot = this.slotOf(address.alloca)
        return
      case "global": {
        const g = this.context.globals.get(address.name)!
        if (g.relocations !== undefined) throw holdsAddresses(g, this.span)
        this.symbol(dst, placeOf(g, address.off))
        return
      }
      case "map":
        this.symbol(dst, { kind: "map", name: address.name })
        return
      case "func":
        this.symbol(dst, { kind: "function", name: address.name })
        return
      case "ksym": {
        const { name, btfType, weak } = address.symbol
        this.symbol(dst, { kind: "ksym", name, typed: btfType !== 0, weak })
        return
      }
      default:
        throw new Error(`internal: value %${(v as Inst).id} of ${this.ir.name} is used before it is selected`)
    }
  }

  /** Puts an address that a constant global holds into a register. */
  address(dst: Reg, { kind, name, addend }: GlobalRelocation): void {
    if (kind !== "global") {
      this.symbol(dst, { kind, name })
      return
    }
    const g = this.context.globals.get(name)!
    this.symbol(dst, placeOf(g, addend))
  }

  symbol(dst: Reg, sym: MSymbol): void {
    this.emit(o.OP_LDDW, dst, NO_REG, 0, 0).sym = sym
  }

  /** An i32 constant gets a clear upper half. */
  constant(dst: Reg, c: Const): void {
    const imm = immediate(c)
    if (imm === undefined) {
      // A move of 32 bits clears the upper half: half of what an `lddw` takes.
      if (this.cpu >= 3 && c.value >> 32n === 0n) {
        this.emit(OP_MOV32_IMM, dst, NO_REG, 0, Number(BigInt.asIntN(32, c.value)))
      } else this.constant64(dst, c.value)
    } else if (imm >= 0 || c.type !== "i32") this.emit(OP_MOV_IMM, dst, NO_REG, 0, imm)
    else if (this.cpu >= 3) this.emit(OP_MOV32_IMM, dst, NO_REG, 0, imm)
    else this.constant64(dst, c.value)
  }

  constant64(dst: Reg, value: bigint): MInst {
    const inst = this.emit(o.OP_LDDW, dst, NO_REG, 0, Number(BigInt.asIntN(32, value)))
    inst.imm64 = Number(BigInt.asIntN(32, value >> 32n))
    return inst
  }

  readonly sizeOf = (global: string): number => this.context.globals.get(global)?.size ?? 0

  slotOf(alloca: Inst): FrameSlot {
    return this.slots[alloca.id]!
  }

  // Upper halves of i32 values.

  /** Whether the register of an i32 has a clear upper half. */
  isClear(v: Value): boolean {
    if (v.kind === "const" || v.kind === "undef" || this.plan.needsZero(v)) return true
    return v.kind === "inst" && this.isClearByNature(v)
  }

  /** Whether the instruction that gives an i32 clears the upper half as it is selected. */
  isClearByNature(v: Inst): boolean {
    switch (v.op) {
      case "cmp":
      case "bswap":
      case "ldpacket":
      case "atomic":
        return true
      case "load":
        return (!v.signed || this.plan.plain.has(v)) && !this.plan.isExtended(v)
      case "trunc":
        return isNarrow(v.args[0])
      case "call":
      case "opaque":
      case "select":
        return false
      case "sextin":
        return this.cpu >= 3
      case "and":
        return this.cpu >= 3 || v.args.some(a => a.kind === "const" && a.value < 0x80000000n)
      case "lshr":
      case "udiv":
      case "urem":
        return true
      default:
        return this.cpu >= 3
    }
  }

  /** A register with the low half of `r` and zeros above. */
  zeroExtended(r: Reg): Reg {
    const dst = this.newReg()
    this.zeroExtendInto(dst, r)
    return dst
  }

  zeroExtendInto(dst: Reg, r: Reg): void {
    if (this.cpu >= 3) {
      this.emit(o.BPF_ALU | o.BPF_MOV | o.BPF_X, dst, r, 0, 0)
      return
    }
    this.move(dst, r)
    this.aluImm(o.BPF_ALU64, o.BPF_LSH, dst, 32)
    this.aluImm(o.BPF_ALU64, o.BPF_RSH, dst, 32)
  }

  /** A register with the sign of the low `bits` of `r` in all bits above. */
  signExtended(r: Reg, bits: 8 | 16 | 32): Reg {
    const dst = this.newReg()
    if (this.cpu >= 4) {
      this.emit(OP_COPY, dst, r, bits, 0)
      return dst
    }
    this.move(dst, r)
    this.aluImm(o.BPF_ALU64, o.BPF_LSH, dst, 64 - bits)
    this.aluImm(o.BPF_ALU64, o.BPF_ARSH, dst, 64 - bits)
    return dst
  }

  /** Remembers that `extension` is the sign extension of `v`. */
  recordExtension(v: Value, extension: Inst): void {
    const list = this.#extensions.get(v)
    if (list === undefined) this.#extensions.set(v, [extension])
    else list.push(extension)
  }

  /** A register that holds the sign extension of an i32 here. */
  extensionOf(v: Value): Reg | undefined {
    const found = this.#extensions.get(v)?.find(e => this.#dominators.dominates(e.block, this.irBlock))
    return found === undefined ? undefined : this.reg(found)
  }

  /** Makes `r` the register of an i32 result; its upper half is cleared when somebody needs that and it may not be. */
  bindResult(v: Inst, r: Reg, clear: boolean): void {
    this.bind(v, v.type === "i32" && !clear && this.plan.needsZero(v) ? this.zeroExtended(r) : r)
  }
}

const constantKey = (c: Const): string => `${c.type === "i32" ? "w" : "r"}${c.value}`

/** A 64-bit value whose upper half is known to be clear. */
function isNarrow(v: Value): boolean {
  if (v.kind === "const") return v.value < 1n << 32n
  if (v.kind !== "inst") return false
  switch (v.op) {
    case "zext":
      return true
    case "load":
      return v.width < 8 && !v.signed
    case "and":
      return v.args.some(a => a.kind === "const" && a.value < 1n << 32n)
    case "lshr":
      return v.args[1].kind === "const" && (v.args[1].value & 63n) >= 32n
    default:
      return false
  }
}

/** A byte of a global variable, as the loader finds it. */
export const placeOf = (g: GlobalVar, offset: number): MSymbol =>
  g.external
    ? { kind: "extern", name: g.name, offset }
    : { kind: "mapValue", name: g.section, offset: g.offset + offset }

const holdsAddresses = (g: GlobalVar, span: Span | undefined): SkepError =>
  new SkepError({
    code: "CODEGEN_ADDRESS",
    message: `${g.name} holds addresses, and is read at a place that is not known before the program runs`,
    span,
    why: "The kernel has no way to put addresses into global data: the program would read zeros.",
    hint: "use a constant index into a const table, a switch, or keep the data itself in the array",
  })

/** A constant as the 32-bit immediate that, extended by its sign to the type's width, is its value. */
export function immediate(v: Value): number | undefined {
  if (v.kind === "undef") return 0
  if (v.kind !== "const") return undefined
  const value = signedValue(v)
  return value >= -0x80000000n && value <= 0x7fffffffn ? Number(value) : undefined
}
