import type { VariablePart } from "../../ir/index.ts"
import * as o from "../../isa/index.ts"
import { ALLOCATABLE, type FrameSlot, type MBlock, type MFunction, type MInst, NO_REG, type Reg } from "../mir/mir.ts"
import { clobbers, definedReg, implicitUses, isCopy, roles, termUses, USE_DST, USE_SRC } from "../mir/operands.ts"
import type { Note, Notes } from "./notes.ts"

/** A register by its number, or a home in the frame behind them: bits of a set. */
type Places = number
/** Homes beyond these are not followed. */
const MOST_HOMES = 31 - ALLOCATABLE

/** Which places hold each part of a variable. */
export type Holding = Map<VariablePart, Places>

/**
 * Follows variables through registers and their homes in the frame: what a note says, copies and spills spread, and what overwrites a place
 * ends. Where ways meet, what they agree on holds.
 *
 * A part that is assigned more than once is somewhere only while that place is still read: behind the last read another value may be its.
 */
export class Registers {
  readonly #notes: Notes
  readonly #homes: FrameSlot[]
  readonly #liveOut = new Map<MBlock, Places>()
  readonly #in = new Map<MBlock, Holding>()

  constructor(fn: MFunction, notes: Notes, order: readonly MBlock[]) {
    this.#notes = notes
    this.#homes = fn.slots.filter(slot => slot.kind === "spill").slice(0, MOST_HOMES)
    this.#solveLiveness(order)
    this.#solve(order)
  }

  /** The register, or the offset from r10, that a bit of a set is. */
  place(bit: number): { readonly register: Reg } | { readonly frame: number } {
    return bit < ALLOCATABLE ? { register: bit } : { frame: this.#homes[bit - ALLOCATABLE].offset }
  }

  /** Calls back with what is known at the start of a block (-1) and behind each of its instructions. */
  walk(block: MBlock, visit: (at: number, known: Holding) => void): void {
    const live = this.#liveBehind(block)
    const held = new Map(this.#in.get(block) ?? [])
    const show = (at: number): void => {
      const known: Holding = new Map()
      for (const [part, places] of held) {
        const there = part.stores > 1 ? places & live[at + 1] : places
        if (there !== 0) known.set(part, there)
      }
      visit(at, known)
    }
    this.#enter(block, held, live[0])
    show(-1)
    block.insts.forEach((i, k) => {
      this.#step(i, held, live[k + 1])
      show(k)
    })
  }

  #solve(order: readonly MBlock[]): void {
    const preds = new Map<MBlock, MBlock[]>(order.map(block => [block, []]))
    for (const block of order) for (const to of block.term.targets) preds.get(to)?.push(block)
    const out = new Map<MBlock, Holding>()
    for (let changed = true; changed; ) {
      changed = false
      for (const block of order) {
        const before = meet(preds.get(block)!.flatMap(pred => out.get(pred) ?? []))
        const known = this.#in.get(block)
        if (known !== undefined && out.has(block) && same(known, before)) continue
        this.#in.set(block, before)
        const held = new Map(before)
        const live = this.#liveBehind(block)
        this.#enter(block, held, live[0])
        for (let k = 0; k < block.insts.length; k++) this.#step(block.insts[k], held, live[k + 1])
        out.set(block, held)
        changed = true
      }
    }
  }

  #enter(block: MBlock, held: Holding, live: Places): void {
    for (const note of this.#notes.entry.get(block) ?? []) put(note, note.reg ?? NO_REG, held, live, held)
  }

  #step(i: MInst, held: Holding, live: Places): void {
    const before = new Map(held)
    const home = this.#home(i)
    const reg = definedReg(i)
    const store = home >= 0 && (i.op & o.BPF_CLASS_MASK) === o.BPF_STX
    const to = store ? home : reg
    const from = store || isCopy(i) ? i.src : (i.op & o.BPF_CLASS_MASK) === o.BPF_LDX ? home : NO_REG
    let lost = clobbers(i)
    if (to >= 0) lost |= 1 << to
    for (const [part, places] of before) {
      const gains = to >= 0 && from >= 0 && ((places >> from) & 1) !== 0 ? 1 << to : 0
      const now = (places & ~lost) | gains
      if (now === 0) held.delete(part)
      else held.set(part, now)
    }
    if (i.id < 0) return
    for (const note of this.#notes.after.get(i.id) ?? []) put(note, note.reg ?? reg, held, live, before)
  }

  /** The bit of the home that an instruction reads or writes whole; -1 for none. */
  #home(i: MInst): number {
    if (i.slot?.kind !== "spill" || (i.op & o.BPF_MODE_MASK) !== o.BPF_MEM) return -1
    const index = this.#homes.indexOf(i.slot)
    return index < 0 ? -1 : index + ALLOCATABLE
  }

  #solveLiveness(order: readonly MBlock[]): void {
    const liveIn = new Map<MBlock, Places>()
    for (let changed = true; changed; ) {
      changed = false
      for (let k = order.length - 1; k >= 0; k--) {
        const block = order[k]
        let live = 0
        for (const to of block.term.targets) live |= liveIn.get(to) ?? 0
        this.#liveOut.set(block, live)
        const [first] = this.#liveBehind(block)
        if (liveIn.get(block) === first) continue
        liveIn.set(block, first)
        changed = true
      }
    }
  }

  /** Places that are still read: at the block's start, and behind each instruction. */
  #liveBehind(block: MBlock): Places[] {
    const { insts, term } = block
    const behind: Places[] = new Array(insts.length + 1)
    let live = (this.#liveOut.get(block) ?? 0) | bit(termUses(term, 0)) | bit(termUses(term, 1))
    for (let k = insts.length - 1; k >= 0; k--) {
      behind[k + 1] = live
      const i = insts[k]
      const home = this.#home(i)
      const reg = definedReg(i)
      live &= ~(clobbers(i) | bit(reg))
      const used = roles(i)
      if ((used & USE_DST) !== 0) live |= bit(i.dst)
      if ((used & USE_SRC) !== 0) live |= bit(i.src)
      live |= implicitUses(i)
      if (home >= 0) live = (i.op & o.BPF_CLASS_MASK) === o.BPF_LDX ? live | bit(home) : live & ~bit(home)
    }
    behind[0] = live
    return behind
  }
}

const bit = (place: number): Places => (place >= 0 && place < 31 ? 1 << place : 0)

/** A part gets a value. Where its old one is still read, and not for another variable, it is not known when the new one takes its place. */
function put({ part }: Note, reg: Reg, held: Holding, live: Places, before: Holding): void {
  let old = part.stores < 2 ? 0 : (before.get(part) ?? 0) & (held.get(part) ?? 0) & live & ~bit(reg)
  if (old !== 0) for (const [other, places] of held) if (other.variable !== part.variable) old &= ~places
  if (reg < 0 || reg >= ALLOCATABLE || old !== 0) held.delete(part)
  else held.set(part, bit(reg))
}

/** What all agree on. */
function meet(all: readonly Holding[]): Holding {
  const [first, ...rest] = all
  const result: Holding = new Map()
  for (const [part, places] of first ?? []) {
    const agreed = rest.reduce((common, other) => common & (other.get(part) ?? 0), places)
    if (agreed !== 0) result.set(part, agreed)
  }
  return result
}

const same = (a: Holding, b: Holding): boolean =>
  a.size === b.size && [...a].every(([part, places]) => b.get(part) === places)
