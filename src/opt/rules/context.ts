import {
  type Block,
  bitsOf,
  constant,
  countUses,
  type Inst,
  type InstParts,
  type IrFunction,
  type Value,
  type ValueType,
} from "../../ir/index.ts"
import { anything, constantOf, either, exactly, type Known, knownOf } from "../known.ts"

/** What rules look at and change while a function is simplified, block by block. */
export class Context {
  readonly func: IrFunction
  /** Set when an instruction is made, or changed in place. */
  changed = false
  /** The instruction that a rule looks at. */
  at!: Inst
  #block!: Block
  /** Instructions of the block so far. */
  #made: Inst[] = []
  readonly #known = new Map<Value, Known>()
  #uses: Map<Value, number> | undefined

  constructor(func: IrFunction) {
    this.func = func
  }

  enter(block: Block): void {
    this.#block = block
    this.#made = []
    for (const phi of block.phis) {
      let known = phi.args.length === 0 ? anything(phi) : this.known(phi.args[0])
      for (let i = 1; i < phi.args.length; i++) known = either(known, this.known(phi.args[i]))
      this.#known.set(phi, known)
    }
  }

  /** The block's new instructions. */
  leave(): Inst[] {
    return this.#made
  }

  /** Keeps an instruction. */
  push(inst: Inst): void {
    this.#made.push(inst)
    if (inst.type !== "void")
      this.#known.set(
        inst,
        knownOf(inst, v => this.known(v)),
      )
  }

  /** What is known of a value; of one that comes round a loop, what its own operation tells. */
  known(v: Value): Known {
    if (v.kind === "const") return exactly(v.value)
    const known = this.#known.get(v)
    if (known !== undefined) return known
    return v.kind === "inst" ? knownOf(v, a => (a.kind === "const" ? exactly(a.value) : anything(a))) : anything(v)
  }

  /** Whether a value had several uses before the pass. */
  isShared(v: Value): boolean {
    this.#uses ??= countUses(this.func)
    return (this.#uses.get(v) ?? 0) > 1
  }

  /** The constant that an instruction's bits make up. */
  constant(inst: Inst): Value | undefined {
    const value = constantOf(knownOf(inst, v => this.known(v)))
    return value === undefined ? undefined : constant(inst.type as ValueType, value)
  }

  /** Bits of a value's type that may be one. */
  mask(v: Value): bigint {
    return this.known(v).mask
  }

  /** Whether the sign of a value is known to be plus. */
  positive(v: Value): boolean {
    return this.mask(v) >> BigInt(bitsOf(v.type) - 1) === 0n
  }

  /** A new instruction in front of the one that is looked at. */
  add(parts: InstParts): Inst {
    const inst = { kind: "inst", id: this.func.nextId++, block: this.#block, span: this.at.span, ...parts } as Inst
    this.push(inst)
    this.changed = true
    return inst
  }

  /** Changes the instruction itself, which is then the value that a rule gives. */
  change(parts: Partial<InstParts>): Inst {
    Object.assign(this.at, parts)
    this.changed = true
    return this.at
  }
}

/** A rule gives the value that an instruction is, the instruction itself when it was changed, or nothing. */
export type Rule<I extends Inst = Inst> = (inst: I, ctx: Context) => Value | undefined
