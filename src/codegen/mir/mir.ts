import type { Span } from "../../base/index.ts"
import type { Core, IrFunction, Loop, VariablePart } from "../../ir/index.ts"
import type { Notes } from "../debug/notes.ts"

/**
 * Machine IR: BPF instructions over virtual registers, in blocks. Not SSA: a register may be assigned more than once, because BPF's
 * arithmetic overwrites its first operand and phis have become copies.
 *
 * Registers are numbers: 0 to 10 are the machine's, virtual ones start at `FIRST_VIRTUAL`. A machine register other than r10 is never live
 * from one block into another (parameters are copied at the very start, results right before the exit).
 */
export type Reg = number

export const NO_REG = -1
export const FIRST_VIRTUAL = 16
/** Registers that can be allocated: r0 to r9. */
export const ALLOCATABLE = 10
/** r0 to r5 as a bit set: what a call overwrites. */
export const CALL_CLOBBERS = 0x3f

export const isVirtual = (r: Reg): boolean => r >= FIRST_VIRTUAL

/** Takes the address of a frame slot: `dst = r10 + slot + imm`; two instructions in the end. Numbered above all opcodes. */
export const OP_FRAME_ADDR = 0x100

/** What only the loader knows, with the meaning of `Relocation`. */
export type MSymbol =
  | { readonly kind: "map"; readonly name: string }
  | { readonly kind: "mapValue"; readonly name: string; readonly offset: number }
  | { readonly kind: "function"; readonly name: string }
  | { readonly kind: "call"; readonly name: string }
  | { readonly kind: "kfunc"; readonly name: string; readonly weak?: boolean }
  | { readonly kind: "extern"; readonly name: string; readonly offset: number }
  | { readonly kind: "ksym"; readonly name: string; readonly typed: boolean; readonly weak: boolean }

/** A CO-RE relocation of an instruction, with the meaning of `CoreRelocation`. */
export type CoreUse = Pick<Core, "relocation" | "btfType" | "access">

export interface MInst {
  /** BPF opcode byte, or `OP_FRAME_ADDR`. */
  op: number
  dst: Reg
  src: Reg
  off: number
  imm: number
  /** High word of a 64-bit immediate. */
  imm64: number
  /** Frame slot whose place is added to `off` (memory accesses) or `imm` (`OP_FRAME_ADDR`). */
  slot: FrameSlot | undefined
  sym: MSymbol | undefined
  /** The displacement or the immediate is one that the loader fits to its kernel: the instruction stays as it is, with nothing added to either. */
  core: CoreUse | undefined
  /** Argument registers that a call reads: r1 and up. */
  nargs: number
  span: Span | undefined
  /** Number of the instruction in its function as selected; -1 for those that the register allocator adds. */
  id: number
}

/** The end of a block; `op` is a BPF jump operation (`BPF_JEQ` …). Conditional ones go to `targets[0]` when the comparison holds. */
export interface MTerm {
  kind: "jump" | "br" | "exit" | "unreachable"
  op: number
  /** 64-bit comparison (else 32-bit). */
  wide: boolean
  /** Left operand of the comparison; r0 for an exit that returns a value. */
  dst: Reg
  /** Right operand, `NO_REG` for `imm`. */
  src: Reg
  imm: number
  targets: MBlock[]
  span: Span | undefined
}

export interface MBlock {
  id: number
  insts: MInst[]
  term: MTerm
  /** One entry per edge. */
  preds: MBlock[]
  /** Innermost loop of the IR that it belongs to. */
  loop: Loop | undefined
  /** True for the first block of a loop's header. */
  header: boolean
}

/** A piece of the stack frame: a local variable or the home of a register. */
export interface FrameSlot {
  readonly index: number
  readonly kind: "local" | "spill"
  /** Bytes. */
  readonly size: number
  /** Power of two, at most 8. */
  readonly align: number
  readonly name: string
  readonly span: Span | undefined
  /** The variable whose memory it is, for debug information. */
  readonly variable?: VariablePart
  /** Its address may be stored or outlive what is seen of it: it lives as long as the frame. */
  escapes: boolean
  /** From r10, negative; set by the frame layout. */
  offset: number
}

export interface MFunction {
  readonly name: string
  readonly ir: IrFunction
  /** In reverse post-order of the IR; entry first. */
  blocks: MBlock[]
  slots: FrameSlot[]
  /** Next free virtual register. */
  nextReg: Reg
  nextBlock: number
  nextInst: number
  /** Bytes of stack used; set by the frame layout. */
  stackSize: number
  /** What debug information is told of variables, where it is asked for. */
  notes?: Notes
}

export const loopDepth = (block: MBlock): number => block.loop?.depth ?? 0

export function newMBlock(fn: MFunction, loop: Loop | undefined): MBlock {
  const term = makeTerm("unreachable", [], undefined)
  return { id: fn.nextBlock++, insts: [], term, preds: [], loop, header: false }
}

export function newSlot(
  fn: MFunction,
  parts: Pick<FrameSlot, "kind" | "size" | "align" | "name" | "span" | "variable">,
): FrameSlot {
  const slot: FrameSlot = { index: fn.slots.length, escapes: false, offset: 0, ...parts }
  fn.slots.push(slot)
  return slot
}

export function makeTerm(kind: MTerm["kind"], targets: MBlock[], span: Span | undefined): MTerm {
  return { kind, op: 0, wide: true, dst: NO_REG, src: NO_REG, imm: 0, targets, span }
}

/** An instruction that is not numbered: what the register allocator and later stages add. */
export function makeInst(op: number, dst: Reg, src: Reg, off: number, imm: number, span: Span | undefined): MInst {
  return { op, dst, src, off, imm, imm64: 0, slot: undefined, sym: undefined, core: undefined, nargs: 0, span, id: -1 }
}

/** Computes every block's `preds` anew. */
export function rebuildPreds(fn: MFunction): void {
  // One by one: a list that is emptied at once gives its memory back, to ask for it anew.
  for (const { preds } of fn.blocks) while (preds.length > 0) preds.pop()
  for (const block of fn.blocks) for (const target of block.term.targets) target.preds.push(block)
}
