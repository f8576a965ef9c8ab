import { SkepError } from "../base/index.ts"
import {
  type Alloca,
  type Block,
  type CallInst,
  Inlining,
  type Inst,
  type IrFunction,
  type Module,
  newBlock,
  type Phi,
  replacePred,
  replaceValues,
  type Terminator,
  undef,
  type Value,
  type ValueType,
} from "../ir/index.ts"
import { devirtualise } from "./devirtualise.ts"
import { InlineCost } from "./inlineCost.ts"
import { capturedAllocas } from "./pointers.ts"

export interface InlineOptions {
  /** Whether large static functions that are called from many places may stay functions. */
  readonly subprograms?: boolean
}

/**
 * Inlining: the body of a function of the program takes the place of its call. BPF calls are dear (five arguments, a frame each), so all
 * are inlined but those that ask not to be, callbacks, and, where that is allowed, large bodies that are called from many places.
 *
 *     %1 = call @twice(%x)      →    %2 = add i32 %x, %x      ; uses of %1 become %2
 *
 * Callees are done before their callers; `prepare` is called on a function that has taken bodies. A function that nobody calls any more is dropped from the module.
 */
export function inlineCalls(
  module: Module,
  prepare: (func: IrFunction) => void,
  { subprograms = false }: InlineOptions = {},
): void {
  const byName = new Map(module.functions.map(f => [f.name, f]))
  const cost = new InlineCost(module, byName, subprograms)
  const done = new Set<IrFunction>()
  const visit = (func: IrFunction) => {
    if (done.has(func)) return
    done.add(func)
    do {
      for (const callee of callees(func, byName)) visit(callee)
      if (inlineInto(func, byName, cost)) prepare(func)
    } while (devirtualise(func, name => byName.get(name)))
  }
  for (const func of module.functions) visit(func)
  const needed = new Set<IrFunction>()
  const needNamed = (name: string) => {
    const func = byName.get(name)
    if (func !== undefined) need(func)
  }
  const need = (func: IrFunction) => {
    if (needed.has(func)) return
    needed.add(func)
    for (const block of func.blocks) {
      for (const inst of block.insts) {
        if (inst.op === "asm") for (const symbol of inst.symbols) needNamed(symbol.name)
        const name =
          inst.op === "funcaddr"
            ? inst.func
            : inst.op === "call" && inst.callee.kind === "function"
              ? inst.callee.name
              : undefined
        if (name !== undefined) needNamed(name)
      }
    }
  }
  for (const func of module.functions) if (func.role === "program" || func.role === "global" || func.hidden) need(func)
  for (const { relocations } of module.globals)
    for (const r of relocations ?? []) if (r.kind === "function") needNamed(r.name)
  module.functions = module.functions.filter(f => needed.has(f))
  for (const func of module.functions) if (func.btfId === 0 && func.typeId !== undefined) func.btfId = func.typeId()
}

function callees(func: IrFunction, byName: ReadonlyMap<string, IrFunction>): Set<IrFunction> {
  const found = new Set<IrFunction>()
  for (const block of func.blocks) {
    for (const inst of block.insts) {
      const callee = inst.op === "call" && inst.callee.kind === "function" ? byName.get(inst.callee.name) : undefined
      if (callee !== undefined) found.add(callee)
    }
  }
  return found
}

function inlineInto(func: IrFunction, byName: ReadonlyMap<string, IrFunction>, cost: InlineCost): boolean {
  const inlined = (inst: Inst): IrFunction | undefined => {
    const callee = target(inst, byName)
    return callee !== undefined && cost.takesBody(callee, inst as CallInst & Inst) ? callee : undefined
  }
  if (!func.blocks.some(b => b.insts.some(i => inlined(i) !== undefined))) return false
  const result: Block[] = []
  const replaced = new Map<Value, Value>()
  const shared: Shared = { captured: new Map(), allocas: new Map() }
  let size = sizeOf(func)
  for (const first of func.blocks) {
    // Behind each call the block goes on in a new one.
    let block = first
    const { insts, term } = first
    block.insts = []
    result.push(block)
    for (const inst of insts) {
      const callee = inlined(inst)
      if (callee === undefined) {
        inst.block = block
        block.insts.push(inst)
        continue
      }
      const call = inst as CallInst & Inst
      size += sizeOf(callee)
      if (size > MOST_INSTS) throw tooLarge(func, call)
      const rest = newBlock(func)
      cost.copied(callee, byName)
      const { entry, blocks, value } = copyBody(func, callee, call, rest, shared)
      block.term = { kind: "term", op: "jump", args: [], targets: [entry], span: call.span }
      entry.preds.push(block)
      if (value !== undefined) replaced.set(call, value)
      for (const copy of blocks) result.push(copy)
      result.push(rest)
      block = rest
    }
    if (block === first) continue
    block.term = term
    for (const next of new Set<Block>(term.targets)) replacePred(next, first, block)
  }
  func.blocks = result
  hoistAllocas(func)
  replaceValues(func, replaced)
  return true
}

/** A tenth of what the kernel may walk through in all; calls of calls grow a function as a power of two. */
const MOST_INSTS = 100_000

/** Instructions with the ends of blocks. */
function sizeOf(func: IrFunction): number {
  let size = func.blocks.length
  for (const block of func.blocks) size += block.insts.length
  return size
}

const tooLarge = (func: IrFunction, call: Inst) =>
  new SkepError({
    code: "OPT_TOO_LARGE",
    message: `${func.name} has more than ${MOST_INSTS} instructions once the functions it calls are inlined`,
    span: call.span,
    why: "Programs of this size take the compiler and the verifier too long.",
    hint: "mark functions that are called from many places __attribute__((noinline))",
  })

/** The function of the program that an instruction calls. */
function target(inst: Inst, byName: ReadonlyMap<string, IrFunction>): IrFunction | undefined {
  return inst.op === "call" && inst.callee.kind === "function" ? byName.get(inst.callee.name) : undefined
}

/**
 * What bodies of one function inlined into another have in common: the objects whose addresses get away. Nothing later can tell how long they
 * live, but one body's are dead when the next one's are made.
 */
interface Shared {
  readonly captured: Map<IrFunction, ReadonlySet<Alloca>>
  readonly allocas: Map<Value, Value>
}

function capturedBy(callee: IrFunction, { captured }: Shared): ReadonlySet<Alloca> {
  let found = captured.get(callee)
  if (found === undefined) captured.set(callee, (found = capturedAllocas(callee)))
  return found
}

/** Copies a function's blocks into another; returns go to `rest`. */
function copyBody(
  into: IrFunction,
  callee: IrFunction,
  call: CallInst & Inst,
  rest: Block,
  shared: Shared,
): { entry: Block; blocks: Block[]; value: Value | undefined } {
  const values = new Map<Value, Value>()
  const blocks = new Map<Block, Block>()
  const debug = callee.debug && call.span && new Inlining(into, callee, call.span)
  callee.params.forEach((param, i) => {
    values.set(param, call.args[i])
  })
  for (const block of callee.blocks) {
    const copy = newBlock(into)
    copy.unroll = block.unroll
    blocks.set(block, copy)
  }
  for (const block of callee.blocks) {
    const copy = blocks.get(block)!
    copy.phis = block.phis.map((phi): Phi => {
      const made = { ...phi, id: into.nextId++, block: copy, incoming: phi.incoming.map(b => blocks.get(b)!) }
      values.set(phi, made)
      debug?.copy(made)
      return made
    })
    copy.insts = block.insts.flatMap((inst): Inst[] => {
      const known = inst.op === "alloca" ? shared.allocas.get(inst) : undefined
      if (known !== undefined) {
        values.set(inst, known)
        return []
      }
      const made = { ...inst, id: into.nextId++, block: copy, args: [...inst.args] }
      values.set(inst, made)
      debug?.copy(made)
      return [made]
    })
  }
  for (const alloca of capturedBy(callee, shared)) shared.allocas.set(alloca, values.get(alloca)!)
  const map = (v: Value) => values.get(v) ?? v
  const returns: { from: Block; value: Value | undefined }[] = []
  for (const block of callee.blocks) {
    const copy = blocks.get(block)!
    for (const phi of copy.phis) phi.args = phi.args.map(map)
    for (const inst of copy.insts) inst.args = inst.args.map(map)
    copy.preds = block.preds.map(b => blocks.get(b)!)
    if (block.term.op === "ret") {
      returns.push({ from: copy, value: block.term.args.length > 0 ? map(block.term.args[0]) : undefined })
      const span = debug === undefined ? block.term.span : debug.span(block.term.span)
      copy.term = { kind: "term", op: "jump", args: [], targets: [rest], span }
      rest.preds.push(copy)
    } else {
      const { term } = block
      copy.term = { ...term, args: term.args.map(map), targets: term.targets.map(t => blocks.get(t)!) } as Terminator
      if (debug !== undefined) copy.term.span = debug.span(term.span)
    }
  }
  debug?.finish(call.args)
  let value: Value | undefined
  if (call.type !== "void") {
    const type = call.type as ValueType
    if (returns.length === 1) value = returns[0].value ?? undef(type)
    else if (returns.length === 0) value = undef(type)
    else {
      const phi: Phi = { kind: "phi", id: into.nextId++, type, args: [], incoming: [], block: rest }
      for (const { from, value: v } of returns) {
        phi.incoming.push(from)
        phi.args.push(v ?? undef(type))
      }
      rest.phis.push(phi)
      value = phi
    }
  }
  return { entry: blocks.get(callee.blocks[0])!, blocks: [...blocks.values()], value }
}

function hoistAllocas(func: IrFunction): void {
  const entry = func.blocks[0]
  const allocas: Inst[] = []
  for (const block of func.blocks) {
    const mine = block.insts.filter(i => i.op === "alloca")
    if (mine.length === 0) continue
    allocas.push(...mine)
    block.insts = block.insts.filter(i => i.op !== "alloca")
  }
  for (const inst of allocas) inst.block = entry
  entry.insts = [...allocas, ...entry.insts]
}
