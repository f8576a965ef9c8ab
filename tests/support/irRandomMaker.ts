import {
  type Block,
  constant,
  FunctionBuilder,
  type IrFunction,
  type Predicate,
  type Value,
  type ValueType,
  type Width,
} from "../../src/ir/index.ts"
import type { Random } from "./random.ts"

/** Bytes behind a value of the map, and behind the pointer parameter of a function that is called. */
export const VALUE_BYTES = 16
/** Bytes behind the program's pointer parameter. */
export const PARAM_BYTES = 64

/** Memory that may be accessed: always written before, so that reading it gives the same everywhere. */
export interface Region {
  readonly pointer: Value
  readonly size: number
  readonly align: number
  readonly constant: boolean
}

/** What may be used at a place of the program. */
export interface Scope {
  i32: Value[]
  i64: Value[]
  memory: Region[]
}
export const copyScope = (s: Scope): Scope => ({ i32: [...s.i32], i64: [...s.i64], memory: [...s.memory] })

/** Blocks that break and continue lead to, with the edges made so far. */
export interface LoopContext {
  readonly exit: Join
  readonly next: Join
}

/** A block where paths meet: each edge brings a value per phi. */
export interface Join {
  readonly block: Block
  readonly types: readonly ValueType[]
  readonly edges: { from: Block; values: Value[] }[]
}

export interface Signature {
  readonly name: string
  readonly params: readonly { readonly type: ValueType; readonly name: string }[]
  readonly ret: "i32" | "i64" | "void"
}

/** A kind of statement: what makes one, how often, and where it may stand. */
export interface Statement {
  readonly weight: number
  readonly make: (maker: FunctionMaker) => void
  readonly when?: (maker: FunctionMaker) => boolean
}

export const PREDICATES: readonly Predicate[] = [
  "eq",
  "ne",
  "eq",
  "ne",
  "ult",
  "ule",
  "ugt",
  "uge",
  "slt",
  "sle",
  "sgt",
  "sge",
]
const CONSTANTS = [
  ...[0n, 0n, 1n, 1n, 2n, 3n, 4n, 7n, 8n, 15n, 16n, 31n, 32n, 33n, 63n, 64n, 127n, 128n, 255n, 256n, 0xffffn],
  ...[-1n, -2n, -8n, 0x7fffffffn, 0x80000000n, 0xffffffffn, 0x100000000n, 1n << 63n, 0xff00ff00n],
]

/** Makes the body of one function. `statements` are the kinds there are, with how often each is made. */
export class FunctionMaker {
  /** Functions that may be called. */
  readonly callees: readonly Signature[]
  readonly kinds: readonly Statement[]
  readonly random: Random
  readonly func: IrFunction
  readonly b: FunctionBuilder
  scope: Scope = { i32: [], i64: [], memory: [] }
  loop: LoopContext | undefined
  depth = 0
  left: number

  constructor(
    random: Random,
    func: IrFunction,
    size: number,
    callees: readonly Signature[],
    kinds: readonly Statement[],
  ) {
    this.callees = callees
    this.kinds = kinds
    this.random = random
    this.func = func
    this.left = size
    this.b = new FunctionBuilder(func)
    for (const param of func.params) {
      if (param.type !== "ptr") this.scope[param.type].push(param)
      else {
        const size = func.role === "program" ? PARAM_BYTES : VALUE_BYTES
        this.scope.memory.push({ pointer: param, size, align: 8, constant: false })
      }
    }
  }

  /** Nested statements, as C makes them; values flow through phis and memory. */
  tree(): void {
    if (this.random.chance(0.7)) for (let i = this.random.below(4); i > 0; i--) this.local()
    while (this.left > 0 && this.b.open) this.statement()
    this.finish()
  }

  /** Any graph of blocks, irreducible ones too; all values live in memory, and fuel ends it. */
  graph(): void {
    const { b, random } = this
    for (let i = 1 + random.below(5); i > 0; i--) this.local()
    const fuel = b.alloca(4, 4, "fuel")
    b.store(4, fuel, constant("i32", 1 + random.below(20)))
    const blocks = Array.from({ length: 2 + random.below(10) }, () => b.newBlock())
    const exit = b.newBlock()
    const start = copyScope(this.scope)
    b.jump(blocks[0])
    this.depth = 3
    for (const block of blocks) {
      b.start(block)
      this.scope = copyScope(start)
      this.left = 1 + random.below(5)
      while (this.left > 0 && b.open) this.statement()
      if (!b.open) continue
      const rest = b.binary("sub", b.load("i32", 4, false, fuel), constant("i32", 1))
      b.store(4, fuel, rest)
      const on = b.newBlock()
      b.br(rest, on, exit)
      b.start(on)
      if (random.chance(0.3)) b.jump(random.pick(blocks))
      else b.br(this.condition(), random.pick(blocks), random.pick(blocks))
    }
    b.start(exit)
    this.scope = start
    this.finish()
  }

  finish(): void {
    const { b, random } = this
    if (!b.open) return
    for (const region of this.scope.memory) if (random.chance(0.3)) this.show(region)
    this.ret()
  }

  ret(): void {
    const { b, func } = this
    if (func.ret === "void") {
      b.ret()
      return
    }
    let value = this.value(func.ret as ValueType)
    for (let i = this.random.below(3); i > 0; i--) value = b.binary("xor", value, this.value(func.ret as ValueType))
    b.ret(value)
  }

  // Values.

  value(type: ValueType): Value {
    const known = this.scope[type as "i32" | "i64"]
    if (known.length === 0 || this.random.chance(0.2)) return constant(type, this.random.pick(CONSTANTS))
    // Late ones more often: longer chains.
    const at = Math.max(this.random.below(known.length), this.random.below(known.length))
    return known[at]
  }

  keep(value: Value): void {
    if (value.type === "i32" || value.type === "i64") this.scope[value.type].push(value)
  }

  anyType(): "i32" | "i64" {
    return this.random.pick(["i32", "i64"])
  }

  condition(): Value {
    if (this.random.chance(0.15)) return this.value(this.anyType())
    const type = this.anyType()
    const right = this.random.chance(0.6) ? constant(type, this.random.pick(CONSTANTS)) : this.value(type)
    const value = this.b.cmp(this.random.pick(PREDICATES), this.value(type), right)
    if (this.random.chance(0.3)) this.keep(value)
    return value
  }

  /** A number below `limit` (a power of two times `step`) that is a multiple of `step`, known only when it runs. */
  index(limit: number, step: number): Value {
    let mask = 1
    while (mask * 2 <= limit) mask *= 2
    return this.b.zext(this.b.binary("and", this.value("i32"), constant("i32", (mask - 1) & ~(step - 1))))
  }

  region(size: number, writable: boolean, align = 1): Region {
    const fit = this.scope.memory.filter(m => m.size >= size && m.align >= align && !(writable && m.constant))
    if (fit.length === 0 || this.random.chance(0.1)) return this.global(writable)
    return this.random.pick(fit)
  }

  global(writable: boolean): Region {
    if (writable || this.random.chance(0.5)) {
      return { pointer: this.b.globaladdr("g"), size: 16, align: 8, constant: false }
    }
    return { pointer: this.b.globaladdr("r"), size: 24, align: 8, constant: true }
  }

  /** An address of `size` bytes, and how it is aligned. */
  place(size: number, writable = false): { pointer: Value; align: number } {
    const { b, random } = this
    const region = this.region(size, writable)
    const word = [1, 2, 4, 8].includes(size) ? Math.min(size, region.align) : 1
    const align = random.chance(0.15) ? 1 : word
    if (random.chance(0.12) && region.size > size) {
      return {
        pointer: b.insert({
          op: "ptradd",
          type: "ptr",
          args: [region.pointer, this.index(region.size - size + 1, align)],
        }),
        align,
      }
    }
    let offset = random.below((region.size - size) / align + 1) * align
    let { pointer } = region
    // In two steps now and then.
    if (offset > 0 && random.chance(0.2)) {
      const first = random.below(offset + 8) - 4
      pointer = b.insert({ op: "ptradd", type: "ptr", args: [pointer, constant("i64", first)] })
      offset -= first
    }
    if (offset === 0 && random.chance(0.9)) return { pointer, align }
    return { pointer: b.insert({ op: "ptradd", type: "ptr", args: [pointer, constant("i64", offset)] }), align }
  }

  width(): Width {
    return this.random.pick([1, 2, 4, 4, 8, 8] as const)
  }

  // Statements.

  statement(): void {
    this.left--
    const { random, kinds } = this
    const weight = (kind: Statement) => (kind.when === undefined || kind.when(this) ? kind.weight : 0)
    let at = random.unit() * kinds.reduce((sum, kind) => sum + weight(kind), 0)
    for (const kind of kinds) {
      at -= weight(kind)
      if (at >= 0) continue
      kind.make(this)
      return
    }
  }

  // Control flow.

  /** Runs `make` with a scope of its own from a block on. */
  nested(block: Block, make: () => void): void {
    const before = this.scope
    this.scope = copyScope(before)
    this.depth++
    this.b.start(block)
    make()
    this.depth--
    this.scope = before
  }

  statements(most: number): void {
    for (let i = this.random.below(most + 1); i > 0 && this.b.open; i--) this.statement()
  }

  join(types = this.someTypes(3)): Join {
    return { block: this.b.newBlock(), types, edges: [] }
  }
  someTypes(most: number): ValueType[] {
    return Array.from({ length: this.random.below(most + 1) }, () => this.anyType())
  }

  /** Leads from here to a join. */
  to(join: Join): void {
    if (!this.b.open) return
    join.edges.push({ from: this.b.block, values: join.types.map(t => this.value(t)) })
    this.b.jump(join.block)
  }

  /** Goes on at a join that all edges lead to. */
  at(join: Join): void {
    this.b.start(join.block)
    join.types.forEach((type, i) => {
      const phi = this.b.phi(type)
      for (const edge of join.edges) this.b.addIncoming(phi, edge.from, edge.values[i])
      this.keep(phi)
    })
  }

  /** All paths ended: nothing more is made. */
  closed(): void {
    this.b.open = false
  }

  /** A new stack object, written whole before it is used. */
  local(): void {
    const { b, random } = this
    const size = random.pick([1, 2, 4, 4, 4, 8, 8, 8, 12, 16, 16, 24, 32])
    const align = size % 8 === 0 ? random.pick([8, 8, 4]) : size % 4 === 0 ? 4 : size % 2 === 0 ? 2 : 1
    const pointer = b.alloca(size, align, `v${this.func.nextId}`)
    if (size <= 8 && (size & (size - 1)) === 0 && random.chance(0.6)) {
      b.store(size as Width, pointer, this.value(size === 8 ? "i64" : "i32"), { align: Math.min(align, size) })
    } else if (size % 4 === 0 && random.chance(0.5)) {
      for (let at = 0; at < size; at += 4) b.store(4, b.ptradd(pointer, at), this.value("i32"))
    } else b.memset(pointer, constant("i32", 0), size, align)
    this.scope.memory.push({ pointer, size, align, constant: false })
  }

  /** Hands memory to a helper that others see. */
  show(region: Region): void {
    const { b } = this
    const args = [
      this.func.params.find(p => p.type === "ptr")!,
      b.mapaddr("m"),
      constant("i64", 0),
      region.pointer,
      constant("i64", region.size),
    ]
    b.call({ kind: "helper", id: 25, name: "perf_event_output" }, args, "i64")
  }
}
