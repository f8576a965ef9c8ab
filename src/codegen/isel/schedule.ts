import type { Block, DominatorTree, Inst, IrFunction, LoopInfo, Value } from "../../ir/index.ts"

/** Uses of a value up to which it is looked at, and steps up the dominator tree. */
const MOST_USES = 8
const MOST_STEPS = 64

/** A use by an instruction, or at the end of a block: by its terminator, or by a phi of the block behind. */
type Use = Inst | Block

/**
 * Where each value is computed: as late as its uses allow, so that it takes no register on the way there and is not computed at all on ways
 * that do not need it.
 *
 *     %2 = add i64 %1, 8            call helper f
 *     call helper f          →      %2 = add i64 %1, 8
 *     use %2                        use %2
 *
 * Only what computes from registers moves, only where that keeps at most one other value alive in its place, and never into a loop. Sign
 * extensions stay: a comparison behind them is made on what they give. The IR is not changed: the result is the instructions of each block, by id.
 */
export function schedule(ir: IrFunction, dom: DominatorTree, loops: LoopInfo): Inst[][] {
  return new Scheduler(ir, dom, loops).run()
}

class Scheduler {
  readonly #dom: DominatorTree
  readonly #loops: LoopInfo
  /** By id of the value. */
  readonly #uses: (Use[] | undefined)[] = []
  /** Where an instruction is: its block, and the position in it; of one that moved, the position in front of which it is. */
  readonly #block: Block[] = []
  readonly #position: Int32Array
  readonly #moved: Uint8Array
  /** Calls in front of each position, by block id. */
  readonly #calls: Int32Array[] = []
  /** What moved in front of a position of a block: the last one first. */
  readonly #before: (Map<number, Inst[]> | undefined)[] = []

  constructor(ir: IrFunction, dom: DominatorTree, loops: LoopInfo) {
    this.#dom = dom
    this.#loops = loops
    this.#position = new Int32Array(ir.nextId)
    this.#moved = new Uint8Array(ir.nextId)
    for (const block of dom.order) this.#collect(block)
  }

  run(): Inst[][] {
    const { order } = this.#dom
    for (let b = order.length - 1; b >= 0; b--) {
      const { insts } = order[b]
      for (let i = insts.length - 1; i >= 0; i--) if (isMovable(insts[i])) this.#sink(insts[i])
    }
    const result: Inst[][] = []
    for (const { id, insts } of order) {
      const before = this.#before[id]
      const placed: Inst[] = []
      for (let i = 0; i <= insts.length; i++) {
        const list = before?.get(i)
        if (list !== undefined) for (let k = list.length - 1; k >= 0; k--) placed.push(list[k])
        if (i < insts.length && this.#moved[insts[i].id] === 0) placed.push(insts[i])
      }
      result[id] = placed
    }
    return result
  }

  #collect(block: Block): void {
    const use = (v: Value, by: Use) => {
      if (v.kind !== "inst") return
      const list = this.#uses[v.id]
      if (list === undefined) this.#uses[v.id] = [by]
      else if (list.length <= MOST_USES) list.push(by)
    }
    for (const { args, incoming } of block.phis) for (let i = 0; i < args.length; i++) use(args[i], incoming[i])
    const { id, insts, term } = block
    const calls = new Int32Array(insts.length + 1)
    insts.forEach((inst, i) => {
      this.#block[inst.id] = block
      this.#position[inst.id] = i
      calls[i + 1] = calls[i] + (isCall(inst) ? 1 : 0)
      for (const arg of inst.args) use(arg, inst)
    })
    this.#calls[id] = calls
    for (const arg of term.args) use(arg, block)
  }

  #sink(inst: Inst): void {
    const uses = this.#uses[inst.id]
    if (uses === undefined || uses.length > MOST_USES || !this.#isWorthIt(inst)) return
    const from = inst.block
    let to: Block | undefined
    for (const use of uses) {
      to = this.#common(to, isBlock(use) ? use : this.#block[use.id])
      if (to === undefined) return
    }
    while (to !== from && this.#depth(to!) > this.#depth(from)) to = this.#dom.idom(to!)
    if (to === undefined) return
    let position = to.insts.length
    for (const use of uses) {
      if (!isBlock(use) && this.#block[use.id] === to) position = Math.min(position, this.#position[use.id])
    }
    const calls = this.#calls[to.id]
    if (to === from && calls[position] === calls[this.#position[inst.id]]) return
    this.#moved[inst.id] = 1
    this.#block[inst.id] = to
    this.#position[inst.id] = position
    const before = (this.#before[to.id] ??= new Map())
    const list = before.get(position)
    if (list === undefined) before.set(position, [inst])
    else list.push(inst)
  }

  /** Whether at most one operand lives longer for it. */
  #isWorthIt(inst: Inst): boolean {
    let longer = 0
    for (const arg of inst.args) if (arg.kind === "inst" && this.#uses[arg.id]!.length === 1) longer++
    return longer <= 1
  }

  /** The nearest block that dominates both. */
  #common(a: Block | undefined, b: Block): Block | undefined {
    if (a === undefined) return this.#dom.reachable(b) ? b : undefined
    for (let step = 0; step < MOST_STEPS; step++) {
      if (this.#dom.dominates(a, b)) return a
      const up = this.#dom.idom(a)
      if (up === undefined) return undefined
      a = up
    }
    return undefined
  }

  #depth(block: Block): number {
    return this.#loops.of(block)?.depth ?? 0
  }
}

const isBlock = (use: Use): use is Block => "insts" in use
const isCall = ({ op }: Inst): boolean => op === "call" || op === "ldpacket"

/** Computes from registers alone. */
function isMovable({ op }: Inst): boolean {
  switch (op) {
    case "add":
    case "sub":
    case "mul":
    case "udiv":
    case "sdiv":
    case "urem":
    case "srem":
    case "and":
    case "or":
    case "xor":
    case "shl":
    case "lshr":
    case "ashr":
    case "ptradd":
    case "cmp":
    case "select":
    case "zext":
    case "trunc":
    case "ptrtoint":
    case "inttoptr":
    case "bswap":
      return true
    default:
      return false
  }
}
