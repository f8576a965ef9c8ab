import { bitsOf, type Inst, type IrFunction, type Phi, type Value } from "../../ir/index.ts"
import type { CpuLevel } from "../options.ts"
import {
  coreAddress,
  coreOf,
  extendsLoad,
  freeAddress,
  indexedLocal,
  matchCompound,
  matchCondition,
  splitAddress,
  storedValue,
} from "./match.ts"
import { plainLoads } from "./plainLoads.ts"
import { SignFacts } from "./sign.ts"

/**
 * What is worked out before selection, from the uses to the definitions:
 *
 *     %1 = zext i64 %i             ; %i is needed with a clear upper half
 *     %2 = ptradd %buf, 8          ; no register: the load below takes the offset
 *     %3 = load i32 u4 %2
 *     %4 = cmp ult i32 %3, 16      ; no register: the branch compares
 *     br %4, b1, b2
 *
 * Values that nothing needs are never selected.
 */
export class Plan {
  readonly #cpu: CpuLevel
  readonly #sizeOf: (global: string) => number
  /** Uses of a value in the IR, by id. */
  readonly #uses: Int32Array
  /** Uses of a value in a register, by id. */
  readonly #registers: Int32Array
  readonly #seen: Uint8Array
  readonly #zero: Uint8Array
  readonly #extended: Uint8Array
  /** Signed loads that need not be extended. */
  readonly plain: ReadonlySet<Value>
  readonly #paramUses: Int32Array
  readonly #paramZero: Uint8Array
  readonly #signs: SignFacts
  /** Values from which a constant is taken away. */
  readonly #lowered = new Set<Value>()
  readonly #work: (Inst | Phi)[] = []

  constructor(func: IrFunction, cpu: CpuLevel, sizeOf: (global: string) => number) {
    this.#cpu = cpu
    this.#sizeOf = sizeOf
    this.#uses = new Int32Array(func.nextId)
    this.#registers = new Int32Array(func.nextId)
    this.#seen = new Uint8Array(func.nextId)
    this.#zero = new Uint8Array(func.nextId)
    this.#extended = new Uint8Array(func.nextId)
    this.plain = plainLoads(func)
    this.#paramUses = new Int32Array(func.params.length)
    this.#paramZero = new Uint8Array(func.params.length)
    this.#signs = new SignFacts(func.nextId)
    this.#count(func)
    for (const block of func.blocks) {
      for (const inst of block.insts) if (hasEffect(inst)) this.#visit(inst)
      const { term } = block
      if (term.op === "br") this.#condition(term.args[0])
      else if (term.op === "ret" && term.args.length > 0) this.#register(term.args[0])
      for (let v = this.#work.pop(); v !== undefined; v = this.#work.pop()) this.#visit(v)
    }
  }

  /** Uses in the IR. */
  readonly uses = (v: Inst): number => this.#uses[v.id]
  /** Whether a value is computed at all. */
  needed(v: Inst | Phi): boolean {
    return this.#seen[v.id] !== 0
  }
  /** Whether a value is needed in a register. */
  inRegister(v: Inst | Phi): boolean {
    return this.#registers[v.id] > 0
  }
  paramUsed(index: number): boolean {
    return this.#paramUses[index] > 0
  }
  /** Whether the register of an i32 must have a clear upper half. */
  needsZero(v: Value): boolean {
    if (v.kind === "param") return this.#paramZero[v.index] !== 0
    return (v.kind === "inst" || v.kind === "phi") && this.#zero[v.id] !== 0
  }
  /** A load whose sign extension to 64 bits is part of it. */
  isExtended(load: Inst): boolean {
    return this.#extended[load.id] !== 0
  }

  /** Whether a constant is taken away from a value: what is known of its lower bound then counts. */
  isLowered(v: Value): boolean {
    return this.#lowered.has(v)
  }

  /** Whether the sign bit of a value is known to be clear. */
  isNotNegative(v: Value): boolean {
    return this.#signs.isNotNegative(v)
  }
  /** Whether a signed operation on values of 32 or 64 bits does the same as the unsigned one. */
  isUnsigned(v: Inst): boolean {
    return v.op === "ashr" ? this.isNotNegative(v.args[0]) : v.args.every(a => this.isNotNegative(a))
  }

  #count(func: IrFunction): void {
    const add = (args: readonly Value[]) => {
      for (const v of args) if (v.kind === "inst") this.#uses[v.id]++
    }
    for (const block of func.blocks) {
      for (const phi of block.phis) add(phi.args)
      for (const inst of block.insts) {
        add(inst.args)
        if (takesAway(inst)) this.#lowered.add(inst.args[0]).add(underExtension(inst.args[0]))
      }
      add(block.term.args)
    }
  }

  #register(v: Value): void {
    if (v.kind === "param") this.#paramUses[v.index]++
    if (v.kind !== "inst" && v.kind !== "phi") return
    this.#registers[v.id]++
    this.#need(v)
  }

  #need(v: Inst | Phi): void {
    if (this.#seen[v.id] !== 0) return
    this.#seen[v.id] = 1
    if (v.kind === "phi" || !hasEffect(v)) this.#work.push(v)
  }

  #address(pointer: Value, extent: number): void {
    const { base } = splitAddress(pointer, extent)
    if (base.kind === "inst" && base.op === "alloca") return
    if (base.kind === "inst" && indexedLocal(base) !== undefined) this.#need(base)
    else this.#register(base)
  }

  /** Of a load or store, which can have a relocated displacement. */
  #place(pointer: Value, width: number): void {
    const found = coreAddress(pointer)
    if (found !== undefined) this.#register(found.base)
    else this.#address(pointer, width)
  }

  #condition(v: Value): void {
    const compound = matchCompound(v, this.uses)
    if (compound !== undefined) {
      this.#condition(compound.a)
      this.#condition(compound.b)
      return
    }
    const { pred, a, b } = matchCondition(v, this.uses, this.plain)
    this.#register(a)
    if (b.kind !== "const") this.#register(b)
    if (this.#cpu >= 3 || a.type !== "i32") return
    // Comparisons have 64 bits: unsigned ones need both upper halves clear, signed ones extend where they stand.
    if (pred === "set") {
      if (b.kind !== "const" || b.value >= 0x80000000n) {
        this.#clear(a)
        this.#clear(b)
      }
    } else if (pred[0] !== "s" || (this.isNotNegative(a) && this.isNotNegative(b))) {
      this.#clear(a)
      this.#clear(b)
    }
  }

  /** Demands a clear upper half of an i32, through what only passes values on. */
  #clear(v: Value): void {
    const work: Value[] = [v]
    for (let next = work.pop(); next !== undefined; next = work.pop()) {
      if (next.kind === "param") this.#paramZero[next.index] = 1
      if ((next.kind !== "inst" && next.kind !== "phi") || this.#zero[next.id] !== 0) continue
      this.#zero[next.id] = 1
      if (next.kind === "phi" || next.op === "opaque") work.push(...next.args)
      else if (next.op === "select") work.push(next.args[1], next.args[2])
    }
  }

  #visit(v: Inst | Phi): void {
    this.#seen[v.id] = 1
    if (v.kind === "phi") {
      for (const arg of v.args) this.#register(arg)
      return
    }
    const { args } = v
    const old = this.#cpu < 3 && v.type === "i32"
    switch (v.op) {
      case "alloca":
      case "mapaddr":
      case "globaladdr":
      case "funcaddr":
      case "ksymaddr":
        return
      case "load":
        this.#place(args[0], v.width)
        return
      case "store":
        this.#place(args[0], v.width)
        this.#register(storedValue(args[1], v.width))
        return
      case "memcpy":
        this.#address(args[0], v.size)
        this.#address(args[1], v.size)
        return
      case "memset":
        this.#address(args[0], v.size)
        this.#register(args[1])
        return
      case "atomic":
        this.#address(args[0], v.width)
        for (let i = 1; i < args.length; i++) this.#register(args[i])
        return
      case "ptradd":
        if (freeAddress(v, this.#sizeOf) !== undefined) return
        this.#register(args[0])
        if (coreOf(args[1]) === undefined) this.#register(args[1])
        return
      case "cmp":
        this.#condition(v)
        return
      case "select":
        this.#condition(args[0])
        this.#register(args[1])
        this.#register(args[2])
        return
      case "zext":
        this.#register(args[0])
        this.#clear(args[0])
        return
      case "sext": {
        const load = extendsLoad(v, this.uses)
        this.#register(args[0])
        if (this.isNotNegative(args[0])) this.#clear(args[0])
        else if (load !== undefined) this.#extended[load.id] = 1
        return
      }
      case "sdiv":
      case "srem":
        for (const arg of args) this.#register(arg)
        if (old && this.isUnsigned(v)) for (const arg of args) this.#clear(arg)
        return
      case "ashr":
        for (const arg of args) this.#register(arg)
        if (old && this.isUnsigned(v)) this.#clear(args[0])
        return
      case "udiv":
      case "urem":
        for (const arg of args) this.#register(arg)
        if (old) for (const arg of args) this.#clear(arg)
        return
      case "lshr":
        for (const arg of args) this.#register(arg)
        if (old) this.#clear(args[0])
        return
      case "asmout":
        this.#need(args[0] as Inst)
        return
      case "asm":
      case "call":
        for (const arg of args) {
          this.#register(arg)
          if (arg.type === "i32") this.#clear(arg)
        }
        return
      default:
        for (const arg of args) this.#register(arg)
    }
  }
}

/** Whether an instruction is there for more than its result. */
function hasEffect(inst: Inst): boolean {
  switch (inst.op) {
    case "load":
      return inst.volatile
    case "store":
    case "memcpy":
    case "memset":
    case "call":
    case "atomic":
    case "ldpacket":
    case "asm":
      return true
    case "opaque":
      return inst.args.length === 0
    default:
      return false
  }
}

/** `x - 1`, as which sums are written. */
function takesAway({ op, args }: Inst): boolean {
  return op === "add" && args[1].kind === "const" && BigInt.asIntN(bitsOf(args[1].type), args[1].value) < 0n
}

const underExtension = (v: Value): Value => (v.kind === "inst" && v.op === "zext" ? v.args[0] : v)
