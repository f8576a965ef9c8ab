import * as isa from "../../../src/isa/index.ts"
import type { Random } from "../../support/random.ts"
import { FUZZ_MAPS } from "./maps.ts"

/** Program types that are tried: where a packet's begin and end are in the context, if they are, and bytes of the context that may be read. */
export const CONTEXTS: Readonly<
  Record<string, { readonly packet?: readonly [number, number]; readonly size: number }>
> = {
  socket_filter: { size: 76 },
  sched_cls: { packet: [76, 80], size: 140 },
  cgroup_skb: { packet: [76, 80], size: 140 },
  xdp: { packet: [0, 4], size: 20 },
  tracepoint: { size: 64 },
  kprobe: { size: 160 },
  raw_tracepoint: { size: 64 },
  syscall: { size: 64 },
}

type Kind = "none" | "scalar" | "ctx" | "value" | "packet"
const MAP_LOOKUP = 1
const GET_PRANDOM = 7
const WORK = [0, 1, 2, 3, 4, 5, 7, 8, 9]
/** Holds the context from the start. */
const CTX = 6
const ALU = [isa.BPF_ADD, isa.BPF_SUB, isa.BPF_MUL, isa.BPF_DIV, isa.BPF_MOD, isa.BPF_AND, isa.BPF_OR, isa.BPF_XOR]
const SHIFTS = [isa.BPF_LSH, isa.BPF_RSH, isa.BPF_ARSH]
const UNSIGNED = [isa.BPF_JEQ, isa.BPF_JNE, isa.BPF_JGT, isa.BPF_JGE, isa.BPF_JLT, isa.BPF_JLE]
const CONDITIONS = [...UNSIGNED, isa.BPF_JSET, isa.BPF_JSGT, isa.BPF_JSGE, isa.BPF_JSLT, isa.BPF_JSLE]
const SIZES: readonly (readonly [number, number])[] = [
  [isa.BPF_B, 1],
  [isa.BPF_H, 2],
  [isa.BPF_W, 4],
  [isa.BPF_DW, 8],
]

/** Jumps and calls that count instructions, made to count slots. */
function inSlots(insns: readonly isa.Insn[]): isa.Insn[] {
  const starts = isa.slotStarts(insns)
  return insns.map((insn, i) => {
    const distance = (instructions: number) => starts[i + 1 + instructions] - starts[i] - 1
    const group = insn.op & isa.BPF_CLASS_MASK
    const operation = insn.op & isa.BPF_OP_MASK
    if ((group !== isa.BPF_JMP && group !== isa.BPF_JMP32) || operation === isa.BPF_EXIT) return insn
    if (operation !== isa.BPF_CALL) return { ...insn, off: distance(insn.off) }
    return insn.src === 1 ? { ...insn, imm: distance(insn.imm) } : insn
  })
}

/** Makes programs that are mostly right: what registers hold is followed roughly, and every now and then not cared about. */
export class Generator {
  readonly #random: Random
  readonly #type: string
  readonly #insns: isa.Insn[] = []
  /** Registers that steps may write: not the counters of the loops around them. */
  #work: readonly number[] = WORK
  #kinds: Kind[] = Array.from({ length: 10 }, () => "none")
  /** Offsets from the frame pointer where 8 bytes are initialised. */
  #stored = new Set<number>()
  /** Bytes of a map value or packet that may be accessed. */
  #reach: number[] = Array.from({ length: 10 }, () => 0)
  readonly #calls: number[] = []
  /** Jumps that leave the program. */
  readonly #exits: number[] = []

  constructor(random: Random, type: string) {
    this.#random = random
    this.#type = type
  }

  program(): isa.Insn[] {
    this.#insns.push(isa.mov64Reg(CTX, 1))
    this.#kinds[1] = "ctx"
    this.#kinds[CTX] = "ctx"
    this.#block(4 + this.#random.below(16), 0)
    const end = this.#insns.length
    for (const at of this.#exits) this.#insns[at] = { ...this.#insns[at], off: end - at - 1 }
    this.#insns.push(
      this.#isScalar(0) && this.#exits.length === 0 ? isa.alu64Imm(isa.BPF_AND, 0, 1) : isa.mov64Imm(0, 1),
    )
    this.#insns.push(isa.exit())
    this.#function()
    return inSlots(this.#insns)
  }

  #isScalar(register: number): boolean {
    return this.#kinds[register] === "scalar"
  }

  #with(kind: Kind): number {
    const found = this.#work.filter(register => this.#kinds[register] === kind)
    return found.length === 0 ? -1 : this.#random.pick(found)
  }

  #number(): number {
    const random = this.#random
    if (random.chance(0.6)) return random.below(20) - 4
    const edge = 2 ** random.pick([4, 7, 8, 15, 16, 31])
    return ((random.chance(0.3) ? -edge : edge) + random.below(5) - 2) | 0
  }

  #set(register: number, kind: Kind, reach = 0): void {
    this.#kinds[register] = kind
    this.#reach[register] = reach
  }

  /** Some steps one after the other; `depth` of blocks around it. */
  #block(steps: number, depth: number): void {
    for (let i = 0; i < steps; i++) this.#step(depth)
  }

  #step(depth: number): void {
    const pick = this.#random.below(100)
    if (pick < 28) this.#arithmetic()
    else if (pick < 36) this.#move()
    else if (pick < 46) this.#stack()
    else if (pick < 54) this.#context()
    else if (pick < 63) this.#lookup()
    else if (pick < 73) this.#memory()
    else if (pick < 78) this.#pointer()
    else if (pick < 83) this.#packet()
    else if (pick < 92 && depth < 3) this.#branch(depth)
    else if (pick < 95 && depth < 2) this.#loop(depth)
    else if (pick < 97) this.#call()
    else this.#unknown()
  }

  #shuffled(registers: readonly number[]): number[] {
    const copy = [...registers]
    this.#random.shuffle(copy)
    return copy
  }

  #arithmetic(): void {
    const dst = this.#random.chance(0.03) ? this.#random.pick(this.#work) : this.#with("scalar")
    if (dst < 0) {
      this.#move()
      return
    }
    const wide = this.#random.chance(0.6)
    if (this.#random.chance(0.2)) {
      const by = this.#random.below(wide ? 64 : 32)
      const op = this.#random.pick(SHIFTS)
      this.#insns.push(wide ? isa.alu64Imm(op, dst, by) : isa.alu32Imm(op, dst, by))
      return
    }
    const op = this.#random.pick(ALU)
    const src = this.#with("scalar")
    const imm = this.#number() || 1
    if (src >= 0 && this.#random.chance(0.4)) {
      this.#insns.push(wide ? isa.alu64Reg(op, dst, src) : isa.alu32Reg(op, dst, src))
    } else this.#insns.push(wide ? isa.alu64Imm(op, dst, imm) : isa.alu32Imm(op, dst, imm))
  }

  #move(): void {
    const dst = this.#random.pick(this.#work)
    if (this.#random.chance(0.5)) {
      const wide = this.#random.chance(0.7)
      this.#insns.push(wide ? isa.mov64Imm(dst, this.#number()) : isa.mov32Imm(dst, this.#number()))
      this.#set(dst, "scalar")
      return
    }
    const src = this.#random.pick([...this.#work, CTX])
    if (this.#kinds[src] === "none" && this.#random.chance(0.97)) return
    const scalar = this.#isScalar(src)
    if (scalar && this.#random.chance(0.3)) this.#insns.push(isa.mov32Reg(dst, src))
    else if (scalar && this.#random.chance(0.2))
      this.#insns.push(isa.movsx64(dst, src, this.#random.pick([8, 16, 32] as const)))
    else this.#insns.push(isa.mov64Reg(dst, src))
    this.#set(dst, this.#kinds[src], this.#reach[src])
  }

  #stack(): void {
    const [size, bytes] = this.#random.pick(SIZES)
    const slot = -8 * (1 + this.#random.below(this.#random.chance(0.02) ? 80 : 6))
    const at = bytes === 8 ? slot : slot + bytes * this.#random.below(8 / bytes)
    if (this.#random.chance(0.55) || (!this.#stored.has(slot) && this.#random.chance(0.95))) {
      const src = this.#random.pick([...this.#work, CTX])
      if (this.#kinds[src] === "none" || (bytes < 8 && !this.#isScalar(src))) {
        this.#insns.push(isa.storeImm(isa.BPF_DW, 10, slot, this.#number()))
      } else this.#insns.push(isa.storeReg(size, 10, src, at))
      if (bytes === 8) this.#stored.add(slot)
      return
    }
    const dst = this.#random.pick(this.#work)
    this.#insns.push(isa.loadMem(size, dst, 10, at))
    this.#set(dst, this.#random.chance(0.9) ? "scalar" : "none")
  }

  #context(): void {
    const { size } = CONTEXTS[this.#type]
    const dst = this.#random.pick(this.#work)
    const at = 4 * this.#random.below(size / 4)
    const wide = this.#type === "kprobe" || this.#type.includes("tracepoint") || this.#type === "syscall"
    const width = wide ? isa.BPF_DW : this.#random.chance(0.85) ? isa.BPF_W : this.#random.pick(SIZES)[0]
    this.#insns.push(isa.loadMem(width, dst, CTX, wide ? at & ~7 : at))
    this.#set(dst, "scalar")
  }

  #lookup(): void {
    const map = this.#random.below(FUZZ_MAPS.length)
    this.#insns.push(
      isa.storeImm(isa.BPF_W, 10, -4, this.#random.below(3)),
      isa.mov64Reg(2, 10),
      isa.alu64Imm(isa.BPF_ADD, 2, -4),
      isa.loadMapFd(1, map),
      isa.call(MAP_LOOKUP),
    )
    this.#called()
    const checked = this.#random.chance(0.95)
    if (checked) {
      this.#exits.push(this.#insns.length)
      this.#insns.push(isa.jumpImm(isa.BPF_JEQ, 0, 0, 0))
    }
    const keep = this.#random.pick(this.#work.filter(register => register === 0 || register > CTX))
    if (keep !== 0) this.#insns.push(isa.mov64Reg(keep, 0))
    this.#set(0, "value", FUZZ_MAPS[map].valueSize)
    this.#set(keep, "value", FUZZ_MAPS[map].valueSize)
  }

  #called(): void {
    for (const register of [0, 1, 2, 3, 4, 5]) this.#set(register, "none")
  }

  /** A load, store or atomic operation on a map's value or the packet. */
  #memory(): void {
    const base = this.#with(this.#random.chance(0.5) ? "value" : "packet")
    if (base < 0) return
    const [size, bytes] = this.#random.pick(SIZES)
    const room = this.#reach[base] - bytes
    const at = this.#random.chance(0.96) ? bytes * this.#random.below(room / bytes + 1) : this.#reach[base] - 1
    const other = this.#with("scalar")
    const kind = this.#random.below(10)
    if (kind < 5) {
      const dst = this.#random.pick(this.#work)
      this.#insns.push(isa.loadMem(size, dst, base, at))
      this.#set(dst, "scalar")
      return
    }
    if (other < 0 || kind < 7) this.#insns.push(isa.storeImm(size, base, at, this.#number()))
    else if (kind < 9 || bytes < 4) this.#insns.push(isa.storeReg(size, base, other, at))
    else
      this.#insns.push(isa.atomic(size, isa.BPF_ADD | (this.#random.chance(0.5) ? isa.BPF_FETCH : 0), base, other, at))
  }

  /** Moves a pointer by a number that is made small before, or not. */
  #pointer(): void {
    const base = this.#with(this.#random.chance(0.6) ? "value" : "packet")
    const by = this.#with("scalar")
    if (base < 0 || by < 0) return
    const limit = 2 ** this.#random.below(6)
    if (this.#random.chance(0.9)) this.#insns.push(isa.alu64Imm(isa.BPF_AND, by, limit - 1))
    this.#insns.push(isa.alu64Reg(this.#random.chance(0.9) ? isa.BPF_ADD : isa.BPF_SUB, base, by))
    this.#reach[base] = Math.max(0, this.#reach[base] - limit + 1)
    if (this.#kinds[base] === "packet") this.#set(base, "none")
  }

  #packet(): void {
    const { packet } = CONTEXTS[this.#type]
    if (packet === undefined) return
    const [begin, end, probe] = this.#shuffled(this.#work)
    const reach = 1 + this.#random.below(40)
    this.#insns.push(
      isa.loadMem(isa.BPF_W, begin, CTX, packet[0]),
      isa.loadMem(isa.BPF_W, end, CTX, packet[1]),
      isa.mov64Reg(probe, begin),
      isa.alu64Imm(isa.BPF_ADD, probe, reach),
    )
    this.#exits.push(this.#insns.length)
    this.#insns.push(isa.jumpReg(this.#random.pick([isa.BPF_JGT, isa.BPF_JGT, isa.BPF_JGE]), probe, end, 0))
    this.#set(begin, "packet", reach)
    this.#set(end, "none")
    this.#set(probe, "none")
  }

  #branch(depth: number): void {
    const a = this.#with("scalar")
    if (a < 0) return
    const b = this.#with("scalar")
    const condition = this.#random.pick(CONDITIONS)
    const wide = this.#random.chance(0.6)
    const at = this.#insns.length
    const byRegister = this.#random.chance(0.3)
    if (byRegister) this.#insns.push(wide ? isa.jumpReg(condition, a, b, 0) : isa.jump32Reg(condition, a, b, 0))
    else
      this.#insns.push(
        wide ? isa.jumpImm(condition, a, this.#number(), 0) : isa.jump32Imm(condition, a, this.#number(), 0),
      )
    const before = { kinds: [...this.#kinds], stored: new Set(this.#stored) }
    this.#block(1 + this.#random.below(5), depth + 1)
    this.#insns[at] = { ...this.#insns[at], off: this.#insns.length - at - 1 }
    this.#kinds = this.#kinds.map((kind, register) => (kind === before.kinds[register] ? kind : "none"))
    this.#stored = before.stored
  }

  #loop(depth: number): void {
    const counter = this.#random.pick(this.#work.filter(register => register > CTX))
    const around = this.#work
    this.#work = around.filter(register => register !== counter)
    this.#insns.push(isa.mov64Imm(counter, 0))
    const start = this.#insns.length
    const kinds = [...this.#kinds]
    this.#kinds[counter] = "none"
    this.#block(1 + this.#random.below(4), depth + 1)
    this.#kinds = this.#kinds.map((kind, register) => (kind === kinds[register] ? kind : "none"))
    this.#work = around
    this.#insns.push(isa.alu64Imm(isa.BPF_ADD, counter, 1))
    const back = start - this.#insns.length - 1
    this.#insns.push(
      isa.jumpImm(this.#random.pick([isa.BPF_JLT, isa.BPF_JNE]), counter, 1 + this.#random.below(6), back),
    )
    this.#set(counter, "scalar")
  }

  /** Calls the function behind the program with two numbers. */
  #call(): void {
    const a = this.#with("scalar")
    if (a < 0) return
    this.#insns.push(isa.mov64Reg(1, a), isa.mov64Imm(2, this.#number()))
    this.#calls.push(this.#insns.length)
    this.#insns.push({ op: isa.BPF_JMP | isa.BPF_CALL, dst: 0, src: 1, off: 0, imm: 0 })
    this.#called()
    this.#set(0, "scalar")
  }

  /** A number that nothing is known of. */
  #unknown(): void {
    this.#insns.push(isa.call(GET_PRANDOM))
    this.#called()
    this.#set(0, "scalar")
  }

  #function(): void {
    if (this.#calls.length === 0) return
    const start = this.#insns.length
    for (const at of this.#calls) this.#insns[at] = { ...this.#insns[at], imm: start - at - 1 }
    this.#insns.push(
      isa.mov64Reg(0, 1),
      isa.jumpReg(this.#random.pick(CONDITIONS), 1, 2, 1),
      isa.alu64Reg(this.#random.pick(ALU), 0, 2),
      isa.exit(),
    )
  }
}
