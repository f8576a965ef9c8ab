import type { Span } from "../base/index.ts"
import { evalBinary, evalByteSwap, evalCompare, evalSignExtend } from "./fold.ts"
import type {
  Asm,
  AtomicOp,
  BinaryOp,
  Block,
  Callee,
  Core,
  Inst,
  IrFunction,
  IrType,
  Param,
  Phi,
  Predicate,
  Terminator,
  Value,
  Width,
} from "./ir.ts"
import { bitsOf, constant, i32, i64, isConst, type ValueType } from "./values.ts"

/** What a new function needs; the rest has defaults (a program, `inline: "auto"`, no BTF). */
export type FunctionParts = Pick<IrFunction, "name" | "ret" | "span"> &
  Partial<Pick<IrFunction, "role" | "inline" | "btfId">> & {
    readonly params: readonly { readonly type: ValueType; readonly name: string }[]
  }

/** A function with no blocks yet; the first block started is the entry. */
export function newFunction(parts: FunctionParts): IrFunction {
  return {
    name: parts.name,
    params: parts.params.map(({ type, name }, index): Param => ({ kind: "param", type, index, name })),
    ret: parts.ret,
    blocks: [],
    role: parts.role ?? "program",
    inline: parts.inline ?? "auto",
    span: parts.span,
    btfId: parts.btfId ?? 0,
    nextId: 1,
    nextBlock: 0,
  }
}

/** A block that belongs to `func` (its id is taken from it) but is not in its list yet. Ends in `unreachable`. */
export function newBlock(func: IrFunction): Block {
  const term: Terminator = { kind: "term", op: "unreachable", args: [], targets: [], span: undefined }
  return { id: func.nextBlock++, phis: [], insts: [], term, preds: [] }
}

/** Options of a memory access that a caller may leave out: `align` is then the width. */
export interface AccessOptions {
  readonly volatile?: boolean
  readonly align?: number
  readonly ordered?: boolean
}

type Parts<I> = I extends Inst ? Omit<I, "kind" | "id" | "block" | "span"> : never
/** An instruction without what the builder fills in. */
export type InstParts = Parts<Inst>

/**
 * Appends instructions to one function. A block is made with `newBlock` and placed with `start`, in the order in which blocks are to be
 * laid out. Arithmetic on constants is folded on the way, and so is what changes nothing (`x + 0`); nothing else is simplified.
 */
export class FunctionBuilder {
  readonly func: IrFunction
  /** Where instructions go. */
  block: Block
  /** Given to each instruction made from now on. */
  span: Span | undefined
  /** False when the current block has its terminator: what comes next cannot be reached. */
  open: boolean
  /** So many allocas are known to stand at the top of the entry. */
  #allocas = 0

  /** Continues at the end of the last block, or starts the entry of an empty function. */
  constructor(func: IrFunction) {
    this.func = func
    this.open = true
    const last = func.blocks.at(-1)
    this.block = last ?? newBlock(func)
    if (last === undefined) func.blocks.push(this.block)
  }

  newBlock(): Block {
    return newBlock(this.func)
  }

  /** Appends a block to the function and goes on there; an open block before it falls through into it. */
  start(block: Block): void {
    if (this.open) this.jump(block)
    this.func.blocks.push(block)
    this.block = block
    this.open = true
  }

  /** Goes on at the end of a block that is in the function already and has no terminator yet. */
  resume(block: Block): void {
    this.block = block
    this.open = true
  }

  /** Appends any instruction; after a terminator it goes to a new block that nothing reaches. */
  insert(parts: InstParts): Inst {
    if (!this.open) this.start(this.newBlock())
    const inst = { kind: "inst", id: this.func.nextId++, block: this.block, span: this.span, ...parts } as Inst
    this.block.insts.push(inst)
    return inst
  }

  /** Stack memory: placed in the entry block, before the first instruction that is no alloca. */
  alloca(size: number, align: number, name: string): Inst {
    const entry = this.func.blocks[0]
    const inst: Inst = {
      kind: "inst",
      op: "alloca",
      id: this.func.nextId++,
      type: "ptr",
      args: [],
      block: entry,
      span: this.span,
      size,
      align,
      name,
    }
    while (this.#allocas < entry.insts.length && entry.insts[this.#allocas].op === "alloca") this.#allocas++
    entry.insts.splice(this.#allocas++, 0, inst)
    return inst
  }

  load(type: ValueType, width: Width, signed: boolean, from: Value, options: AccessOptions = {}): Inst {
    const { volatile = false, align = width, ordered } = options
    return this.insert({ op: "load", type, width, signed, volatile, align, ...(ordered && { ordered }), args: [from] })
  }

  store(width: Width, to: Value, value: Value, options: AccessOptions = {}): Inst {
    const { volatile = false, align = width, ordered } = options
    const parts = { width, volatile, align, ...(ordered && { ordered }) }
    return this.insert({ op: "store", type: "void", ...parts, args: [to, value] })
  }

  memcpy(to: Value, from: Value, size: number, align: number): Inst {
    return this.insert({ op: "memcpy", type: "void", size, align, args: [to, from] })
  }

  memset(to: Value, byte: Value, size: number, align: number): Inst {
    return this.insert({ op: "memset", type: "void", size, align, args: [to, byte] })
  }

  binary(op: BinaryOp, a: Value, b: Value): Value {
    const type = a.type as "i32" | "i64"
    if (a.kind === "const" && b.kind === "const") {
      return constant(type, evalBinary(op, bitsOf(type), a.value, b.value))
    }
    const simple = identity(op, a, b)
    if (simple !== undefined) return simple
    return this.insert({ op, type, args: [a, b] })
  }

  /** Pointer plus bytes; an addition of nothing gives the pointer, and constant offsets add up. */
  ptradd(pointer: Value, offset: Value | number): Value {
    const by = typeof offset === "number" ? i64(offset) : offset
    if (isConst(by, 0)) return pointer
    if (by.kind === "const") {
      if (pointer.kind === "const") return constant("ptr", pointer.value + by.value)
      if (pointer.kind === "inst" && pointer.op === "ptradd" && pointer.args[1].kind === "const") {
        return this.ptradd(pointer.args[0], i64(pointer.args[1].value + by.value))
      }
    }
    return this.insert({ op: "ptradd", type: "ptr", args: [pointer, by] })
  }

  cmp(pred: Predicate, a: Value, b: Value): Value {
    if (a.kind === "const" && b.kind === "const")
      return i32(evalCompare(pred, bitsOf(a.type), a.value, b.value) ? 1 : 0)
    return this.insert({ op: "cmp", type: "i32", pred, args: [a, b] })
  }

  select(cond: Value, then: Value, other: Value): Value {
    if (cond.kind === "const") return cond.value !== 0n ? then : other
    return this.insert({ op: "select", type: then.type, args: [cond, then, other] })
  }

  zext(v: Value): Value {
    return v.kind === "const" ? i64(v.value) : this.insert({ op: "zext", type: "i64", args: [v] })
  }
  sext(v: Value): Value {
    return v.kind === "const" ? i64(BigInt.asIntN(32, v.value)) : this.insert({ op: "sext", type: "i64", args: [v] })
  }
  trunc(v: Value): Value {
    return v.kind === "const" ? i32(v.value) : this.insert({ op: "trunc", type: "i32", args: [v] })
  }
  ptrtoint(v: Value): Value {
    return v.kind === "const" ? i64(v.value) : this.insert({ op: "ptrtoint", type: "i64", args: [v] })
  }
  inttoptr(v: Value): Value {
    return v.kind === "const" ? constant("ptr", v.value) : this.insert({ op: "inttoptr", type: "ptr", args: [v] })
  }

  sextin(bits: 8 | 16 | 32, v: Value): Value {
    if (v.kind === "const") return constant(v.type, evalSignExtend(bits, bitsOf(v.type), v.value))
    return this.insert({ op: "sextin", type: v.type, bits, args: [v] })
  }

  bswap(bits: 16 | 32 | 64, v: Value): Value {
    const type = bits === 64 ? "i64" : "i32"
    if (v.kind === "const") return constant(type, evalByteSwap(bits, v.value))
    return this.insert({ op: "bswap", type, bits, args: [v] })
  }

  call(callee: Callee, args: Value[], type: IrType): Inst {
    return this.insert({ op: "call", type, callee, args })
  }

  atomic(atomic: AtomicOp, width: 4 | 8, args: Value[]): Inst {
    return this.insert({ op: "atomic", type: width === 4 ? "i32" : "i64", atomic, width, args })
  }

  mapaddr(map: string): Inst {
    return this.insert({ op: "mapaddr", type: "ptr", map, args: [] })
  }
  globaladdr(global: string): Inst {
    return this.insert({ op: "globaladdr", type: "ptr", global, args: [] })
  }
  funcaddr(func: string): Inst {
    return this.insert({ op: "funcaddr", type: "ptr", func, args: [] })
  }

  /** `index` is the i32 offset of the indirect form. */
  ldpacket(width: 1 | 2 | 4, context: Value, offset: number, index?: Value): Inst {
    return this.insert({
      op: "ldpacket",
      type: "i32",
      width,
      offset,
      args: index === undefined ? [context] : [context, index],
    })
  }

  opaque(v: Value): Inst {
    return this.insert({ op: "opaque", type: v.type, args: [v] })
  }
  /** A barrier: memory accesses do not move over it. */
  barrier(): Inst {
    return this.insert({ op: "opaque", type: "void", args: [] })
  }

  /** A number that the loader fits to its kernel. */
  core(type: "i32" | "i64", parts: Pick<Core, "relocation" | "btfType" | "access" | "value">): Inst {
    return this.insert({ op: "core", type, ...parts, args: [] })
  }
  ksymaddr(name: string, btfType: number, weak: boolean): Inst {
    return this.insert({ op: "ksymaddr", type: "ptr", name, btfType, weak, args: [] })
  }
  ascast(from: number, to: number, pointer: Value): Inst {
    return this.insert({ op: "ascast", type: "ptr", from, to, args: [pointer] })
  }
  asm(parts: Omit<InstParts & { op: "asm" }, "op" | "type">): Inst {
    return this.insert({ op: "asm", type: "i32", ...parts })
  }
  asmout(asm: Asm & Inst, index: number): Inst {
    return this.insert({ op: "asmout", type: asm.outputs[index].type, index, args: [asm] })
  }

  /** A phi at the head of a block with no values yet; add them with `addIncoming`. */
  phi(type: ValueType, block = this.block): Phi {
    const phi: Phi = { kind: "phi", id: this.func.nextId++, type, args: [], incoming: [], block }
    block.phis.push(phi)
    return phi
  }

  addIncoming(phi: Phi, from: Block, value: Value): void {
    phi.incoming.push(from)
    phi.args.push(value)
  }

  jump(target: Block): void {
    this.#end({ kind: "term", op: "jump", args: [], targets: [target], span: this.span })
  }

  /** Branches on any non-zero value; a constant condition is decided here. */
  br(cond: Value, then: Block, other: Block): void {
    if (cond.kind === "const") this.jump(cond.value !== 0n ? then : other)
    else this.#end({ kind: "term", op: "br", args: [cond], targets: [then, other], span: this.span })
  }

  ret(value?: Value): void {
    this.#end({ kind: "term", op: "ret", args: value === undefined ? [] : [value], targets: [], span: this.span })
  }

  unreachable(): void {
    this.#end({ kind: "term", op: "unreachable", args: [], targets: [], span: this.span })
  }

  /** Ends the current block; a second terminator in a row is dropped, for nothing reaches it. */
  #end(term: Terminator): void {
    if (!this.open) return
    this.block.term = term
    for (const target of term.targets) target.preds.push(this.block)
    this.open = false
  }
}

/** `x op 0`, `0 op x` and `x * 1` where the result is one of the operands. */
function identity(op: BinaryOp, a: Value, b: Value): Value | undefined {
  switch (op) {
    case "add":
    case "or":
    case "xor":
      return isConst(b, 0) ? a : isConst(a, 0) ? b : undefined
    case "sub":
    case "shl":
    case "lshr":
    case "ashr":
      return isConst(b, 0) ? a : undefined
    case "mul":
      return isConst(b, 0) || isConst(a, 1) ? b : isConst(a, 0) || isConst(b, 1) ? a : undefined
    default:
      return undefined
  }
}
