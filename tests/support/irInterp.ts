import {
  type Block,
  bitsOf,
  evalBinary,
  evalByteSwap,
  evalCompare,
  evalSignExtend,
  type Inst,
  type IrFunction,
  type Module,
  type Value,
} from "../../src/ir/index.ts"

/**
 * Runs IR on memory made of bytes, with exact semantics and every mistake a fault: out of bounds, misaligned, use after return. Memory
 * is a set of regions; an address is the region's number in the upper half and the offset in the lower half, so null is never valid.
 */
export interface InterpOptions {
  /** Functions, globals and maps; a lone function needs none. */
  readonly module?: Module
  /** What a helper or kernel function gives. Without it, calls fault. */
  readonly helper?: (call: IrHelperCall, memory: Memory) => bigint | number
  /** Byte of stack memory that was not written. */
  readonly fill?: number
  /** Value of `undef`. */
  readonly undef?: bigint
  /** Instructions before it is taken for an endless loop. */
  readonly steps?: number
  /** What `ldpacket` reads. */
  readonly packet?: Uint8Array
}

export interface HelperCall {
  readonly id: number
  readonly name: string
  readonly args: readonly bigint[]
}

/** A call made by this interpreter, with what a helper may do beside giving a number. */
export interface IrHelperCall extends HelperCall {
  /** Calls the function of the module that a `funcaddr` argument points to. */
  readonly callback: (address: bigint, args: readonly bigint[]) => bigint
  /** Adds a line of the helper's own to the trace. */
  readonly say: (line: string) => void
}

/** What a run did: the value returned (canonical unsigned; 0 for void), and what others can see of it in order: calls and volatile accesses. */
export interface InterpResult {
  readonly value: bigint
  readonly trace: readonly string[]
  readonly memory: Memory
}
export interface IrInterpResult extends InterpResult {
  /** What the globals hold after the run, by name. */
  readonly globals: ReadonlyMap<string, Uint8Array>
}

interface Region {
  readonly name: string
  readonly bytes: Uint8Array
  readonly view: DataView
  readonly align: number
  readonly writable: boolean
}

export class Memory {
  readonly #regions: (Region | undefined)[] = [undefined]

  /** Adds memory and gives its address. */
  add(name: string, bytes: Uint8Array, align = 8, writable = true): bigint {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
    return BigInt(this.#regions.push({ name, bytes, view, align, writable }) - 1) << 32n
  }
  /** Makes the memory at an address invalid. */
  free(address: bigint): void {
    this.#regions[Number(address >> 32n)] = undefined
  }
  /** Name of the region that an address is in. */
  nameOf(address: bigint): string | undefined {
    return this.#regions[Number(address >> 32n)]?.name
  }
  /** A window on `size` bytes. */
  bytes(address: bigint, size: number, write = false): Uint8Array {
    const { region, offset } = this.#at(address, size, 1, write)
    return region.bytes.subarray(offset, offset + size)
  }
  read(address: bigint, width: number, align = 1): bigint {
    const { region, offset } = this.#at(address, width, align, false)
    if (width === 8) return region.view.getBigUint64(offset, true)
    if (width === 4) return BigInt(region.view.getUint32(offset, true))
    return BigInt(width === 2 ? region.view.getUint16(offset, true) : region.bytes[offset])
  }
  write(address: bigint, width: number, value: bigint, align = 1): void {
    const { region, offset } = this.#at(address, width, align, true)
    if (width === 8) region.view.setBigUint64(offset, value, true)
    else if (width === 4) region.view.setUint32(offset, Number(value & 0xffffffffn), true)
    else if (width === 2) region.view.setUint16(offset, Number(value & 0xffffn), true)
    else region.bytes[offset] = Number(value & 0xffn)
  }

  #at(address: bigint, size: number, align: number, write: boolean): { region: Region; offset: number } {
    const region = this.#regions[Number(address >> 32n)]
    const offset = Number(address & 0xffffffffn)
    const what = `${write ? "write" : "read"} of ${size} at 0x${address.toString(16)}`
    if (region === undefined) throw new Error(`fault: ${what}: no such memory`)
    if (offset + size > region.bytes.length) throw new Error(`fault: ${what}: outside ${region.name}`)
    if (align > region.align || offset % align !== 0) throw new Error(`fault: ${what}: not aligned to ${align}`)
    if (write && !region.writable) throw new Error(`fault: ${what}: ${region.name} is read-only`)
    return { region, offset }
  }
}

/** Ends a program from inside, as a packet read out of bounds does. */
class ProgramEnd extends Error {}

/** Runs a function. An argument that is bytes is put in memory and passed by address. */
export function interpret(
  func: IrFunction,
  args: readonly (bigint | number | Uint8Array)[] = [],
  options: InterpOptions = {},
): IrInterpResult {
  const machine = new Machine(options)
  const values = args.map((arg, i) => {
    if (arg instanceof Uint8Array) return machine.memory.add(`argument ${i}`, arg)
    return BigInt.asUintN(bitsOf(func.params[i].type), BigInt(arg))
  })
  let value = 0n
  try {
    value = machine.call(func, values)
  } catch (e) {
    if (!(e instanceof ProgramEnd)) throw e
  }
  return { value, trace: machine.trace, memory: machine.memory, globals: machine.globals }
}

class Machine {
  readonly memory = new Memory()
  readonly trace: string[] = []
  readonly globals = new Map<string, Uint8Array>()
  readonly #options: InterpOptions
  readonly #maps = new Map<string, bigint>()
  readonly #functions = new Map<string, IrFunction>()
  readonly #globals = new Map<string, bigint>()
  #steps: number

  constructor(options: InterpOptions) {
    this.#options = options
    this.#steps = options.steps ?? 1_000_000
    for (const f of options.module?.functions ?? []) this.#functions.set(f.name, f)
    for (const g of options.module?.globals ?? []) {
      const bytes = new Uint8Array(g.size)
      if (g.init !== undefined) bytes.set(g.init)
      this.globals.set(g.name, bytes)
      this.#globals.set(g.name, this.memory.add(g.name, bytes, g.align, !g.constant))
    }
  }

  call(func: IrFunction, params: readonly bigint[]): bigint {
    const values: bigint[] = []
    const allocas: bigint[] = []
    const get = (v: Value): bigint => {
      if (v.kind === "const") return v.value
      if (v.kind === "param") return params[v.index]
      if (v.kind === "undef") return BigInt.asUintN(bitsOf(v.type), this.#options.undef ?? 0x5151515151515151n)
      return values[v.id]
    }
    let block = func.blocks[0]
    for (;;) {
      for (const inst of block.insts) {
        if (--this.#steps < 0) throw new Error("fault: too many steps")
        const result = this.#inst(inst, inst.args.map(get))
        if (inst.op === "alloca") allocas.push(result)
        values[inst.id] = result
      }
      const { term } = block
      if (--this.#steps < 0) throw new Error("fault: too many steps")
      switch (term.op) {
        case "ret":
          for (const a of allocas) this.memory.free(a)
          return term.args.length === 0 ? 0n : get(term.args[0])
        case "unreachable":
          throw new Error("fault: reached the unreachable")
        case "jump":
          block = enter(block, term.targets[0])
          break
        case "br":
          block = enter(block, term.targets[get(term.args[0]) !== 0n ? 0 : 1])
          break
      }
    }

    function enter(from: Block, to: Block): Block {
      const incoming = to.phis.map(phi => get(phi.args[phi.incoming.indexOf(from)]))
      to.phis.forEach((phi, i) => {
        values[phi.id] = incoming[i]
      })
      return to
    }
  }

  #inst(inst: Inst, args: bigint[]): bigint {
    const { memory } = this
    const [a, b, c] = args
    switch (inst.op) {
      case "alloca":
        return memory.add(inst.name, new Uint8Array(inst.size).fill(this.#options.fill ?? 0xa5), inst.align)
      case "load": {
        const raw = memory.read(a, inst.width, inst.align)
        const value = inst.signed ? evalSignExtend(inst.width * 8, bitsOf(inst.type), raw) : raw
        if (inst.volatile) this.trace.push(`load ${inst.width} ${memory.nameOf(a)}`)
        return value
      }
      case "store":
        memory.write(a, inst.width, b, inst.align)
        if (inst.volatile) this.trace.push(`store ${inst.width} ${memory.nameOf(a)} ${memory.read(a, inst.width)}`)
        return 0n
      case "memcpy":
        memory.bytes(a, inst.size, true).set(memory.bytes(b, inst.size).slice())
        return 0n
      case "memset":
        memory.bytes(a, inst.size, true).fill(Number(b & 0xffn))
        return 0n
      case "ptradd":
        return BigInt.asUintN(64, a + b)
      case "cmp":
        return evalCompare(inst.pred, bitsOf(inst.args[0].type), a, b) ? 1n : 0n
      case "select":
        return a !== 0n ? b : c
      case "zext":
      case "ptrtoint":
      case "inttoptr":
      case "opaque":
        return a ?? 0n
      case "sext":
        return evalSignExtend(32, 64, a)
      case "trunc":
        return a & 0xffffffffn
      case "sextin":
        return evalSignExtend(inst.bits, bitsOf(inst.type), a)
      case "bswap":
        return evalByteSwap(inst.bits, a)
      case "call":
        return this.#call(inst, args)
      case "atomic":
        return this.#atomic(inst, a, b, c)
      case "mapaddr": {
        let address = this.#maps.get(inst.map)
        if (address === undefined) this.#maps.set(inst.map, (address = memory.add(inst.map, new Uint8Array(0))))
        return address
      }
      case "globaladdr": {
        const address = this.#globals.get(inst.global)
        if (address === undefined) throw new Error(`fault: no global ${inst.global}`)
        return address
      }
      case "funcaddr":
        return memory.add(inst.func, new Uint8Array(0))
      case "core":
        return BigInt.asUintN(bitsOf(inst.type), inst.value)
      case "ksymaddr":
        return memory.add(inst.name, new Uint8Array(0))
      case "ascast":
        return a
      case "asm":
      case "asmout":
        throw new Error("fault: assembler text is not interpreted")
      case "ldpacket": {
        const at = inst.offset + Number(b ?? 0n)
        const packet = this.#options.packet ?? new Uint8Array(0)
        if (at + inst.width > packet.length) throw new ProgramEnd("packet read out of bounds")
        return packet.slice(at, at + inst.width).reduce((value, byte) => (value << 8n) | BigInt(byte), 0n)
      }
      default:
        return evalBinary(inst.op, bitsOf(inst.type), a, b)
    }
  }

  #call(inst: Inst & { op: "call" }, args: bigint[]): bigint {
    const { callee } = inst
    if (callee.kind === "function") return this.#callByName(callee.name, args)
    if (callee.kind === "pointer") return this.#callByName(this.memory.nameOf(args[0]) ?? "", args.slice(1))
    const shown = args.map((v, i) => (inst.args[i].type === "ptr" ? (this.memory.nameOf(v) ?? v) : v))
    this.trace.push(`${callee.name}(${shown.join(", ")})`)
    if (this.#options.helper === undefined) throw new Error(`fault: no helper ${callee.name}`)
    const id = callee.kind === "helper" ? callee.id : 0
    const callback = (address: bigint, params: readonly bigint[]) =>
      this.#callByName(this.memory.nameOf(address) ?? "", params)
    const say = (line: string) => this.trace.push(line)
    const result = this.#options.helper({ id, name: callee.name, args, callback, say }, this.memory)
    return inst.type === "void" ? 0n : BigInt.asUintN(bitsOf(inst.type), BigInt(result))
  }

  #callByName(name: string, args: readonly bigint[]): bigint {
    const target = this.#functions.get(name)
    if (target === undefined) throw new Error(`fault: no function ${name}`)
    return this.call(target, args)
  }

  #atomic(inst: Inst & { op: "atomic" }, address: bigint, a: bigint, b: bigint): bigint {
    const { width } = inst
    const old = this.memory.read(address, width, width)
    const next =
      inst.atomic === "xchg"
        ? a
        : inst.atomic === "cmpxchg"
          ? old === a
            ? b
            : old
          : evalBinary(inst.atomic, width === 8 ? 64 : 32, old, a)
    this.memory.write(address, width, next, width)
    return old
  }
}
