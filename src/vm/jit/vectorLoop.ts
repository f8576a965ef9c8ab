import * as o from "../../isa/index.ts"
import { type Block, dominance, endsBlock, type FlowGraph } from "./flow.ts"
import { type StructureWriter, writeStructured } from "./structure.ts"
import type { FunctionTranslator } from "./translateFunction.ts"
import { LANES, type VectorLoop } from "./vectorise.ts"
import { VectorWriter } from "./vectorWriter.ts"
import { I32, I64, Op, VOID } from "./wasm/opcodes.ts"
import { Simd } from "./wasm/simd.ts"

/** What puts the lanes of a sum together. */
const FOLDS: Readonly<Record<number, number>> = {
  [o.BPF_ADD]: Op.i32Add,
  [o.BPF_XOR]: Op.i32Xor,
  [o.BPF_OR]: Op.i32Or,
}

/**
 * Writes the turns of a loop that are made at once, in front of the loop itself.
 *
 *     i = 0                          loop
 *     loop                             (v128.store (table + i) (i32x4.add (v128.load (table + i)) (i32x4.splat x)))
 *       table[i] += x                  i = i + 4
 *       i += 1                         (br_if 0 (i32.lt_u i 60))
 *       br_if 0 (i < 64)             end
 *                                    loop … end
 *
 * `depth` is the label behind all of the function's structure.
 */
export function writeVectorLoop(t: FunctionTranslator, plan: VectorLoop, depth: number): void {
  new VectorLoopWriter(t, plan, depth).write()
}

class VectorLoopWriter extends VectorWriter implements StructureWriter {
  /** Labels between the loop's own and that behind the function's structure. */
  readonly #depth: number

  constructor(t: FunctionTranslator, plan: VectorLoop, depth: number) {
    super(t, plan)
    this.#depth = depth + (plan.reach > 0 ? 2 : 1)
  }

  write(): void {
    const t = this.t
    const { loop, lanes, trips, counters, sums, reach } = this.plan
    if (reach > 0) {
      t.opWith(Op.memorySize, 0)
      t.i32(Math.ceil(reach / 65536))
      t.op(Op.i32GeU)
      t.opWith(Op.if, VOID)
    }
    for (const web of sums.keys()) {
      this.constant([0, 0, 0, 0])
      t.opWith(Op.localSet, this.vector(web))
    }
    t.opWith(Op.loop, VOID)
    t.turn(loop.header, this.#depth, lanes)
    writeStructured(this.#graph(), this)
    for (const [web, step] of counters) {
      if (t.locals.ofWeb[web] < 0) continue
      if (t.isNarrow(web)) {
        t.low(web)
        t.i32((lanes - 1) * step)
        t.op(Op.i32Add)
        t.set(web, I32)
      } else {
        const added = (lanes - 1) * step
        t.wide(web)
        t.i64(added | 0, Math.floor(added / 2 ** 32))
        t.op(Op.i64Add)
        t.set(web, I64)
      }
    }
    t.low(loop.web)
    t.i32(loop.first + trips * lanes * loop.step)
    t.op(Op.i32LtU)
    t.opWith(Op.brIf, 0)
    t.op(Op.end)
    for (const [web, operation] of sums) {
      t.low(web)
      for (let lane = 0; lane < LANES; lane++) {
        t.opWith(Op.localGet, this.vector(web))
        this.simd(Simd.i32x4ExtractLane, lane)
        t.op(FOLDS[operation])
      }
      t.set(web, I32)
    }
    if (reach > 0) t.op(Op.end)
  }

  /** One turn as a graph of its own: without the jump back, without the way out, and with masked blocks in line. */
  #graph(): FlowGraph {
    const { blocks, choices } = this.t.a.graph
    const { loop, masked } = this.plan
    const numbers = new Map(loop.blocks.map((b, n) => [b, n]))
    const turn = loop.blocks.map((b): Block => {
      const skipped = blocks[b].succs.find(s => masked.get(s)?.by === b)
      const succs = skipped !== undefined ? [skipped] : blocks[b].succs.filter(s => s !== loop.header && numbers.has(s))
      return { ...blocks[b], succs: succs.map(s => numbers.get(s)!), preds: [] }
    })
    turn.forEach(({ succs }, b) => {
      for (const s of succs) turn[s].preds.push(b)
    })
    return { blocks: turn, choices, ...dominance(turn) }
  }

  op(code: number): void {
    this.t.op(code)
  }

  opWith(code: number, operand: number): void {
    this.t.opWith(code, operand)
  }

  label(depth: number): void {
    this.t.label(depth)
  }

  next(block: number): void {
    this.t.next(block)
  }

  pushNext(): void {
    this.t.pushNext()
  }

  beforeLoop(block: number, depth: number): void {
    this.t.prepay(this.plan.loop.blocks[block], depth + this.#depth, this.plan.lanes)
  }

  turn(block: number, depth: number): void {
    this.t.turn(this.plan.loop.blocks[block], depth + this.#depth, this.plan.lanes)
  }

  condition(block: number, not: boolean): void {
    this.t.condition(this.plan.loop.blocks[block], not)
  }

  body(n: number): void {
    const t = this.t
    const b = this.plan.loop.blocks[n]
    const { first, end } = t.a.graph.blocks[b]
    const last = endsBlock(t.insn(end - 1)) ? end - 1 : end
    const by = this.plan.masked.get(b)?.by
    for (let i = first; i < last; i++) this.insn(i, by === undefined ? undefined : this.mask(by))
    for (const { by, taken } of this.plan.masked.values()) {
      if (by !== b) continue
      this.compare(end - 1, !taken)
      t.opWith(Op.localSet, this.mask(b))
    }
  }
}
