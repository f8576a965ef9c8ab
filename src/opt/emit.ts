import type { Span } from "../base/index.ts"
import {
  type BinaryOp,
  type Block,
  bitsOf,
  constant,
  evalBinary,
  evalSignExtend,
  type Inst,
  type InstParts,
  type IrFunction,
  i64,
  type Value,
  type ValueType,
  type Width,
} from "../ir/index.ts"

/** Rebuilds a block's instruction list in order: kept instructions and new ones between them. Constants fold on the way. */
export class Emitter {
  readonly insts: Inst[] = []
  span: Span | undefined
  readonly #func: IrFunction
  readonly #block: Block

  constructor(func: IrFunction, block: Block) {
    this.#func = func
    this.#block = block
  }

  keep(inst: Inst): void {
    this.insts.push(inst)
  }

  add(parts: InstParts): Inst {
    const inst = { kind: "inst", id: this.#func.nextId++, block: this.#block, span: this.span, ...parts } as Inst
    this.insts.push(inst)
    return inst
  }

  /** The same bits as another type: cut, zero-extended, or taken as pointer or integer. */
  convert(v: Value, to: ValueType): Value {
    if (v.type === to) return v
    if (v.kind === "undef") return { kind: "undef", type: to }
    if (v.kind === "const") return constant(to, v.value)
    if (v.type === "i32") return to === "ptr" ? this.convert(this.zext(v), "ptr") : this.zext(v)
    if (v.type === "ptr") {
      const word = this.add({ op: "ptrtoint", type: "i64", args: [v] })
      return this.convert(word, to)
    }
    return this.add(to === "ptr" ? { op: "inttoptr", type: "ptr", args: [v] } : { op: "trunc", type: "i32", args: [v] })
  }

  zext(v: Value): Value {
    return v.kind === "const" ? i64(v.value) : this.add({ op: "zext", type: "i64", args: [v] })
  }
  sext(v: Value): Value {
    return v.kind === "const" ? i64(BigInt.asIntN(32, v.value)) : this.add({ op: "sext", type: "i64", args: [v] })
  }
  sextin(bits: 8 | 16 | 32, v: Value): Value {
    if (v.kind === "const") return constant(v.type, evalSignExtend(bits, bitsOf(v.type), v.value))
    return this.add({ op: "sextin", type: v.type, bits, args: [v] })
  }
  binary(op: BinaryOp, a: Value, b: Value): Value {
    const type = a.type as "i32" | "i64"
    if (a.kind === "const" && b.kind === "const") {
      return constant(type, evalBinary(op, bitsOf(type), a.value, b.value))
    }
    return this.add({ op, type, args: [a, b] })
  }
  and(v: Value, mask: number | bigint): Value {
    return this.binary("and", v, constant(v.type as ValueType, mask))
  }
  /** Reads 1, 2 or 4 bytes as i32 or 8 as i64, zero-extended. */
  load(pointer: Value, width: Width, align: number): Value {
    const type = width === 8 ? "i64" : "i32"
    return this.add({ op: "load", type, width, signed: false, volatile: false, align, args: [pointer] })
  }
  /** Stores the low bytes of a value. */
  store(pointer: Value, width: Width, value: Value, align: number): void {
    this.add({ op: "store", type: "void", width, volatile: false, align, args: [pointer, value] })
  }
  ptradd(pointer: Value, offset: number): Value {
    return offset === 0 ? pointer : this.add({ op: "ptradd", type: "ptr", args: [pointer, i64(offset)] })
  }
}
