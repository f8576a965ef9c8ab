import * as o from "../../isa/index.ts"
import {
  BUDGET_SPENT,
  CPU_WORD,
  END_WORD,
  FRAME_WORD,
  FUEL_WORD,
  HIGH_WORD,
  LEAVES_WORD,
  STACK_WORD,
  TOO_DEEP,
} from "../address.ts"
import { badCode } from "../badCode.ts"
import { translateAlu } from "./alu.ts"
import { translateAtomic } from "./atomic.ts"
import { translateLoop } from "./bpfLoop.ts"
import { CPU_ID, shapeOfCall, TAIL_CALL, wordsOfCall } from "./calls.ts"
import { translateChoice } from "./choices.ts"
import { condition } from "./condition.ts"
import { endsBlock } from "./flow.ts"
import { costOfTurn, prepaidLoops } from "./fuel.ts"
import { calledFunction } from "./functions.ts"
import { FunctionWriter } from "./functionWriter.ts"
import { translateArrayLookup, translateMapCall } from "./mapCalls.ts"
import { translateLoad, translateProbe, translateSlot, translateStore } from "./memory.ts"
import type { Program } from "./program.ts"
import { type StructureWriter, writeDispatch, writeStructured } from "./structure.ts"
import { type VectorLoop, vectorLoops } from "./vectorise.ts"
import { writeVectorLoop } from "./vectorLoop.ts"
import { I32, I64, Op, VOID } from "./wasm/opcodes.ts"

/** What `may_goto` goes on for at most. Source: BPF_MAX_LOOPS. */
const MAY_GOTO_TURNS = 8 * 1024 * 1024

/** Where in the code of a function an instruction begins. */
export interface Position {
  readonly offset: number
  readonly slot: number
}

/** Writes one function: instructions, and the blocks and loops around them. */
export class FunctionTranslator extends FunctionWriter implements StructureWriter {
  readonly program: Program
  /** Where the code of each instruction begins, when somebody asks. */
  readonly positions: Position[] | undefined
  /** Turns of loops are counted. */
  #counts = false
  /** What loops take of the budget that are paid for before they begin, by their headers. */
  #prepaid: ReadonlyMap<number, number> | undefined
  /** Loops that vectors make the better part of, by their headers. */
  #vectorLoops: ReadonlyMap<number, VectorLoop> | undefined

  constructor(program: Program, ...rest: ConstructorParameters<typeof FunctionWriter>) {
    super(...rest)
    this.program = program
    this.positions = program.records ? [] : undefined
  }

  /** Writes the code behind the declarations of locals. */
  write(parameterTypes: readonly number[]): void {
    const { graph, webs } = this.a
    this.#counts = !this.program.verified && graph.header.includes(1)
    if (this.frameSize > 0) {
      this.opWith(Op.localGet, 0)
      this.i32(this.frameSize)
      this.op(Op.i32Sub)
      this.opWith(Op.localSet, this.locals.bottom)
    } else {
      this.opWith(Op.localGet, 0)
      this.opWith(Op.localSet, this.locals.bottom)
    }
    for (let r = 1; r < parameterTypes.length; r++) {
      const web = webs.parameters[r]
      if (web < 0 || this.locals.ofWeb[web] < 0 || this.locals.ofWeb[web] === r) continue
      this.opWith(Op.localGet, r)
      this.set(web, I64)
    }
    if (this.#counts) this.#takeFuel()
    if (this.locals.turns >= 0) {
      this.i32(MAY_GOTO_TURNS)
      this.opWith(Op.localSet, this.locals.turns)
    }
    if (graph.header.includes(1) && (this.#counts || this.program.vectors)) {
      if (this.#counts) this.#prepaid = prepaidLoops(this.a, this.loops)
      if (this.program.vectors) this.#vectorLoops = vectorLoops(this, i => this.program.isProbe(i))
    }
    // Calls stand outside of loops: V8 unrolls loops that have none.
    if (this.#counts) this.opWith(Op.block, VOID)
    if (graph.irreducible) writeDispatch(graph, this)
    else writeStructured(graph, this)
    if (this.#counts) {
      this.op(Op.unreachable)
      this.op(Op.end)
      this.endRun(BUDGET_SPENT)
    } else this.op(Op.unreachable)
    this.op(Op.end)
  }

  label(depth: number): void {
    this.out.u32(depth)
  }

  next(block: number): void {
    this.i32(block)
    this.opWith(Op.localSet, this.locals.next)
  }

  pushNext(): void {
    this.opWith(Op.localGet, this.locals.next)
  }

  beforeLoop(block: number, depth: number): void {
    this.prepay(block, depth)
    const plan = this.#vectorLoops?.get(block)
    if (plan !== undefined) writeVectorLoop(this, plan, depth)
  }

  /** Takes the fuel for all turns of a loop, where that is known; `times` such loops are run at once. */
  prepay(block: number, depth: number, times = 1): void {
    const cost = this.#prepaid?.get(block)
    if (cost !== undefined) this.#burn(cost * times, depth)
  }

  /** Takes the fuel for a turn; `times` are made at once. */
  turn(block: number, depth: number, times = 1): void {
    if (this.#counts && this.#prepaid?.has(block) !== true) this.#burn(costOfTurn(this.a.graph, block) * times, depth)
  }

  #burn(cost: number, depth: number): void {
    const { fuel } = this.locals
    this.opWith(Op.localGet, fuel)
    this.i32(cost)
    this.op(Op.i32Sub)
    this.opWith(Op.localTee, fuel)
    this.i32(0)
    this.op(Op.i32LtS)
    this.opWith(Op.brIf, depth)
  }

  /** Ends the run, and leaves there why. An imported function that throws would take V8 longer to make than a small module. */
  endRun(reason: number): void {
    this.i32(0)
    this.i32(reason)
    this.memory(Op.i32Store, END_WORD)
    this.op(Op.unreachable)
  }

  /** Ends the run where another frame would lie below the stack. */
  #checkDepth(): void {
    this.#frameBelow()
    this.i32(0)
    this.memory(Op.i32Load, STACK_WORD)
    this.op(Op.i32LeU)
    this.opWith(Op.if, VOID)
    this.endRun(TOO_DEEP)
    this.op(Op.end)
  }

  /** The end of the frame of a function that is called. */
  #frameBelow(): void {
    this.opWith(Op.localGet, 0)
    this.i32(o.MAX_BPF_STACK)
    this.op(Op.i32Sub)
  }

  #takeFuel(): void {
    this.i32(0)
    this.memory(Op.i32Load, FUEL_WORD)
    this.opWith(Op.localSet, this.locals.fuel)
  }

  #giveFuel(): void {
    this.i32(0)
    this.opWith(Op.localGet, this.locals.fuel)
    this.memory(Op.i32Store, FUEL_WORD)
  }

  condition(block: number, not: boolean): void {
    const i = this.a.graph.blocks[block].end - 1
    if (this.insn(i).op === o.OP_MAY_GOTO) {
      const { turns } = this.locals
      this.opWith(Op.localGet, turns)
      this.i32(1)
      this.op(Op.i32Sub)
      this.opWith(Op.localTee, turns)
      this.i32(0)
      this.op(not ? Op.i32GeS : Op.i32LtS)
    } else condition(this, i, not)
  }

  body(block: number): void {
    const { first, end, succs } = this.a.graph.blocks[block]
    const last = endsBlock(this.insn(end - 1)) ? end - 1 : end
    for (let i = first; i < last; i++) this.instruction(i)
    if (succs.length === 0) this.#exit(end - 1)
  }

  #exit(i: number): void {
    this.wide(this.readWeb(i, o.R0))
    this.#leave()
  }

  #leave(): void {
    if (this.#counts) this.#giveFuel()
    this.op(Op.return)
  }

  /** Notes that the code of an instruction begins. */
  mark(i: number): void {
    this.positions?.push({ offset: this.out.length, slot: this.a.code.slots[i] })
  }

  /** Writes an instruction that is no jump. */
  instruction(i: number): void {
    const { code, range, graph, slotOf } = this.a
    const op = code.op[i]
    this.mark(i)
    const slot = slotOf[i - range.first]
    if (slot !== 0 && op !== o.OP_CALL) {
      translateSlot(this, i, slot)
      return
    }
    if (graph.choices.size > 0) {
      const before = graph.choices.get(i)
      if (before !== undefined) {
        translateChoice(this, i, before)
        return
      }
      // The jump of a choice is written with the move behind it.
      if (graph.choices.has(i + 1)) return
    }
    switch (op & o.BPF_CLASS_MASK) {
      case o.BPF_ALU:
      case o.BPF_ALU64:
        translateAlu(this, i)
        return
      case o.BPF_LDX:
        if (this.program.isProbe(i)) translateProbe(this, i)
        else translateLoad(this, i)
        return
      case o.BPF_ST:
        translateStore(this, i)
        return
      case o.BPF_STX:
        if ((op & o.BPF_MODE_MASK) === o.BPF_ATOMIC) translateAtomic(this, i)
        else translateStore(this, i)
        return
      case o.BPF_LD:
        if (op === o.OP_LDDW) this.#constant(i)
        else this.#packetLoad(i)
        return
      default:
        if (op !== o.OP_CALL) throw badCode(code.slots[i], "no program may call by register")
        this.#call(i, this.insn(i))
    }
  }

  #constant(i: number): void {
    const to = this.writtenWeb(i)
    if (to < 0) return
    const { low, high } = this.program.constantOf(i)
    if (this.isNarrow(to)) this.i32(low)
    else this.i64(low, high)
    this.set(to, this.isNarrow(to) ? I32 : I64)
  }

  /** `r0 = *(u16 *)skb[12]`: where the packet is too short, the function returns 0. */
  #packetLoad(i: number): void {
    const { op, src, imm } = this.insn(i)
    if ((op & o.BPF_MODE_MASK) === o.BPF_IND) {
      this.low(this.readWeb(i, src))
      this.i32(imm)
      this.op(Op.i32Add)
    } else this.i32(imm)
    this.i32(o.sizeBytes(op))
    this.opWith(Op.call, this.program.importIndex("packet"))
    const to = this.writtenWeb(i)
    if (to < 0) this.op(Op.drop)
    else this.set(to, I32)
    this.i32(0)
    this.memory(Op.i32Load, LEAVES_WORD)
    this.opWith(Op.if, VOID)
    this.#seen()
    this.i64(0, 0)
    this.#leave()
    this.op(Op.end)
  }

  #seen(): void {
    this.i32(0)
    this.i32(0)
    this.memory(Op.i32Store, LEAVES_WORD)
  }

  #call(i: number, insn: o.Insn): void {
    const array = this.program.arrayLookedUp(this.a, i)
    if (array !== undefined) {
      translateArrayLookup(this, i, array)
      return
    }
    const onMap = this.program.mapFunction(this.a, i)
    if (onMap !== undefined) {
      translateMapCall(this, i, onMap, this.program.mapFunctionIndex(onMap))
      return
    }
    if (insn.src === o.BPF_HELPER_CALL && insn.imm === CPU_ID) {
      const to = this.writtenWeb(i)
      if (to < 0) return
      this.i32(0)
      this.memory(Op.i32Load, CPU_WORD)
      this.set(to, I32)
      return
    }
    const shape = shapeOfCall(this.a.code, i, this.program.parameters)
    if (this.#counts && shape.callsBack) this.#giveFuel()
    const looped = this.program.loopedFunction(this.a, i)
    if (looped !== undefined) translateLoop(this, i, looped)
    else if (insn.src === o.BPF_PSEUDO_CALL) this.#callFunction(i)
    else this.#callHelper(i, insn, shape.count)
    if (this.#counts && shape.callsBack) this.#takeFuel()
  }

  #callFunction(i: number): void {
    this.callFunction(calledFunction(this.a.code, i), r => this.wide(this.readWeb(i, r)))
    const to = this.writtenWeb(i)
    if (to < 0) this.op(Op.drop)
    else this.set(to, I64)
  }

  /** Calls a function of the program, and leaves what it gives there. `argument` puts r1 to r5 there as 64-bit numbers. */
  callFunction(called: number, argument: (register: number) => void): void {
    if (!this.program.verified) this.#checkDepth()
    this.#frameBelow()
    const count = this.program.parameters(called)
    for (let r = 1; r <= count; r++) argument(r)
    this.opWith(Op.call, this.program.functionIndex(called))
  }

  /** A function in JavaScript: pairs of words go in, the low word comes out, the high one is left in memory. */
  #callHelper(i: number, insn: o.Insn, count: number): void {
    const to = this.writtenWeb(i)
    const high = to >= 0 && !this.isNarrow(to)
    const tail = insn.src === o.BPF_HELPER_CALL && insn.imm === TAIL_CALL
    this.i32(0)
    this.opWith(Op.localGet, 0)
    this.memory(Op.i32Store, FRAME_WORD)
    if (high || tail) {
      this.i32(0)
      this.i32(0)
      this.memory(Op.i32Store, HIGH_WORD)
    }
    for (let r = 1; r <= count; r++) {
      const web = this.readWeb(i, r)
      this.low(web)
      this.high(web)
    }
    for (let word = 2 * count; word < wordsOfCall(count); word++) this.i32(0)
    this.opWith(Op.call, this.program.helperIndex(i))
    if (tail) {
      this.opWith(Op.localSet, this.locals.temp32)
      this.i32(0)
      this.memory(Op.i32Load, LEAVES_WORD)
      this.opWith(Op.if, VOID)
      this.#seen()
      this.opWith(Op.localGet, this.locals.temp32)
      this.#withHigh()
      if (this.#counts) this.#takeFuel()
      this.#leave()
      this.op(Op.end)
      this.opWith(Op.localGet, this.locals.temp32)
    }
    if (to < 0) this.op(Op.drop)
    else if (high) {
      this.#withHigh()
      this.set(to, I64)
    } else this.set(to, I32)
  }

  /** Makes 64 bits of the low word on the stack and the high word in memory. */
  #withHigh(): void {
    this.op(Op.i64ExtendI32U)
    this.i32(0)
    this.memory(Op.i64Load32U, HIGH_WORD)
    this.i64(32, 0)
    this.op(Op.i64Shl)
    this.op(Op.i64Or)
  }
}
