import { SkepError } from "../../base/index.ts"
import * as o from "../../isa/index.ts"
import {
  ALLOCATABLE,
  isVirtual,
  type MBlock,
  type MFunction,
  type MInst,
  type MTerm,
  NO_REG,
  OP_FRAME_ADDR,
  type Reg,
} from "../mir/mir.ts"
import {
  clobbers,
  DEF_DST,
  DEF_SRC,
  implicitUses,
  isConstantLike,
  isCopy,
  roles,
  USE_DST,
  USE_SRC,
} from "../mir/operands.ts"
import { printInst, printMachine } from "../mir/print.ts"

/**
 * Proof that register allocation kept a program's meaning, without looking at how it was made. The code before and after is walked side by
 * side; for each place (register, home in the frame) it is known which of the registers of before it holds:
 *
 *     before              after                  known after it
 *     v20 = 7             r1 = 7                 r1: v20
 *     v21 = v20           (nothing)              r1: v20 v21
 *                         *(r10 - 8) = r1        r1, home: v20 v21
 *     v21 += v20          r1 += r1               r1: v21; home: v20
 *     exit v20            exit r1                wrong: r1 does not hold v20
 *
 * Method: the checker of regalloc2, with constants as further symbols so that values may be made anew.
 */
export class AllocationChecker {
  readonly #fn: MFunction
  readonly #before = new Map<number, { insts: MInst[]; term: MTerm }>()
  /** What a register always holds, where that is one constant. */
  readonly #constants = new Map<Reg, number>()
  readonly #names = new Map<string, number>()

  /** Takes down the code as it is before allocation. */
  constructor(fn: MFunction) {
    this.#fn = fn
    for (const { id, insts, term } of fn.blocks) {
      this.#before.set(id, { insts: insts.map(i => ({ ...i })), term: { ...term } })
    }
    this.#findConstants()
  }

  /** Registers all of whose definitions are one constant, or copies of registers of which that is true. */
  #findConstants(): void {
    const varying = new Set<Reg>()
    for (let changed = true; changed; ) {
      changed = false
      for (const { insts } of this.#before.values()) {
        for (const i of insts) {
          for (const r of definitions(i)) {
            if (!isVirtual(r) || varying.has(r)) continue
            let key: number | undefined
            if (isConstantLike(i)) key = this.#constant(i)
            else if (isCopy(i) && isVirtual(i.src) && !varying.has(i.src)) {
              key = this.#constants.get(i.src)
              // Nothing is known of the source yet: it is looked at again in the next round.
              if (key === undefined) continue
            }
            const known = this.#constants.get(r)
            if (key !== undefined && key === known) continue
            changed = true
            if (key !== undefined && known === undefined) this.#constants.set(r, key)
            else {
              varying.add(r)
              this.#constants.delete(r)
            }
          }
        }
      }
    }
  }

  /** Checks the code as it is now, after allocation. Throws CODEGEN_REGALLOC. */
  check(): void {
    const entry: State = new Map()
    for (const r of [o.R1, o.R2, o.R3, o.R4, o.R5, o.R10]) entry.set(r, new Set([r]))
    const states = new Map<number, State>([[this.#fn.blocks[0].id, entry]])
    const work: MBlock[] = [this.#fn.blocks[0]]
    for (let block = work.pop(); block !== undefined; block = work.pop()) {
      const out = this.#block(block, copyState(states.get(block.id)!))
      for (const target of block.term.targets) {
        const known = states.get(target.id)
        const next = known === undefined ? copyState(out) : known
        if (known !== undefined && !meet(next, out)) continue
        states.set(target.id, next)
        if (!work.includes(target)) work.push(target)
      }
    }
  }

  /** A negative number for what an instruction without inputs gives. */
  #constant(i: MInst): number {
    const where = i.slot === undefined ? "" : i.slot.index
    // A 32-bit move of a number that is not negative, and a 64-bit one, give the same.
    const op = i.op === (o.BPF_ALU | o.BPF_MOV) && i.imm >= 0 ? o.BPF_ALU64 | o.BPF_MOV : i.op
    const key = `${op} ${i.imm} ${i.imm64} ${where} ${JSON.stringify(i.sym ?? "")}`
    let name = this.#names.get(key)
    if (name === undefined) this.#names.set(key, (name = -1 - this.#names.size))
    return name
  }

  #block(block: MBlock, state: State): State {
    const { insts, term } = this.#before.get(block.id)!
    let at = 0
    for (const i of block.insts) {
      if (i.id < 0) {
        this.#transfer(i, state)
        continue
      }
      while (at < insts.length && insts[at].id !== i.id) this.#missing(insts[at++], state)
      if (at === insts.length) this.#fail(`${printInst(i)} is out of order`)
      this.#instruction(insts[at++], i, state)
    }
    while (at < insts.length) this.#missing(insts[at++], state)
    this.#use(state, term.dst, block.term.dst, "the end of the block")
    this.#use(state, term.src, block.term.src, "the end of the block")
    return state
  }

  /** An instruction of before that is gone. */
  #missing(i: MInst, state: State): void {
    if (isCopy(i)) this.#copySymbol(i.dst, i.src, state)
    else if (isConstantLike(i)) forget(state, i.dst)
    else this.#fail(`${printInst(i)} is missing`)
  }

  #instruction(old: MInst, now: MInst, state: State): void {
    if (isCopy(old)) {
      this.#transfer(now, state)
      this.#copySymbol(old.dst, old.src, state)
      return
    }
    const text = printInst(old)
    if (old.op !== now.op || old.imm !== now.imm || old.slot !== now.slot)
      this.#fail(`${text} became ${printInst(now)}`)
    const r = roles(old)
    if ((r & USE_DST) !== 0) this.#use(state, old.dst, now.dst, text)
    if ((r & USE_SRC) !== 0) this.#use(state, old.src, now.src, text)
    for (let m = 0; m < ALLOCATABLE; m++) if ((implicitUses(old) & (1 << m)) !== 0) this.#use(state, m, m, text)
    for (let m = 0; m < ALLOCATABLE; m++) {
      if ((clobbers(old) & (1 << m)) === 0) continue
      forget(state, m)
      state.set(m, new Set())
    }
    if ((clobbers(old) & 1) !== 0) state.set(o.R0, new Set([o.R0]))
    for (const [was, is] of [
      (r & DEF_DST) !== 0 ? [old.dst, now.dst] : [],
      (r & DEF_SRC) !== 0 ? [old.src, now.src] : [],
    ]) {
      if (was === undefined) continue
      forget(state, was)
      const symbols = new Set([was])
      if (isConstantLike(old)) symbols.add(this.#constant(old))
      state.set(is, symbols)
    }
  }

  /** Moves contents from place to place, as an instruction of after says. */
  #transfer(i: MInst, state: State): void {
    const cls = i.op & o.BPF_CLASS_MASK
    if (isCopy(i)) state.set(i.dst, new Set(state.get(i.src)))
    else if (i.op === OP_FRAME_ADDR || isConstantLike(i)) state.set(i.dst, new Set([this.#constant(i)]))
    else if (i.slot?.kind === "spill" && cls === o.BPF_LDX) state.set(i.dst, new Set(state.get(homePlace(i))))
    else if (i.slot?.kind === "spill" && cls === o.BPF_STX) {
      state.set(homePlace(i), new Set(state.get(i.src)))
    } else this.#fail(`${printInst(i)} was added`)
  }

  /** `dst = src` of before: whatever holds `src` holds `dst` too, and nothing else does. */
  #copySymbol(dst: Reg, src: Reg, state: State): void {
    const constant = this.#constants.get(src)
    for (const held of state.values()) {
      if (held.has(src) || (constant !== undefined && held.has(constant))) held.add(dst)
      else held.delete(dst)
    }
  }

  #use(state: State, was: Reg, is: Reg, text: string): void {
    if (was === NO_REG || was === o.R10) {
      if (was !== is) this.#fail(`${text}: the operand became r${is}`)
      return
    }
    if (isVirtual(is)) this.#fail(`${text} has no register for v${was}`)
    if (!isVirtual(was) && was !== is) this.#fail(`${text}: r${was} became r${is}`)
    const held = state.get(is)
    const constant = this.#constants.get(was)
    if (held?.has(was) || (constant !== undefined && held?.has(constant))) return
    this.#fail(`${text}: r${is} does not hold v${was}`)
  }

  #fail(message: string): never {
    throw new SkepError({
      code: "CODEGEN_REGALLOC",
      message: `register allocation of ${this.#fn.name} is wrong: ${message}`,
      why: "This is a mistake in skep, not in the program.",
      hint: "Please report it with the program's text.",
      log: printMachine(this.#fn),
    })
  }
}

/** Symbols held, by place: registers by number, homes by a number made of their offset. */
type State = Map<number, Set<number>>

const homePlace = (i: MInst): number => 1000 + i.slot!.index

function definitions(i: MInst): Reg[] {
  const r = roles(i)
  return (r & DEF_DST) !== 0 ? [i.dst] : (r & DEF_SRC) !== 0 ? [i.src] : []
}

function forget(state: State, symbol: number): void {
  for (const held of state.values()) held.delete(symbol)
}

function copyState(state: State): State {
  return new Map([...state].map(([place, held]) => [place, new Set(held)]))
}

/** Keeps in `into` what `from` holds as well; true when that took something away. */
function meet(into: State, from: State): boolean {
  let changed = false
  for (const [place, held] of into) {
    const other = from.get(place)
    for (const symbol of held) {
      if (other?.has(symbol)) continue
      held.delete(symbol)
      changed = true
    }
  }
  return changed
}
