import { type BinaryOp, DominatorTree, findLoops, type Inst, type IrFunction } from "../../ir/index.ts"
import * as o from "../../isa/index.ts"
import { Notes } from "../debug/notes.ts"
import { removeUnreachable } from "../mir/cfg.ts"
import { FIRST_VIRTUAL, type MBlock, type MFunction, makeTerm, newMBlock, newSlot } from "../mir/mir.ts"
import { selectPointerAdd } from "./address.ts"
import { selectBinary, selectByteSwap, selectConvert, selectSignExtendInReg } from "./arith.ts"
import { selectAsm, selectAsmOut } from "./asm.ts"
import { selectAtomic } from "./atomic.ts"
import { selectCall } from "./call.ts"
import { branch, selectCompare, selectGroup, selectSelects } from "./condition.ts"
import { freeAddress, matchCompound } from "./match.ts"
import { selectCopy, selectFill, selectLoad, selectPacketLoad, selectStore } from "./memory.ts"
import { edgeBlock, lowerPhis } from "./phi.ts"
import { Plan } from "./plan.ts"
import { selectAddrSpaceCast, selectCore } from "./platform.ts"
import { schedule } from "./schedule.ts"
import { type SelectContext, Selector } from "./selector.ts"

/** Selects machine instructions for a function of valid IR; the IR is not changed. */
export function selectFunction(ir: IrFunction, context: SelectContext): MFunction {
  const dominators = new DominatorTree(ir)
  const { order } = dominators
  const loops = findLoops(ir, dominators)
  const fn: MFunction = {
    name: ir.name,
    ir,
    blocks: [],
    slots: [],
    nextReg: FIRST_VIRTUAL,
    nextBlock: 0,
    nextInst: 0,
    stackSize: 0,
  }
  const heads: MBlock[] = []
  const tails: MBlock[] = []
  const edgesOf: MBlock[][] = []
  for (const block of order) {
    const head = newMBlock(fn, loops.of(block))
    head.header = head.loop?.header === block
    heads[block.id] = head
  }
  const plan = new Plan(ir, context.options.cpu, global => context.globals.get(global)?.size ?? 0)
  const s = new Selector(ir, fn, plan, context, heads[order[0].id], dominators)
  const placed = schedule(ir, dominators, loops)
  for (const block of order) {
    s.enter(heads[block.id])
    s.irBlock = block
    if (block === order[0]) enterFunction(s, block.insts)
    const insts = placed[block.id]
    for (let i = 0; i < insts.length; i++) i += selectInst(s, insts, i) - 1
    const { term } = block
    s.span = term.span ?? s.span
    switch (term.op) {
      case "jump":
        s.block.term = makeTerm("jump", [heads[term.targets[0].id]], s.span)
        break
      case "br":
        if (matchCompound(term.args[0], plan.uses) === undefined) {
          branch(s, term.args[0], heads[term.targets[0].id], heads[term.targets[1].id])
        } else {
          // Several machine blocks go on to each target: by way of a block that stands for the edge.
          const edges = term.targets.map(to => edgeBlock(s, s.block, to, heads[to.id]))
          branch(s, term.args[0], edges[0], edges[1])
          fn.blocks.push(...edges)
          edgesOf[block.id] = edges
        }
        break
      case "ret":
        selectReturn(s, term.args[0])
        break
      case "unreachable":
        s.block.term = makeTerm("unreachable", [], s.span)
    }
    tails[block.id] = s.block
  }
  lowerPhis(s, order, heads, tails, edgesOf)
  removeUnreachable(fn)
  if (ir.debug !== undefined) fn.notes = Notes.of(ir, fn.blocks, s.ownReg, s.params)
  return fn
}

/** Parameters are copied out of their registers, locals get their places in the frame. */
function enterFunction(s: Selector, insts: readonly Inst[]): void {
  s.span = s.ir.span
  for (const param of s.ir.params) {
    if (!s.plan.paramUsed(param.index)) s.params.push(-1)
    else if (param.type === "i32" && s.plan.needsZero(param)) s.params.push(s.zeroExtended(o.R1 + param.index))
    else s.params.push(s.copy(o.R1 + param.index))
  }
  for (const inst of insts) {
    if (inst.op !== "alloca") continue
    // A place as wide as a register access, or as the variable where that is less, makes the widest accesses possible.
    let align = Math.min(8, inst.align)
    while (align < 8 && align < inst.size) align *= 2
    const { size, name, span, variable } = inst
    s.slots[inst.id] = newSlot(s.fn, { kind: "local", size, align, name, span, ...(variable && { variable }) })
  }
}

function selectReturn(s: Selector, value: Inst["args"][number] | undefined): void {
  const term = makeTerm("exit", [], s.span)
  if (value?.kind === "const" && value.type === "i32") {
    // Sign-extended: some kernels check the whole register of a negative result.
    s.aluImm(o.BPF_ALU64, o.BPF_MOV, o.R0, Number(BigInt.asIntN(32, value.value)))
    term.dst = o.R0
  } else if (value !== undefined) {
    s.moveInto(o.R0, value)
    term.dst = o.R0
  } else if (s.ir.role !== "static" && s.ir.role !== "global") {
    // The verifier wants a result of what the kernel itself calls.
    s.aluImm(o.BPF_ALU64, o.BPF_MOV, o.R0, 0)
    term.dst = o.R0
  }
  s.block.term = term
}

/** Selects `insts[at]`, and says how many instructions that was. */
function selectInst(s: Selector, insts: Inst[], at: number): number {
  const v = insts[at]
  s.span = v.span ?? s.span
  switch (v.op) {
    case "store":
      selectStore(s, v)
      return 1
    case "memcpy":
      selectCopy(s, v)
      return 1
    case "memset":
      selectFill(s, v)
      return 1
    case "call":
      selectCall(s, v)
      return 1
    case "atomic":
      selectAtomic(s, v)
      return 1
    case "ldpacket":
      selectPacketLoad(s, v)
      return 1
    case "asm":
      selectAsm(s, v)
      return 1
    default:
  }
  if (!s.plan.needed(v) && !(v.op === "load" && v.volatile)) return 1
  if (v.op === "ptradd") {
    if (freeAddress(v, s.sizeOf) === undefined) selectPointerAdd(s, v)
    return 1
  }
  if (v.op !== "load" && !s.plan.inRegister(v)) return 1
  switch (v.op) {
    case "alloca":
    case "mapaddr":
    case "globaladdr":
    case "funcaddr":
    case "ksymaddr":
      return 1
    case "asmout":
      selectAsmOut(s, v)
      return 1
    case "core":
      selectCore(s, v)
      return 1
    case "ascast":
      selectAddrSpaceCast(s, v)
      return 1
    case "load":
      selectLoad(s, v)
      return 1
    case "cmp":
      selectCompare(s, v)
      return 1
    case "select": {
      const group = selectGroup(insts, at)
      selectSelects(
        s,
        group.filter(g => s.plan.inRegister(g)),
      )
      return group.length
    }
    case "zext":
    case "sext":
    case "trunc":
    case "ptrtoint":
    case "inttoptr":
      selectConvert(s, v)
      return 1
    case "sextin":
      selectSignExtendInReg(s, v)
      return 1
    case "bswap":
      selectByteSwap(s, v)
      return 1
    case "opaque":
      if (v.args.length > 0) {
        const r = s.newReg()
        if (v.type === "i32" && s.plan.needsZero(v) && !s.isClear(v.args[0])) {
          s.zeroExtendInto(r, s.reg(v.args[0]))
        } else s.moveInto(r, v.args[0])
        s.bind(v, r)
      }
      return 1
    default:
      selectBinary(s, v as Inst & { op: BinaryOp })
      return 1
  }
}
