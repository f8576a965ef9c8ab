import {
  type Block,
  type CallInst,
  type Const,
  constant,
  DominatorTree,
  type Inst,
  type IrFunction,
  type Load,
  type Phi,
  Replacements,
  sameValue,
  type Value,
  type ValueType,
} from "../ir/index.ts"
import { argEffect } from "./effects.ts"
import { isAlloca, overlap, placeOf, touches } from "./pointers.ts"
import { changesArgumentsOnly, Regions } from "./regions.ts"

/** Joins of more ways are not looked at. */
const MOST_WAYS = 8

/**
 * Global value numbering with load forwarding: an expression computed before on every path is not computed again, and a load of bytes that
 * were just stored or loaded takes that value.
 *
 *     store 4 %p, %x            →    store 4 %p, %x
 *     %1 = load i32 4 %p             %2 = add i32 %x, 1
 *     %2 = add i32 %1, 1             (uses of %3 become %2)
 *     %3 = add i32 %x, 1
 *
 * Expressions are found along the dominator tree; memory is followed inside a block, into blocks with one predecessor, and to the start of a join
 * all of whose ways in know it. Stores are told apart by the kinds of memory that the verifier knows ({@link Regions}), and helpers by what they
 * write.
 */
export function gvn(func: IrFunction): boolean {
  const dom = new DominatorTree(func)
  const regions = new Regions(func)
  const table = new Map<string, Value>()
  const replaced = new Replacements(func)
  const memoryAfter = new Map<Block, Memory>()
  const walk: (Block | (() => void))[] = [func.blocks[0]]
  for (let block = walk.pop(); block !== undefined; block = walk.pop()) {
    if (typeof block === "function") {
      block()
      continue
    }
    const added: string[] = []
    walk.push(() => {
      for (const key of added) table.delete(key)
    })
    const from = block.preds.length === 1 ? memoryAfter.get(block.preds[0]) : undefined
    const memory = new Memory(regions, from)
    // What every way into a join knows of memory holds there until something is written.
    let ways = block.preds.length > 1 ? waysInto(block, memoryAfter) : undefined
    const kept: Inst[] = []
    for (const inst of block.insts) {
      replaced.patch(inst.args)
      const key = keyOf(inst)
      if (key !== undefined) {
        const known = table.get(key)
        if (known !== undefined) {
          replaced.set(inst, known)
          continue
        }
        table.set(key, inst)
        added.push(key)
      } else if (inst.op === "load" && !inst.volatile) {
        const known = memory.known(inst) ?? (ways && meet(func, block, inst, ways, memory))
        if (known !== undefined) {
          replaced.set(inst, known)
          continue
        }
      } else if (inst.op !== "load" && inst.op !== "alloca") ways = undefined
      memory.step(inst)
      kept.push(inst)
    }
    block.insts = kept
    memoryAfter.set(block, memory)
    // In reverse post-order: the ways into a join come before it.
    walk.push(...[...dom.children(block)].reverse())
  }
  replaced.apply(func)
  return replaced.size > 0
}

/** What is known of memory at the end of each way into a join; undefined for one that a loop goes back to, or that is large. */
function waysInto({ preds }: Block, memoryAfter: ReadonlyMap<Block, Memory>): Memory[] | undefined {
  if (preds.length > MOST_WAYS) return undefined
  const ways = preds.map(pred => memoryAfter.get(pred))
  return ways.every(way => way !== undefined) ? (ways as Memory[]) : undefined
}

/** What a load at the start of a join gives where every way into it knows: one value, or of a local a phi. */
function meet(
  func: IrFunction,
  block: Block,
  load: Load & Inst,
  ways: readonly Memory[],
  memory: Memory,
): Value | undefined {
  const args: Value[] = []
  for (const way of ways) {
    const value = way.known(load)
    if (value === undefined) return undefined
    args.push(value)
  }
  let value = args[0]
  if (args.some(arg => !sameValue(arg, value))) {
    if (!isAlloca(placeOf(load.args[0]).base)) return undefined
    const type = load.type as ValueType
    const phi: Phi = { kind: "phi", id: func.nextId++, type, block, incoming: [...block.preds], args }
    block.phis.push(phi)
    value = phi
  }
  memory.read(load, value)
  return value
}

/** Equal keys mean equal values; undefined for what is not a pure expression. */
export function keyOf(inst: Inst): string | undefined {
  switch (inst.op) {
    case "alloca":
    case "load":
    case "store":
    case "memcpy":
    case "memset":
    case "call":
    case "atomic":
    case "opaque":
    case "ldpacket":
    case "asm":
    case "asmout":
      return undefined
    case "core":
      return `core ${inst.type} ${inst.relocation} ${inst.btfType} ${inst.access}`
    case "ksymaddr":
      return `ksym ${inst.name}`
    case "ascast":
      return inst.args[0].kind === "undef" ? undefined : `ascast ${inst.from} ${inst.to} ${name(inst.args[0])}`
    case "mapaddr":
      return `map ${inst.map}`
    case "globaladdr":
      return `global ${inst.global}`
    case "funcaddr":
      return `func ${inst.func}`
    default: {
      let key = `${inst.op} ${inst.type}`
      if (inst.op === "cmp") key += inst.pred
      if (inst.op === "sextin" || inst.op === "bswap") key += inst.bits
      for (const arg of inst.args) key += ` ${name(arg)}`
      return inst.args.some(a => a.kind === "undef") ? undefined : key
    }
  }
}

function name(v: Value): string {
  if (v.kind === "const") return `${v.type}:${v.value}`
  if (v.kind === "param") return `p${v.index}`
  return v.kind === "undef" ? "undef" : `%${v.id}`
}

/** What is known of some bytes: their value, or that they were filled. */
interface Known {
  readonly base: Value
  /** From the base; undefined where an index that is not known lies between. */
  readonly offset: number | undefined
  /** The pointer without the constants added to it last, and their sum: the same root and bytes are the same place, index or not. */
  readonly root: Value
  readonly at: number
  readonly size: number
  /** The value stored or loaded; for a fill, the byte. */
  readonly value: Value
  readonly how: "store" | "load" | "fill"
  readonly load?: Load
}

class Memory {
  #facts: Known[]
  readonly #regions: Regions

  constructor(regions: Regions, from: Memory | undefined) {
    this.#regions = regions
    this.#facts = from === undefined ? [] : [...from.#facts]
  }

  /** The value that a load would give, where that is known. */
  known(load: Load & Inst): Value | undefined {
    const { root, at } = rootOf(load.args[0])
    for (const fact of this.#facts) {
      if (fact.root !== root) continue
      if (fact.how === "fill") {
        if (at < fact.at || at + load.width > fact.at + fact.size) continue
        return filled(load, (fact.value as Const).value & 0xffn)
      }
      if (fact.how === "store" && fact.value.kind === "const") {
        if (at < fact.at || at + load.width > fact.at + fact.size) continue
        return fromConstant(load, fact.value.value >> BigInt(8 * (at - fact.at)))
      }
      if (fact.at !== at || fact.size !== load.width) continue
      if (fact.how === "load") {
        const { type, signed } = fact.load!
        if (type === load.type && (signed === load.signed || load.width >= (type === "i32" ? 4 : 8))) return fact.value
      } else if (fact.value.type === load.type && load.width >= (load.type === "i32" ? 4 : 8)) {
        return fact.value
      }
    }
    return undefined
  }

  /** Notes what a load would give. */
  read(load: Load & Inst, value: Value): void {
    this.#learn(load.args[0], load.width, value, "load", load)
  }

  /** Takes an instruction's effect on memory into account. */
  step(inst: Inst): void {
    switch (inst.op) {
      case "load":
        if (!inst.volatile) this.#learn(inst.args[0], inst.width, inst, "load", inst)
        return
      case "store":
        this.#write(inst.args[0], inst.width)
        if (!inst.volatile && inst.args[1].kind !== "undef")
          this.#learn(inst.args[0], inst.width, inst.args[1], "store")
        return
      case "memset":
        this.#write(inst.args[0], inst.size)
        if (inst.args[1].kind === "const") this.#learn(inst.args[0], inst.size, inst.args[1], "fill")
        return
      case "memcpy":
        this.#write(inst.args[0], inst.size)
        return
      case "call":
        if (!changesArgumentsOnly(inst)) this.#forget(inst)
        else this.#pass(inst)
        return
      case "atomic":
      case "opaque":
      case "asm":
        if ((inst.op === "opaque" && inst.args.length > 0) || (inst.op === "asm" && !inst.memory)) return
        this.#forget(inst)
        return
    }
  }

  /**
   * Goes on behind a call that changes no memory but what its arguments lead to. Values of maps and packets are read anew all the same: that is
   * one instruction, and one of the four registers that last over a call is worth more.
   */
  #pass(call: CallInst & Inst): void {
    this.#facts = this.#facts.filter(({ base, value }) => {
      if (isAlloca(base)) return !touches(call, base, this.#regions.captured).write
      const region = this.#regions.of(base)
      return value.kind === "const" || region === "context" || region === "global"
    })
    for (let i = 0; i < call.args.length; i++)
      if (call.args[i].type === "ptr" && argEffect(call, i)?.writes) this.#write(call.args[i], Number.MAX_SAFE_INTEGER)
  }

  /** Keeps what is known of stack objects that an instruction does not get at. */
  #forget(inst: Inst): void {
    this.#facts = this.#facts.filter(f => isAlloca(f.base) && !touches(inst, f.base, this.#regions.captured).write)
  }

  #learn(pointer: Value, size: number, value: Value, how: Known["how"], load?: Load): void {
    this.#facts.unshift({ ...placeOf(pointer), ...rootOf(pointer), size, value, how, load })
    // Old facts are seldom asked for; a bound keeps long blocks linear.
    if (this.#facts.length > 64) this.#facts.length = 48
  }

  #write(pointer: Value, size: number): void {
    const { base, offset } = placeOf(pointer)
    const { root, at } = rootOf(pointer)
    this.#facts = this.#facts.filter(f => {
      if (f.root === root) return !overlap(f.at, f.size, at, size)
      return f.base === base ? !overlap(f.offset, f.size, offset, size) : !this.#regions.mayMeet(f.base, base)
    })
  }
}

/** A pointer without the constants that were added to it last. */
function rootOf(pointer: Value): { readonly root: Value; readonly at: number } {
  let at = 0
  while (pointer.kind === "inst" && pointer.op === "ptradd" && pointer.args[1].kind === "const") {
    at += Number(BigInt.asIntN(64, pointer.args[1].value))
    pointer = pointer.args[0]
  }
  return { root: pointer, at }
}

/** What a load gives of memory whose bytes are all `byte`. */
function filled(load: Load, byte: bigint): Value {
  let value = 0n
  for (let i = 0; i < load.width; i++) value = (value << 8n) | byte
  return fromConstant(load, value)
}

/** What a load gives of memory that holds the low bytes of a constant. */
function fromConstant(load: Load, value: bigint): Value {
  const bits = load.width * 8
  const wide = load.signed ? BigInt.asIntN(bits, value) : BigInt.asUintN(bits, value)
  return constant(load.type as ValueType, wide)
}
