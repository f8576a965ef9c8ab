import type { Loop } from "../../ir/index.ts"
import { type MBlock, type MFunction, NO_REG } from "../mir/mir.ts"
import { clobbers, definedReg } from "../mir/operands.ts"
import { homeLiveness } from "../regalloc/deadStores.ts"
import { type Liveness, machineEffects, solveLiveness } from "../regalloc/liveness.ts"

/** Instructions of a way that goes round shortly, at most, */
const SHORT = 12
/** and of what it leaves out, at least and at most. */
const LONG = 40
const LONGEST = 1000

/**
 * Finds branches of loops that go round shortly on one way, and through most of the loop's body on the other.
 *
 * The verifier walks what is not taken first. While it is inside of a loop it keeps few states, at most one in 100 instructions, and compares
 * with none whose ways are not all walked (`is_state_visited`, "avoid adding new state too often"). Where it goes round shortly first, it
 * is through with a later round when it walks the body of an earlier one: then it keeps the body's states, and stops at the first join.
 * That holds only where both ways go on with the same: of numbers with bounds, those with the most freedom must come first.
 */
export class WaysRound {
  readonly #fn: MFunction
  readonly #rank: ReadonlyMap<MBlock, number>
  #registers: Liveness | undefined
  #homes: Liveness | undefined

  /** `rank` is each block's place in reverse post-order. */
  constructor(fn: MFunction, rank: ReadonlyMap<MBlock, number>) {
    this.#fn = fn
    this.#rank = rank
  }

  /** The way of a branch that goes round shortly, and is better followed first. */
  shortWay(block: MBlock): MBlock | undefined {
    const { term, loop } = block
    if (loop === undefined || term.kind !== "br") return undefined
    const [then, other] = term.targets
    if (this.#isBetterFirst(block, loop, then, other)) return then
    return this.#isBetterFirst(block, loop, other, then) ? other : undefined
  }

  #isBetterFirst(block: MBlock, loop: Loop, short: MBlock, long: MBlock): boolean {
    const start = this.#rank.get(block)!
    const isBehind = (b: MBlock) => this.#rank.get(b)! > start && isInside(b, loop)
    if (!goesRound(short, isBehind, loop)) return false
    const body = reach(long, short, isBehind)
    return body !== undefined && !this.#changes(body, short)
  }

  /** Whether blocks write a register, or the home of one, that is read behind them. */
  #changes(body: readonly MBlock[], behind: MBlock): boolean {
    this.#registers ??= solveLiveness(this.#fn, 11, machineEffects)
    this.#homes ??= homeLiveness(this.#fn)
    const live = new Set(this.#registers.liveIn[behind.id])
    const homes = new Set(this.#homes.liveIn[behind.id])
    for (const { insts } of body) {
      for (const i of insts) {
        const reg = definedReg(i)
        if (reg !== NO_REG && live.has(reg)) return true
        const written = clobbers(i)
        for (let m = 0; written >> m !== 0; m++) if (((written >> m) & 1) !== 0 && live.has(m)) return true
        if (i.slot?.kind === "spill" && reg === NO_REG && homes.has(i.slot.index)) return true
      }
    }
    return false
  }
}

/** Whether a way leads back in front of where it starts, with few instructions and no choice but to leave the loop. */
function goesRound(way: MBlock, isBehind: (b: MBlock) => boolean, loop: Loop): boolean {
  let size = 0
  for (let at = way; isBehind(at); ) {
    size += at.insts.length + 1
    const inside: MBlock[] = at.term.targets.filter(t => isInside(t, loop))
    if (size > SHORT || inside.length !== 1) return false
    at = inside[0]
  }
  return size > 0
}

/** What a way reaches before it goes round or meets the other one; undefined where that is not long. */
function reach(way: MBlock, other: MBlock, isBehind: (b: MBlock) => boolean): MBlock[] | undefined {
  const found: MBlock[] = []
  const seen = new Set<MBlock>([way, other])
  let size = 0
  for (const at of seen) {
    if (at === other || !isBehind(at)) continue
    found.push(at)
    size += at.insts.length + 1
    if (size > LONGEST) return undefined
    for (const t of at.term.targets) seen.add(t)
  }
  return size > LONG ? found : undefined
}

/** Whether a block belongs to a loop, or to one inside it. */
export function isInside(block: MBlock, loop: Loop): boolean {
  for (let l = block.loop; l !== undefined; l = l.parent) if (l === loop) return true
  return false
}
