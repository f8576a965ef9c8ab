import { SkepError } from "../../base/index.ts"
import * as o from "../../isa/index.ts"
import {
  BPF_LEN,
  BPF_MAXINSNS,
  BPF_MEMWORDS,
  BPF_MISC,
  BPF_MSH,
  BPF_RET,
  BPF_TAX,
  BPF_TXA,
  type ClassicInsn,
  jump,
  stmt,
} from "../insn.ts"
import type { Test } from "./condition.ts"
import { type Decision, type End, inOrder, type Node } from "./graph.ts"
import type { Value } from "./value.ts"

/** What the registers hold. */
interface Registers {
  readonly a?: Value
  readonly x?: Value
}

/** Most instructions that a conditional jump skips. */
const FAR = 255

/** The code of a decision: what computes its values, and the jump. */
interface Code {
  readonly insns: readonly ClassicInsn[]
  readonly op: number
  readonly k: number
  /** The ways are the other way round. */
  readonly swapped: boolean
}

/**
 * Instructions of a graph of decisions. Values that a register holds on every way to a decision are not computed again.
 * @throws SkepError FILTER_TOO_LONG
 */
export function emit(root: Node, snapLength: number): ClassicInsn[] {
  const order = inOrder(root)
  const codes = codesOf(root, order)
  // From the last instruction to the first: all jumps lead forward, so that their distances are known.
  const out: ClassicInsn[] = []
  /** For each node, how many instructions there are from its first to the last. */
  const starts = new Map<Node, number>()
  const place = (node: End): void => {
    out.push(stmt(BPF_RET | o.BPF_K, node.takes ? snapLength : 0))
    starts.set(node, out.length)
  }
  const ends = endsOf(root, order)
  for (const end of ends) place(end)
  /** The same code with the same ways on is there once, whatever value it finds in the registers. */
  const placed = new Map<string, number>()
  for (const node of order.reverse()) {
    const { insns, op, k, swapped } = codes.get(node)!
    const [yes, no] = swapped ? [node.no, node.yes] : [node.yes, node.no]
    const key = JSON.stringify([insns, op, k, starts.get(yes), starts.get(no)])
    const known = placed.get(key)
    if (known === undefined) {
      const noAt = nearOf(no, out, starts, snapLength)
      const yesAt = nearOf(yes, out, starts, snapLength)
      out.push(jump(o.BPF_JMP | op, k, out.length - yesAt, out.length - noAt))
      for (const insn of [...insns].reverse()) out.push(insn)
      placed.set(key, out.length)
    }
    starts.set(node, known ?? out.length)
  }
  if (out.length > BPF_MAXINSNS) {
    throw tooLong(`the filter has ${out.length} instructions, and ${BPF_MAXINSNS} is the most that a kernel takes`)
  }
  return out.reverse()
}

/** The ends that are reached, the one that drops first: it becomes the last instruction. */
function endsOf(root: Node, order: readonly Decision[]): End[] {
  const ends = new Set<Node>([root, ...order.flatMap(({ yes, no }) => [yes, no])])
  return [...ends].filter(node => node.kind === "end").sort((a, b) => Number(a.takes) - Number(b.takes))
}

/** A place that stands for a node and that a conditional jump reaches: the node's own, or one that goes there. */
function nearOf(node: Node, out: ClassicInsn[], starts: ReadonlyMap<Node, number>, snapLength: number): number {
  const start = starts.get(node)!
  const distance = out.length - start
  // One more instruction may come between for the other way.
  if (distance < FAR) return start
  if (node.kind === "end") out.push(stmt(BPF_RET | o.BPF_K, node.takes ? snapLength : 0))
  else out.push(stmt(o.OP_JA, distance))
  return out.length
}

/** The code of each decision, by what the registers hold when it is reached. */
function codesOf(root: Node, order: readonly Decision[]): Map<Node, Code> {
  const registers = new Map<Node, Registers>([[root, {}]])
  const codes = new Map<Node, Code>()
  for (const node of order) {
    const writer = new Writer(registers.get(node)!)
    codes.set(node, writer.test(node.test))
    const { a, x } = writer
    for (const to of [node.yes, node.no]) {
      const known = registers.get(to)
      registers.set(to, known === undefined ? { a, x } : { a: same(known.a, a), x: same(known.x, x) })
    }
  }
  return codes
}

const same = <T>(one: T, other: T): T | undefined => (one === other ? one : undefined)

/** Writes the code that computes values. */
class Writer {
  a: Value | undefined
  x: Value | undefined
  readonly #insns: ClassicInsn[] = []
  /** Words of scratch memory in use. */
  #words = 0

  constructor({ a, x }: Registers) {
    this.a = a
    this.x = x
  }

  test({ op, left, right }: Test): Code {
    if (right.kind !== "const") {
      this.#both(left, right)
      return { insns: this.#insns, op: op | o.BPF_X, k: 0, swapped: false }
    }
    const mask = right.k === 0 && op === o.BPF_JEQ && left !== this.a ? maskOf(left) : undefined
    if (mask !== undefined) {
      this.#toA(mask.of)
      return { insns: this.#insns, op: o.BPF_JSET, k: mask.k, swapped: true }
    }
    this.#toA(left)
    return { insns: this.#insns, op, k: right.k, swapped: false }
  }

  /** Puts one value into A and another into X. */
  #both(left: Value, right: Value): void {
    if (left !== this.a || right !== this.x) {
      if (isCheapForX(right)) this.#toA(left)
      else if (needsX(left)) {
        this.#toA(right)
        const word = this.#word()
        this.#put(o.BPF_ST, word)
        this.#toA(left)
        this.#put(o.BPF_LDX | o.BPF_MEM, word)
        this.x = right
        this.#words--
      } else {
        this.#toX(right)
        this.#toA(left)
      }
    }
    this.#toX(right)
  }

  #toA(value: Value): void {
    if (this.a === value) return
    if (this.x === value) this.#put(BPF_MISC | BPF_TXA)
    else this.#compute(value)
    this.a = value
  }

  #toX(value: Value): void {
    if (this.x === value) return
    if (value.kind === "headerLength") this.#put(o.BPF_LDX | o.BPF_B | BPF_MSH, value.offset)
    else if (value.kind === "length") this.#put(o.BPF_LDX | o.BPF_W | BPF_LEN)
    else if (value.kind === "const") this.#put(o.BPF_LDX | o.BPF_IMM, value.k)
    else {
      this.#toA(value)
      this.#put(BPF_MISC | BPF_TAX)
    }
    this.x = value
  }

  #compute(value: Value): void {
    switch (value.kind) {
      case "const":
        this.#put(o.BPF_LD | o.BPF_IMM, value.k)
        break
      case "length":
        this.#put(o.BPF_LD | o.BPF_W | BPF_LEN)
        break
      case "headerLength":
        this.#toX(value)
        this.#put(BPF_MISC | BPF_TXA)
        break
      case "load":
        if (value.base !== undefined) this.#toX(value.base)
        this.#put(o.BPF_LD | value.size | (value.base === undefined ? o.BPF_ABS : o.BPF_IND), value.offset)
        break
      case "negate":
        this.#toA(value.operand)
        this.#put(o.BPF_ALU | o.BPF_NEG)
        break
      case "op":
        this.#operation(value)
    }
  }

  #operation({ op, left, right }: Value & { readonly kind: "op" }): void {
    if (right.kind === "const") {
      this.#toA(left)
      this.#put(o.BPF_ALU | op | o.BPF_K, right.k)
      return
    }
    if (op === o.BPF_ADD && isCheapForX(left)) this.#both(right, left)
    else this.#both(left, right)
    this.#put(o.BPF_ALU | op | o.BPF_X)
  }

  #word(): number {
    if (this.#words === BPF_MEMWORDS) {
      throw tooLong(`an expression has more intermediate results than the ${BPF_MEMWORDS} words of scratch memory hold`)
    }
    return this.#words++
  }

  #put(code: number, k = 0): void {
    this.#insns.push(stmt(code, k))
  }
}

/** X takes it without A. */
const isCheapForX = ({ kind }: Value): boolean => kind === "headerLength" || kind === "length" || kind === "const"

/** Computing it changes X. */
function needsX(value: Value): boolean {
  switch (value.kind) {
    case "load":
      return value.base !== undefined
    case "headerLength":
      return true
    case "negate":
      return needsX(value.operand)
    case "op":
      return value.right.kind !== "const" || needsX(value.left)
    default:
      return false
  }
}

function maskOf(value: Value): { readonly of: Value; readonly k: number } | undefined {
  if (value.kind !== "op" || value.op !== o.BPF_AND || value.right.kind !== "const") return undefined
  return { of: value.left, k: value.right.k }
}

function tooLong(message: string): SkepError {
  return new SkepError({ code: "FILTER_TOO_LONG", message, hint: "ask for less, or for networks in place of hosts" })
}
