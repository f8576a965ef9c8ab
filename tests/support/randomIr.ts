import { SourceFile } from "../../src/base/index.ts"
import {
  type AtomicOp,
  type BinaryOp,
  type Block,
  type Callee,
  constant,
  FunctionBuilder,
  type Inst,
  type IrFunction,
  type Module,
  newFunction,
  type Phi,
  type Predicate,
  parseFunction,
  type Value,
} from "../../src/ir/index.ts"
import type { HelperCall, Memory } from "./irInterp.ts"

/** A generator of numbers that depends on nothing but its seed (mulberry32). */
export class Random {
  #state: number
  constructor(seed: number) {
    this.#state = seed >>> 0
  }
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0
    let t = this.#state
    t = Math.imul(t ^ (t >>> 15), t | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return (t ^ (t >>> 14)) >>> 0
  }
  /** 0 to n - 1. */
  below(n: number): number {
    return this.next() % n
  }
  pick<T>(list: readonly T[]): T {
    return list[this.below(list.length)]
  }
  chance(percent: number): boolean {
    return this.below(100) < percent
  }
}

export interface RandomIrOptions {
  /** Statements of the function, about. */
  readonly size: number
  /** Leaves out what instruction set levels 1 and 2 do not have. */
  readonly oldAtomics?: boolean
  /** Values that stay alive to the end: more than there are registers makes spills. */
  readonly longLived?: number
  readonly calls?: boolean
  /**
   * Makes an XDP program of it that a kernel can run: the context is the packet's first 64 bytes, helpers are subprograms, and the result is
   * an i32, the exclusive or of both halves.
   */
  readonly xdp?: boolean
}

const binaries: readonly BinaryOp[] = [
  "add",
  "sub",
  "mul",
  "udiv",
  "sdiv",
  "urem",
  "srem",
  "and",
  "or",
  "xor",
  "shl",
  "lshr",
  "ashr",
]
const predicates: readonly Predicate[] = ["eq", "ne", "ult", "ule", "ugt", "uge", "slt", "sle", "sgt", "sge"]
const interesting = [
  0n,
  1n,
  2n,
  3n,
  7n,
  8n,
  31n,
  32n,
  63n,
  255n,
  0x7fffffffn,
  0x80000000n,
  0xffffffffn,
  1n << 32n,
  (1n << 63n) - 1n,
  1n << 63n,
  (1n << 64n) - 1n,
]

/** Bytes of the context that the function reads. */
export const CONTEXT_BYTES = 64

/**
 * A function of valid, terminating IR that computes with everything the IR has, as a module with one program named `f`. It takes a context
 * of 64 bytes and gives an i64. Helpers it calls: 100 to 105, with that many less 100 integer arguments, and 110, which takes a pointer to
 * 8 bytes of stack that it may change.
 */
export function randomModule(seed: number, options: RandomIrOptions): Module {
  const func = new Generator(new Random(seed), options).run()
  return {
    name: `random ${seed}`,
    license: "GPL",
    functions: options.xdp ? [func, ...helperFunctions()] : [func],
    programs: [{ func: "f", section: "test", ...(options.xdp && { type: "xdp" }) }],
    maps: [],
    globals: [],
    btf: { addString: () => 0, encode: () => new Uint8Array(0) },
  }
}

/** The helpers that random functions call: their results depend on all arguments, and 110 changes the memory it is given. */
export function randomHelper({ id, args }: HelperCall, memory: Pick<Memory, "read" | "write">): bigint {
  if (id === 110) {
    const old = memory.read(args[0], 8)
    memory.write(args[0], 8, BigInt.asUintN(64, old * 0x5851f42d4c957f2dn + 1n))
    return old
  }
  let hash = BigInt(id)
  for (let i = 0; i < id - 100; i++) hash = BigInt.asUintN(64, (hash ^ args[i]) * 0x100000001b3n + 7n)
  return hash
}

/** {@link randomHelper} as subprograms. */
function helperFunctions(): IrFunction[] {
  const texts = [
    `static func @touch(ptr %p) -> i64 noinline {
b0:
  %1 = load i64 u8 %p
  %2 = mul i64 %1, 0x5851f42d4c957f2d
  %3 = add i64 %2, 1
  store 8 %p, %3
  ret %1
}`,
  ]
  for (let n = 0; n <= 5; n++) {
    let body = ""
    let hash = `${100 + n}`
    for (let i = 0; i < n; i++) {
      const id = 3 * i + 1
      body += `%${id} = xor i64 ${hash}, %a${i}\n%${id + 1} = mul i64 %${id}, 0x100000001b3\n%${id + 2} = add i64 %${id + 1}, 7\n`
      hash = `%${id + 2}`
    }
    const params = Array.from({ length: n }, (_, i) => `i64 %a${i}`).join(", ")
    texts.push(`static func @mix${n}(${params}) -> i64 noinline {\nb0:\n${body}ret ${hash}\n}`)
  }
  return texts.map(text => parseFunction(text))
}

const file = new SourceFile("random.c", "")

class Generator {
  readonly #random: Random
  readonly #options: RandomIrOptions
  readonly #func: IrFunction
  readonly #b: FunctionBuilder
  #budget: number
  /** Values that can be used here, by type. */
  #values: { i32: Value[]; i64: Value[] } = { i32: [], i64: [] }
  readonly #locals: { readonly at: Inst; readonly size: number }[] = []
  /** Where the 64 bytes of input are. */
  #input: Value

  constructor(random: Random, options: RandomIrOptions) {
    this.#random = random
    this.#options = options
    this.#budget = options.size
    const span = { file, start: 0, end: 0 }
    this.#func = newFunction({
      name: "f",
      params: [{ type: "ptr", name: "ctx" }],
      ret: options.xdp ? "i32" : "i64",
      span,
    })
    this.#b = new FunctionBuilder(this.#func)
    this.#input = this.#func.params[0]
  }

  run(): IrFunction {
    const b = this.#b
    const random = this.#random
    for (let i = 0; i < 1 + random.below(4); i++) {
      const size = random.pick([1, 2, 4, 8, 12, 16, 24, 40])
      const align = size % 8 === 0 ? 8 : size % 4 === 0 ? 4 : size % 2 === 0 ? 2 : 1
      const at = b.alloca(size, align, `local${i}`)
      this.#locals.push({ at, size })
      b.memset(at, constant("i32", random.below(256)), size, align)
    }
    if (this.#options.xdp) this.#openPacket()
    const kept: Value[] = []
    for (let i = 0; i < (this.#options.longLived ?? 3); i++) {
      const at = 8 * random.below(CONTEXT_BYTES / 8)
      const v = b.load("i64", 8, false, b.ptradd(this.#input, at))
      kept.push(v)
      this.#values.i64.push(v)
      this.#values.i32.push(random.chance(50) ? b.trunc(v) : b.load("i32", 4, false, b.ptradd(this.#input, at)))
    }
    this.#statements(0)
    let result: Value = kept[0] ?? constant("i64", 0)
    for (const v of [...kept, ...this.#values.i64.slice(-3)])
      result = b.binary("xor", b.binary("mul", result, constant("i64", 31)), v)
    for (const v of this.#values.i32.slice(-3))
      result = b.binary("add", result, random.chance(50) ? b.zext(v) : b.sext(v))
    for (const { at, size } of this.#locals) {
      for (let off = 0; off < size; off++) {
        const byte = b.load("i64", 1, false, b.ptradd(at, off))
        result = b.binary("add", b.binary("mul", result, constant("i64", 13)), byte)
      }
    }
    b.ret(this.#options.xdp ? b.trunc(b.binary("xor", result, b.binary("lshr", result, constant("i64", 32)))) : result)
    return this.#func
  }

  /** Proves to the verifier that the packet has 64 bytes. */
  #openPacket(): void {
    const b = this.#b
    const [context] = this.#func.params
    const short = b.newBlock()
    const open = b.newBlock()
    this.#input = b.inttoptr(b.load("i64", 4, false, context))
    const end = b.inttoptr(b.load("i64", 4, false, b.ptradd(context, 4)))
    b.br(b.cmp("ugt", b.ptradd(this.#input, CONTEXT_BYTES), end), short, open)
    b.start(short)
    b.ret(constant("i32", 0))
    b.start(open)
  }

  #constant(type: "i32" | "i64"): Value {
    const r = this.#random
    if (r.chance(40)) return constant(type, BigInt(r.below(64)))
    return constant(type, r.chance(70) ? r.pick(interesting) : (BigInt(r.next()) << 32n) | BigInt(r.next()))
  }

  #value(type: "i32" | "i64"): Value {
    const list = this.#values[type]
    if (list.length === 0 || this.#random.chance(20)) return this.#constant(type)
    // Mostly what was made last, and nothing from too far back, as in programs that people write.
    const near = this.#random.below(this.#random.chance(60) ? 4 : 40)
    return list[Math.max(0, list.length - 1 - near)]
  }

  #keep(v: Value): void {
    if (v.type === "i32" || v.type === "i64") this.#values[v.type].push(v)
  }

  #condition(): Value {
    const type = this.#random.pick(["i32", "i64"] as const)
    if (this.#random.chance(15)) return this.#value(type)
    if (this.#random.chance(15)) {
      const masked = this.#b.binary("and", this.#value(type), this.#value(type))
      return this.#random.chance(50)
        ? masked
        : this.#b.cmp(this.#random.pick(["eq", "ne"] as const), masked, constant(type, 0))
    }
    return this.#b.cmp(this.#random.pick(predicates), this.#value(type), this.#value(type))
  }

  #statements(depth: number): void {
    const count = 1 + this.#random.below(8)
    for (let i = 0; i < count || (depth === 0 && this.#budget > 0); i++) {
      if (this.#budget-- <= 0) return
      this.#statement(depth)
    }
  }

  #statement(depth: number): void {
    const r = this.#random
    const kind = r.below(100)
    if (kind < 12 && depth < 4) this.#if(depth)
    else if (kind < 17 && depth < 3) this.#loop(depth)
    else if (kind < 27 && this.#options.calls !== false) this.#call()
    else if (kind < 45) this.#memory()
    else this.#compute()
  }

  #compute(): void {
    const r = this.#random
    const b = this.#b
    const type = r.pick(["i32", "i64"] as const)
    switch (r.below(12)) {
      case 0:
        this.#keep(b.zext(this.#value("i32")))
        return
      case 1:
        this.#keep(b.sext(this.#value("i32")))
        return
      case 2:
        this.#keep(b.trunc(this.#value("i64")))
        return
      case 3:
        this.#keep(b.cmp(r.pick(predicates), this.#value(type), this.#value(type)))
        return
      case 4:
        this.#keep(b.select(this.#condition(), this.#value(type), this.#value(type)))
        return
      case 5:
        this.#keep(b.sextin(r.pick(type === "i32" ? [8, 16] : [8, 16, 32]) as 8 | 16 | 32, this.#value(type)))
        return
      case 6: {
        const bits = r.pick([16, 32, 64] as const)
        this.#keep(b.bswap(bits, this.#value(bits === 64 ? "i64" : "i32")))
        return
      }
      case 7: {
        const v = this.#value(type)
        if (v.kind !== "const") this.#keep(b.opaque(v))
        return
      }
      default:
        this.#keep(b.binary(r.pick(binaries), this.#value(type), this.#value(type)))
    }
  }

  /** An address inside a local for an access of `width` bytes, and its alignment. */
  #address(width: number): { at: Value; align: number } | undefined {
    const r = this.#random
    const fitting = this.#locals.filter(l => l.size >= width)
    if (fitting.length === 0) return undefined
    const { at, size } = r.pick(fitting)
    const room = size - width + 1
    const known = at.op === "alloca" ? at.align : 1
    if (r.chance(60)) {
      const off = r.below(room)
      let align = Math.min(known, 8)
      while (off % align !== 0) align /= 2
      return { at: this.#b.ptradd(at, off), align: Math.min(align, width) }
    }
    // A variable index, bounded by a mask.
    let mask = 1
    while (mask * 2 <= room) mask *= 2
    const index = this.#b.binary("and", this.#value("i64"), constant("i64", mask - 1))
    let address = this.#b.ptradd(at, index)
    if (room > mask && r.chance(50)) address = this.#b.ptradd(address, room - mask)
    return { at: address, align: 1 }
  }

  #memory(): void {
    const r = this.#random
    const b = this.#b
    const width = r.pick([1, 2, 4, 8] as const)
    const place = this.#address(width)
    if (place === undefined) return
    const { at, align } = place
    switch (r.below(8)) {
      case 0:
      case 1:
        b.store(width, at, this.#value(width === 8 ? "i64" : r.pick(["i32", "i64"] as const)), { align })
        return
      case 2:
      case 3: {
        const type = width === 8 ? "i64" : r.pick(["i32", "i64"] as const)
        this.#keep(b.load(type, width, r.chance(50) && width < 8, at, { align }))
        return
      }
      case 4:
        b.memset(at, r.chance(70) ? this.#constant("i32") : this.#value("i32"), width, align)
        return
      case 5: {
        const from = r.pick(this.#locals)
        if (from.size < width || sameLocal(at, from.at)) return
        b.memcpy(at, from.at, width, 1)
        return
      }
      case 6:
        this.#atomic()
        return
      default: {
        const off = r.below(CONTEXT_BYTES - width)
        const type = width === 8 ? "i64" : r.pick(["i32", "i64"] as const)
        this.#keep(b.load(type, width, r.chance(50) && width < 8, b.ptradd(this.#input, off), { align: 1 }))
      }
    }
  }

  #atomic(): void {
    const r = this.#random
    const width = r.pick([4, 8] as const)
    const local = this.#locals.find(l => l.size >= width && (l.at as Inst & { op: "alloca" }).align >= width)
    if (local === undefined) return
    const type = width === 4 ? "i32" : "i64"
    const op: AtomicOp = this.#options.oldAtomics
      ? "add"
      : r.pick(["add", "and", "or", "xor", "xchg", "cmpxchg"] as const)
    const args = op === "cmpxchg" ? [this.#value(type), this.#value(type)] : [this.#value(type)]
    const v = this.#b.atomic(op, width, [local.at, ...args])
    if (!this.#options.oldAtomics && r.chance(60)) this.#keep(v)
  }

  #call(): void {
    const r = this.#random
    const wide = this.#locals.filter(l => l.size >= 8)
    if (wide.length > 0 && r.chance(25)) {
      const { at } = r.pick(wide)
      const callee: Callee = this.#options.xdp
        ? { kind: "function", name: "touch" }
        : { kind: "helper", id: 110, name: "touch" }
      this.#keep(this.#b.call(callee, [at], "i64"))
      return
    }
    const n = r.below(6)
    const args = Array.from({ length: n }, () => this.#value(r.pick(["i32", "i64"] as const)))
    const type = r.pick(["i32", "i64"] as const)
    if (!this.#options.xdp) {
      this.#keep(this.#b.call({ kind: "helper", id: 100 + n, name: `mix${n}` }, args, type))
      return
    }
    const wideArgs = args.map(a => (a.type === "i32" ? this.#b.zext(a) : a))
    const result = this.#b.call({ kind: "function", name: `mix${n}` }, wideArgs, "i64")
    this.#keep(type === "i32" ? this.#b.trunc(result) : result)
  }

  /** Runs `make` with a scope of its own: what it defines cannot be used afterwards. */
  #scoped(make: () => void): { i32: Value[]; i64: Value[] } {
    const outer = this.#values
    this.#values = { i32: [...outer.i32], i64: [...outer.i64] }
    make()
    const inner = this.#values
    this.#values = outer
    return inner
  }

  #if(depth: number): void {
    const b = this.#b
    const cond = this.#condition()
    if (cond.kind === "const") return
    const then = b.newBlock()
    const other = b.newBlock()
    const join = b.newBlock()
    b.br(cond, then, other)
    b.start(then)
    const a = this.#scoped(() => this.#statements(depth + 1))
    const thenEnd = this.#leave(join)
    b.start(other)
    const c = this.#random.chance(60) ? this.#scoped(() => this.#statements(depth + 1)) : this.#scoped(() => {})
    const otherEnd = this.#leave(join)
    b.start(join)
    for (let i = 0; i < 1 + this.#random.below(3); i++) {
      const type = this.#random.pick(["i32", "i64"] as const)
      const phi = b.phi(type)
      if (thenEnd !== undefined) b.addIncoming(phi, thenEnd, this.#from(a, type))
      if (otherEnd !== undefined) b.addIncoming(phi, otherEnd, this.#from(c, type))
      this.#keep(phi)
    }
  }

  /** Ends the current block with a jump, or now and then a return; gives the block if it jumps. */
  #leave(join: Block): Block | undefined {
    const b = this.#b
    const from = b.block
    b.jump(join)
    return from
  }

  #from(scope: { i32: Value[]; i64: Value[] }, type: "i32" | "i64"): Value {
    const list = scope[type]
    return list.length === 0 || this.#random.chance(15)
      ? this.#constant(type)
      : list[Math.max(0, list.length - 1 - this.#random.below(3))]
  }

  /** A loop of a few rounds with some values carried around. */
  #loop(depth: number): void {
    const b = this.#b
    const before = b.block
    const header = b.newBlock()
    const body = b.newBlock()
    const exit = b.newBlock()
    const rounds = 1 + this.#random.below(5)
    const starts: [Phi, Value][] = []
    b.jump(header)
    b.start(header)
    const counter = b.phi("i32")
    for (let i = 0; i < 1 + this.#random.below(3); i++) {
      const type = this.#random.pick(["i32", "i64"] as const)
      const start = this.#value(type)
      starts.push([b.phi(type), start])
    }
    for (const [phi] of starts) this.#keep(phi)
    b.addIncoming(counter, before, constant("i32", 0))
    for (const [phi, start] of starts) b.addIncoming(phi, before, start)
    const more = b.cmp("ult", counter, constant("i32", rounds))
    b.br(more, body, exit)
    b.start(body)
    const inner = this.#scoped(() => {
      this.#keep(counter)
      this.#statements(depth + 1)
    })
    const next = b.binary("add", counter, constant("i32", 1))
    const latch = b.block
    b.addIncoming(counter, latch, next)
    for (const [phi] of starts) b.addIncoming(phi, latch, this.#from(inner, phi.type as "i32" | "i64"))
    b.jump(header)
    b.start(exit)
  }
}

function sameLocal(pointer: Value, local: Value): boolean {
  while (pointer.kind === "inst" && pointer.op === "ptradd") pointer = pointer.args[0]
  return pointer === local
}
