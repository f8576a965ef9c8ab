import * as o from "../../isa/index.ts"
import { calculate } from "../interpret.ts"

/**
 * Numbers that a filter computes, without side effects. Each value exists once, so that two computations of the same
 * are the same object; `id` orders them.
 */
export type Value = { readonly id: number } & (
  | { readonly kind: "const"; readonly k: number }
  | { readonly kind: "length" }
  /** Packet bytes at `offset`, or at `base + offset`; size is BPF_W, BPF_H or BPF_B. */
  | { readonly kind: "load"; readonly size: number; readonly base: Value | undefined; readonly offset: number }
  /** The length of the IPv4 header at `offset`. */
  | { readonly kind: "headerLength"; readonly offset: number }
  | { readonly kind: "op"; readonly op: number; readonly left: Value; readonly right: Value }
  | { readonly kind: "negate"; readonly operand: Value }
)

type WithoutId = Value extends infer V ? (V extends { id: number } ? Omit<V, "id"> : never) : never

const COMMUTATIVE = new Set([o.BPF_ADD, o.BPF_MUL, o.BPF_AND, o.BPF_OR, o.BPF_XOR])

/** Makes values, folding what is constant. */
export class Values {
  readonly #known = new Map<string, Value>()

  constant(k: number): Value {
    return this.#value(`const ${k >>> 0}`, { kind: "const", k: k >>> 0 })
  }

  length(): Value {
    return this.#value("length", { kind: "length" })
  }

  /** `bytes` is 1, 2 or 4. */
  load(bytes: number, offset: number, base?: Value): Value {
    const size = o.sizeBits(bytes)!
    if (base?.kind === "const") return this.load(bytes, (base.k + offset) >>> 0)
    // What is added to the index goes to the offset, as long as the sum cannot be taken for a place before the packet.
    if (base?.kind === "op" && base.op === o.BPF_ADD && base.right.kind === "const") {
      const sum = base.right.k + offset
      if (base.left.kind === "headerLength" && sum < 0x4000_0000) return this.load(bytes, sum, base.left)
    }
    return this.#value(`load ${size} ${base?.id} ${offset}`, { kind: "load", size, base, offset })
  }

  headerLength(offset: number): Value {
    return this.#value(`header ${offset}`, { kind: "headerLength", offset })
  }

  negate(operand: Value): Value {
    if (operand.kind === "const") return this.constant(-operand.k)
    return this.#value(`negate ${operand.id}`, { kind: "negate", operand })
  }

  /** `left op right`; op is BPF_ADD … BPF_XOR. The divisor is no constant zero. */
  binary(op: number, left: Value, right: Value): Value {
    if (left.kind === "const" && right.kind === "const") return this.constant(calculate(op, left.k, right.k))
    if (left.kind === "const" && COMMUTATIVE.has(op)) return this.binary(op, right, left)
    if (right.kind === "const") {
      const folded = this.#withConstant(op, left, right.k)
      if (folded !== undefined) return folded
    }
    return this.#value(`op ${op} ${left.id} ${right.id}`, { kind: "op", op, left, right })
  }

  #withConstant(op: number, left: Value, k: number): Value | undefined {
    const neutral = op === o.BPF_MUL || op === o.BPF_DIV ? 1 : op === o.BPF_AND ? 0xffff_ffff : 0
    if (op !== o.BPF_MOD && k === neutral) return left
    if (k === 0 && (op === o.BPF_MUL || op === o.BPF_AND)) return this.constant(0)
    if (op === o.BPF_AND && left.kind === "load") {
      // A mask that keeps all that was loaded.
      const all = left.size === o.BPF_B ? 0xff : left.size === o.BPF_H ? 0xffff : 0xffff_ffff
      if ((k & all) >>> 0 === all) return left
    }
    const chain = left.kind === "op" && left.op === op && left.right.kind === "const" ? left : undefined
    if (chain !== undefined && COMMUTATIVE.has(op) && chain.right.kind === "const") {
      return this.binary(op, chain.left, this.constant(calculate(op, chain.right.k, k)))
    }
    return undefined
  }

  #value(key: string, value: WithoutId): Value {
    const known = this.#known.get(key)
    if (known !== undefined) return known
    const made = { ...value, id: this.#known.size } as Value
    this.#known.set(key, made)
    return made
  }
}
