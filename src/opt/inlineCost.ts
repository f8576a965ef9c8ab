import type { CallInst, Inst, IrFunction, Module } from "../ir/index.ts"
import { CALL_WEIGHT, weight } from "./weight.ts"

/** A body of more than this, its call aside, stays a function where it is called more than once. */
const LARGEST_COPY = 45

const SPIN_LOCK = 93
const TAIL_CALL = 12

/**
 * Decides which calls take the body of their function:
 *
 *     always_inline, callee of one call, small body    inlined
 *     noinline                                         a call
 *     large body, called from many places              a call, where that is allowed
 */
export class InlineCost {
  readonly #subprograms: boolean
  readonly #calls = new Map<IrFunction, number>()
  readonly #sizes = new Map<IrFunction, number>()

  /** `subprograms`: whether static functions may stay functions of their own without asking for it. */
  constructor(module: Module, byName: ReadonlyMap<string, IrFunction>, subprograms: boolean) {
    // The verifier is particular about functions in programs with locks, tail calls and packet loads.
    this.#subprograms = subprograms && !module.functions.some(f => f.blocks.some(b => b.insts.some(isParticular)))
    for (const func of module.functions) this.#note(func, byName)
  }

  /** Counts the calls of a body that was copied. */
  copied(callee: IrFunction, byName: ReadonlyMap<string, IrFunction>): void {
    this.#calls.set(callee, (this.#calls.get(callee) ?? 0) - 1)
    this.#note(callee, byName)
  }

  /** Whether the body takes the place of a call. */
  takesBody(callee: IrFunction, call: CallInst & Inst): boolean {
    if (callee.inline === "never" || callee.naked || callee.blocks.length === 0) return false
    if (callee.inline === "always") return true
    const small = (): boolean => this.#size(callee) <= LARGEST_COPY + CALL_WEIGHT + call.args.length
    // What calls through a pointer must learn whom.
    if (callee.blocks.some(b => b.insts.some(i => i.op === "call" && i.callee.kind === "pointer"))) return true
    // A global function is there for others anyway.
    if (callee.role === "global") return small()
    if (callee.role !== "static" || callee.typeId === undefined || !this.#subprograms) return true
    return call.args.length > 5 || (this.#calls.get(callee) ?? 0) < 2 || small()
  }

  #note(func: IrFunction, byName: ReadonlyMap<string, IrFunction>): void {
    for (const block of func.blocks) {
      for (const inst of block.insts) {
        const callee = inst.op === "call" && inst.callee.kind === "function" ? byName.get(inst.callee.name) : undefined
        if (callee !== undefined) this.#calls.set(callee, (this.#calls.get(callee) ?? 0) + 1)
      }
    }
  }

  #size(func: IrFunction): number {
    let size = this.#sizes.get(func)
    if (size === undefined) {
      size = 0
      for (const block of func.blocks) {
        for (const inst of block.insts) size += weight(inst)
        if (block.term.op === "br") size++
      }
      this.#sizes.set(func, size)
    }
    return size
  }
}

const isParticular = (inst: Inst): boolean =>
  inst.op === "ldpacket" ||
  (inst.op === "call" &&
    inst.callee.kind === "helper" &&
    (inst.callee.id === SPIN_LOCK || inst.callee.id === TAIL_CALL))
