import {
  type Block,
  type Const,
  type Inst,
  type IrFunction,
  isBinary,
  type Phi,
  replaceValues,
  sameValue,
  type Terminator,
  Uses,
  type Value,
} from "../ir/index.ts"
import { evaluated } from "./constants.ts"

/** What a value is: not yet seen to be anything, one constant, or more than one. */
type State = undefined | Const | "varies"

/**
 * Sparse conditional constant propagation: values are taken to be constants, and branches not to be taken, until the contrary is seen. So a
 * variable that a loop leaves as it was is the constant it began with, which no pass finds that believes only what it has proven.
 *
 *     b1: %1 = phi i32 [b0: 1], [b3: %2]          b1: …
 *         br (cmp eq i32 %1, 1), b3, b2     →         br 1, b3, b2
 *     b2: jump b3                                 b2: jump b3
 *     b3: %2 = phi i32 [b1: %1], [b2: 7]          b3: … ; both are 1
 *
 * Method: Wegman, Zadeck, "Constant propagation with conditional branches" (1991). Without loops, the other passes find as much; functions
 * without a constant that comes round one are left alone.
 */
export function sccp(func: IrFunction): boolean {
  return hasCandidate(func) && new Propagation(func).apply(func)
}

/** Whether a phi takes a constant where a later block comes back to it. */
function hasCandidate(func: IrFunction): boolean {
  const seen = new Set<Block>()
  for (const block of func.blocks) {
    seen.add(block)
    if (block.phis.length === 0 || block.preds.every(pred => seen.has(pred) && pred !== block)) continue
    if (block.phis.some(phi => phi.args.some(arg => arg.kind === "const"))) return true
  }
  return false
}

class Propagation {
  readonly #states = new Map<Value, State>()
  readonly #uses: Uses
  /** The blocks that a block may go on to. */
  readonly #edges = new Map<Block, Set<Block>>()
  readonly #reached = new Set<Block>()
  readonly #branching = new Map<Terminator, Block>()
  readonly #flow: Block[] = []
  readonly #changed: Value[] = []

  constructor(func: IrFunction) {
    this.#uses = new Uses(func)
    for (const block of func.blocks) if (block.term.op === "br") this.#branching.set(block.term, block)
    this.#reached.add(func.blocks[0])
    this.#flow.push(func.blocks[0])
    for (;;) {
      const value = this.#changed.pop()
      if (value !== undefined) {
        this.#propagate(value)
        continue
      }
      const block = this.#flow.pop()
      if (block === undefined) return
      for (const inst of block.insts) this.#visit(inst)
      this.#leave(block)
    }
  }

  /** Puts the constants in the places of the values: clean-up then takes the branches away that go one way. */
  apply(func: IrFunction): boolean {
    const replaced = new Map<Value, Value>()
    for (const [value, state] of this.#states) if (state !== undefined && state !== "varies") replaced.set(value, state)
    if (replaced.size === 0) return false
    replaceValues(func, replaced)
    for (const block of func.blocks) {
      block.phis = block.phis.filter(phi => !replaced.has(phi))
      block.insts = block.insts.filter(inst => !replaced.has(inst))
    }
    return true
  }

  #state(v: Value): State {
    if (v.kind === "const") return v
    return v.kind === "param" || v.kind === "undef" ? "varies" : this.#states.get(v)
  }

  /** A value has become something else: what uses it is looked at again. */
  #set(v: Inst | Phi, state: State): void {
    if (state === undefined) return
    const before = this.#states.get(v)
    if (before === "varies" || (before !== undefined && state !== "varies" && sameValue(before, state))) return
    this.#states.set(v, before === undefined ? state : "varies")
    this.#changed.push(v)
  }

  #propagate(value: Value): void {
    for (const { user } of this.#uses.of(value)) {
      if (user.kind === "term") {
        const block = this.#branching.get(user)
        if (block !== undefined && this.#reached.has(block)) this.#leave(block)
      } else if (this.#reached.has(user.block)) {
        if (user.kind === "phi") this.#meet(user)
        else this.#visit(user)
      }
    }
  }

  /** Takes the ways out of a block that its branch may take. */
  #leave(block: Block): void {
    const { term } = block
    const taken = term.op === "br" ? this.#state(term.args[0]) : "varies"
    if (taken === undefined) return
    if (taken === "varies") for (const target of term.targets) this.#take(block, target)
    else this.#take(block, term.targets[taken.value !== 0n ? 0 : 1]!)
  }

  #take(from: Block, to: Block): void {
    let taken = this.#edges.get(from)
    if (taken === undefined) this.#edges.set(from, (taken = new Set()))
    if (taken.has(to)) return
    taken.add(to)
    for (const phi of to.phis) this.#meet(phi)
    if (this.#reached.has(to)) return
    this.#reached.add(to)
    this.#flow.push(to)
  }

  /** What a phi is of the ways in that may be taken. */
  #meet(phi: Phi): void {
    let met: State
    for (let i = 0; i < phi.args.length && met !== "varies"; i++) {
      if (this.#edges.get(phi.incoming[i])?.has(phi.block) !== true) continue
      const state = this.#state(phi.args[i])
      if (state === undefined) continue
      met = met === undefined || (state !== "varies" && sameValue(met as Const, state)) ? state : "varies"
    }
    this.#set(phi, met)
  }

  #visit(inst: Inst): void {
    if (inst.type === "void" || this.#states.get(inst) === "varies") return
    this.#set(inst, this.#result(inst))
  }

  #result(inst: Inst): State {
    if (!computes(inst)) return "varies"
    const states = inst.args.map(arg => this.#state(arg))
    if (inst.op === "select") {
      const [cond, then, other] = states
      if (cond === undefined) return undefined
      if (cond !== "varies") return cond.value !== 0n ? then : other
      if (then === undefined || other === undefined) return undefined
      return then !== "varies" && other !== "varies" && sameValue(then, other) ? then : "varies"
    }
    // Nothing times zero, and nothing masked, is nothing.
    const zero = states.find(s => s !== undefined && s !== "varies" && s.value === 0n)
    if (zero !== undefined && (inst.op === "mul" || inst.op === "and")) return zero
    if (states.includes("varies")) return "varies"
    return evaluated(inst, states as (Const | undefined)[])
  }
}

/** Whether an instruction is a function of its operands that constants decide. */
const computes = (inst: Inst): boolean => isBinary(inst) || COMPUTES.has(inst.op)
const COMPUTES = new Set(["cmp", "select", "zext", "sext", "trunc", "ptrtoint", "inttoptr", "sextin", "bswap"])
