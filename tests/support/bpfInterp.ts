import * as o from "../../src/isa/index.ts"
import type { BpfObject, FunctionSpec, Relocation } from "../../src/object/index.ts"
import { type HelperCall, type InterpResult, Memory } from "./irInterp.ts"

/**
 * Runs BPF code on the memory of the IR interpreter, with exact semantics and every mistake a fault: reading a register that nothing wrote
 * (r1 to r5 after a call), memory out of bounds, a misaligned access of the stack, a jump outside.
 */
export interface BpfInterpOptions {
  /** What a helper or kernel function gives. Without it, calls fault. */
  readonly helper?: (call: HelperCall, memory: Memory) => bigint | number
  /** What `ldpacket` reads. */
  readonly packet?: Uint8Array
  /** Byte of stack memory that was not written. */
  readonly fill?: number
  readonly steps?: number
}

/** Runs a program or function of an object. An argument that is bytes is put in memory and passed by address. */
export function runBpf(
  object: BpfObject,
  name: string,
  args: readonly (bigint | number | Uint8Array)[] = [],
  options: BpfInterpOptions = {},
): InterpResult {
  const machine = new Machine(object, options)
  const values = args.map((arg, i) =>
    arg instanceof Uint8Array ? machine.memory.add(`argument ${i}`, arg) : BigInt.asUintN(64, BigInt(arg)),
  )
  const value = machine.call(name, values)
  return { value, trace: machine.trace, memory: machine.memory }
}

/** A packet read out of bounds ends the program. */
class ProgramEnd extends Error {}

class Machine {
  readonly memory = new Memory()
  readonly trace: string[] = []
  readonly #object: BpfObject
  readonly #options: BpfInterpOptions
  readonly #addresses = new Map<string, bigint>()
  #steps: number
  #depth = 0

  constructor(object: BpfObject, options: BpfInterpOptions) {
    this.#object = object
    this.#options = options
    this.#steps = options.steps ?? 1_000_000
  }

  call(name: string, args: readonly bigint[]): bigint {
    const spec = [...this.#object.programs, ...this.#object.functions].find(f => f.name === name)
    if (spec === undefined) throw new Error(`fault: no function ${name}`)
    if (++this.#depth > 8) throw new Error("fault: more than 8 frames")
    try {
      return new Frame(this, spec, args).run()
    } catch (e) {
      if (e instanceof ProgramEnd && this.#depth === 1) return 0n
      throw e
    } finally {
      this.#depth--
    }
  }

  step(): void {
    if (--this.#steps < 0) throw new Error("fault: too many steps")
  }

  stack(): bigint {
    return this.memory.add("stack", new Uint8Array(o.MAX_BPF_STACK).fill(this.#options.fill ?? 0xa5), 8)
  }

  helper(id: number, name: string, args: readonly bigint[]): bigint {
    const shown = args.map(v => this.memory.nameOf(v) ?? v)
    this.trace.push(`${name}(${shown.join(", ")})`)
    if (this.#options.helper === undefined) throw new Error(`fault: no helper ${name}`)
    return BigInt.asUintN(64, BigInt(this.#options.helper({ id, name, args }, this.memory)))
  }

  /** The value that a loader puts in place of a relocation. */
  address(r: Relocation): bigint {
    const [key, size, offset] =
      r.kind === "map"
        ? [r.map, 0, 0]
        : r.kind === "mapValue"
          ? [`${r.map}[0]`, this.#object.maps.find(m => m.name === r.map)?.valueSize ?? 0, r.offset]
          : r.kind === "function"
            ? [r.function, 0, 0]
            : ["", 0, 0]
    let base = this.#addresses.get(key)
    if (base === undefined) {
      const bytes = new Uint8Array(size)
      const spec = r.kind === "mapValue" ? this.#object.maps.find(m => m.name === r.map) : undefined
      if (spec?.data !== undefined) bytes.set(spec.data)
      this.#addresses.set(key, (base = this.memory.add(key, bytes, 8, spec?.frozen !== true)))
    }
    return base + BigInt(offset)
  }

  packet(at: number, width: number): bigint {
    const packet = this.#options.packet ?? new Uint8Array(0)
    if (at < 0 || at + width > packet.length) throw new ProgramEnd("packet read out of bounds")
    return packet.slice(at, at + width).reduce((value, byte) => (value << 8n) | BigInt(byte), 0n)
  }
}

class Frame {
  readonly #machine: Machine
  readonly #spec: FunctionSpec
  readonly #registers: (bigint | undefined)[]
  readonly #relocations: Map<number, Relocation>
  readonly #starts: Int32Array
  readonly #indexAt = new Map<number, number>()
  readonly #stack: bigint
  #at = 0

  constructor(machine: Machine, spec: FunctionSpec, args: readonly bigint[]) {
    this.#machine = machine
    this.#spec = spec
    this.#stack = machine.stack()
    this.#registers = [undefined, ...args]
    this.#registers[o.R10] = this.#stack + BigInt(o.MAX_BPF_STACK)
    this.#relocations = new Map(spec.relocations.map(r => [r.insn, r]))
    this.#starts = o.slotStarts(spec.insns)
    spec.insns.forEach((_, i) => {
      this.#indexAt.set(this.#starts[i], i)
    })
  }

  run(): bigint {
    for (;;) {
      const insn = this.#spec.insns[this.#at]
      if (insn === undefined) throw new Error("fault: ran off the end")
      this.#machine.step()
      if (insn.op === o.OP_EXIT) {
        this.#machine.memory.free(this.#stack)
        return this.#registers[o.R0] ?? 0n
      }
      const index = this.#at++
      this.#execute(insn, index)
    }
  }

  #get(r: number): bigint {
    const value = this.#registers[r]
    if (value === undefined) throw new Error(`fault: r${r} is read at ${this.#at - 1} but was not written`)
    return value
  }

  #set(r: number, value: bigint): void {
    if (r === o.R10) throw new Error("fault: r10 is written")
    this.#registers[r] = BigInt.asUintN(64, value)
  }

  #jump(index: number, distance: number): void {
    const to = this.#indexAt.get(this.#starts[index] + 1 + distance)
    if (to === undefined) throw new Error(`fault: jump of ${distance} at ${index} leads nowhere`)
    this.#at = to
  }

  #execute(i: o.Insn, index: number): void {
    switch (i.op & o.BPF_CLASS_MASK) {
      case o.BPF_LD:
        this.#load(i, index)
        return
      case o.BPF_LDX: {
        const bytes = o.sizeBytes(i.op)
        const value = this.#read(this.#get(i.src) + BigInt(i.off), bytes)
        const signed = (i.op & o.BPF_MODE_MASK) === o.BPF_MEMSX
        this.#set(i.dst, signed ? BigInt.asIntN(bytes * 8, value) : value)
        return
      }
      case o.BPF_ST:
        this.#write(this.#get(i.dst) + BigInt(i.off), o.sizeBytes(i.op), BigInt(i.imm))
        return
      case o.BPF_STX:
        if ((i.op & o.BPF_MODE_MASK) === o.BPF_ATOMIC) this.#atomic(i)
        else this.#write(this.#get(i.dst) + BigInt(i.off), o.sizeBytes(i.op), this.#get(i.src))
        return
      case o.BPF_JMP:
      case o.BPF_JMP32:
        this.#control(i, index)
        return
      case o.BPF_ALU64:
        this.#set(i.dst, this.#alu(i, 64))
        return
      default:
        this.#set(i.dst, BigInt.asUintN((i.op & o.BPF_OP_MASK) === o.BPF_END ? 64 : 32, this.#alu(i, 32)))
    }
  }

  #aligned(address: bigint, bytes: number): number {
    // The verifier refuses misaligned accesses of the stack, and only these.
    return this.#machine.memory.nameOf(address) === "stack" ? bytes : 1
  }
  #read(address: bigint, bytes: number): bigint {
    return this.#machine.memory.read(address, bytes, this.#aligned(address, bytes))
  }
  #write(address: bigint, bytes: number, value: bigint): void {
    const cut = BigInt.asUintN(bytes * 8, value)
    this.#machine.memory.write(address, bytes, cut, this.#aligned(address, bytes))
  }

  #load(i: o.Insn, index: number): void {
    if (i.op === o.OP_LDDW) {
      const relocation = this.#relocations.get(index)
      const constant = (BigInt(i.imm64!) << 32n) | BigInt(i.imm >>> 0)
      this.#set(i.dst, relocation === undefined ? constant : this.#machine.address(relocation))
      return
    }
    this.#get(o.R6)
    const at = (i.op & o.BPF_MODE_MASK) === o.BPF_IND ? Number(BigInt.asIntN(32, this.#get(i.src))) : 0
    for (let r = o.R1; r <= o.R5; r++) this.#registers[r] = undefined
    this.#set(o.R0, this.#machine.packet(at + i.imm, o.sizeBytes(i.op)))
  }

  #atomic(i: o.Insn): void {
    const bytes = o.sizeBytes(i.op)
    const address = this.#get(i.dst) + BigInt(i.off)
    const old = this.#machine.memory.read(address, bytes, bytes)
    const operand = BigInt.asUintN(bytes * 8, this.#get(i.src))
    if (i.imm === o.BPF_CMPXCHG) {
      if (BigInt.asUintN(bytes * 8, this.#get(o.R0)) === old) this.#write(address, bytes, operand)
      this.#set(o.R0, old)
      return
    }
    if (i.imm === o.BPF_XCHG) this.#write(address, bytes, operand)
    else {
      const operation = i.imm & ~o.BPF_FETCH
      const next =
        operation === o.BPF_ADD
          ? old + operand
          : operation === o.BPF_AND
            ? old & operand
            : operation === o.BPF_OR
              ? old | operand
              : old ^ operand
      this.#write(address, bytes, next)
    }
    if ((i.imm & o.BPF_FETCH) !== 0) this.#set(i.src, old)
  }

  #alu(i: o.Insn, bits: 32 | 64): bigint {
    const operation = i.op & o.BPF_OP_MASK
    if (operation === o.BPF_END) return this.#swap(i, bits)
    const source = (i.op & o.BPF_X) !== 0 ? this.#get(i.src) : BigInt(i.imm)
    const b = BigInt.asUintN(bits, source)
    if (operation === o.BPF_MOV) return i.off === 0 ? b : BigInt.asUintN(bits, BigInt.asIntN(i.off, source))
    const a = BigInt.asUintN(bits, this.#get(i.dst))
    const signed = i.off === 1
    const count = b & BigInt(bits - 1)
    switch (operation) {
      case o.BPF_ADD:
        return a + b
      case o.BPF_SUB:
        return a - b
      case o.BPF_MUL:
        return a * b
      case o.BPF_DIV:
        if (b === 0n) return 0n
        return signed ? BigInt.asIntN(bits, a) / BigInt.asIntN(bits, b) : a / b
      case o.BPF_MOD:
        if (b === 0n) return a
        return signed ? BigInt.asIntN(bits, a) % BigInt.asIntN(bits, b) : a % b
      case o.BPF_OR:
        return a | b
      case o.BPF_AND:
        return a & b
      case o.BPF_XOR:
        return a ^ b
      case o.BPF_LSH:
        return a << count
      case o.BPF_RSH:
        return a >> count
      case o.BPF_ARSH:
        return BigInt.asIntN(bits, a) >> count
      case o.BPF_NEG:
        return -a
      default:
        throw new Error(`fault: operation ${operation}`)
    }
  }

  #swap(i: o.Insn, bits: 32 | 64): bigint {
    const low = BigInt.asUintN(i.imm, this.#get(i.dst))
    // The machine is little endian: conversion to little endian only cuts.
    if (bits === 32 && (i.op & o.BPF_X) === o.BPF_TO_LE) return low
    let value = 0n
    for (let k = 0; k < i.imm; k += 8) value = (value << 8n) | ((low >> BigInt(k)) & 0xffn)
    return value
  }

  #control(i: o.Insn, index: number): void {
    if (i.op === o.OP_CALL) {
      this.#call(i, index)
      return
    }
    if (i.op === o.OP_JA) this.#jump(index, i.off)
    else if (i.op === o.OP_JA32) this.#jump(index, i.imm)
    else if (this.#compare(i)) this.#jump(index, i.off)
  }

  #compare(i: o.Insn): boolean {
    const bits = (i.op & o.BPF_CLASS_MASK) === o.BPF_JMP ? 64 : 32
    const a = BigInt.asUintN(bits, this.#get(i.dst))
    const b = BigInt.asUintN(bits, (i.op & o.BPF_X) !== 0 ? this.#get(i.src) : BigInt(i.imm))
    const sa = BigInt.asIntN(bits, a)
    const sb = BigInt.asIntN(bits, b)
    switch (i.op & o.BPF_OP_MASK) {
      case o.BPF_JEQ:
        return a === b
      case o.BPF_JNE:
        return a !== b
      case o.BPF_JGT:
        return a > b
      case o.BPF_JGE:
        return a >= b
      case o.BPF_JLT:
        return a < b
      case o.BPF_JLE:
        return a <= b
      case o.BPF_JSET:
        return (a & b) !== 0n
      case o.BPF_JSGT:
        return sa > sb
      case o.BPF_JSGE:
        return sa >= sb
      case o.BPF_JSLT:
        return sa < sb
      case o.BPF_JSLE:
        return sa <= sb
      default:
        throw new Error(`fault: jump ${i.op}`)
    }
  }

  #call(i: o.Insn, index: number): void {
    const relocation = this.#relocations.get(index)
    const args: bigint[] = []
    for (let r = o.R1; r <= o.R5; r++) {
      const value = this.#registers[r]
      if (value === undefined) break
      args.push(value)
    }
    let result: bigint
    if (relocation?.kind === "call") result = this.#machine.call(relocation.function, args)
    else if (relocation?.kind === "kfunc") result = this.#machine.helper(0, relocation.name, args)
    else result = this.#machine.helper(i.imm, o.helperName(i.imm) ?? `helper_${i.imm}`, args)
    for (let r = o.R1; r <= o.R5; r++) this.#registers[r] = undefined
    this.#set(o.R0, result)
  }
}
