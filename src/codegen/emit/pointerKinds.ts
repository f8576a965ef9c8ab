import * as o from "../../isa/index.ts"
import { postOrder } from "../mir/cfg.ts"
import { type MBlock, type MFunction, type MInst, NO_REG, OP_FRAME_ADDR } from "../mir/mir.ts"
import { clobbers, definedReg, isAtomic, isCall, isConstantLike, isCopy, roles, USE_SRC } from "../mir/operands.ts"

const REGISTERS = 10
/** Any number that is no pointer. */
const SCALAR = 1
const FRAME = 2

/**
 * What kind of thing each register holds, as numbers: two places with one number hold pointers that the verifier takes for one kind, or
 * both numbers. Worked out forwards from how values are made:
 *
 *     r6 = r1                 the context
 *     r1 = map a; call lookup
 *     r7 = r0                 what lookup gives for map a
 *     r7 += 8                 8 behind that
 */
export class PointerKinds {
  readonly #starts = new Map<MBlock, Int32Array>()
  readonly #kinds = new Map<string, number>()
  /** Of what is loaded from memory that may hold anything, by the load. */
  readonly #loads = new Map<MInst, number>()
  /** Homes that are written in one place only. */
  readonly #homes = new Set<number>()
  /** Of the block that {@link #meet} is at. */
  readonly #scratch = new Int32Array(REGISTERS)
  #next = 3

  constructor(fn: MFunction) {
    this.#findHomes(fn)
    const order = postOrder(fn).reverse()
    const entry = new Int32Array(REGISTERS)
    for (let r = 0; r < REGISTERS; r++) entry[r] = this.#kind(`entry ${r}`)
    this.#starts.set(order[0], entry)
    const ends = new Map<MBlock, Int32Array>()
    for (let changed = true; changed; ) {
      changed = false
      for (const block of order) {
        const start = this.#starts.get(block) ?? new Int32Array(REGISTERS)
        let end = ends.get(block)
        if (!this.#meet(block, start, ends) && end !== undefined) continue
        if (end === undefined) {
          this.#starts.set(block, start)
          ends.set(block, (end = new Int32Array(REGISTERS)))
        }
        end.set(start)
        for (const i of block.insts) this.#step(i, end)
        changed = true
      }
    }
  }

  /** For each instruction of a block, the kinds of the pointers by which it touches memory, and of a call's arguments. */
  inputs(block: MBlock): string[] {
    const now = this.#starts.get(block)!.slice()
    return block.insts.map(i => {
      const text = inputsOf(i, now)
      this.#step(i, now)
      return text
    })
  }

  /** Registers of which the blocks before do not agree get kinds of their own; true when that changed something. */
  #meet(block: MBlock, start: Int32Array, ends: ReadonlyMap<MBlock, Int32Array>): boolean {
    let changed = false
    const meet = this.#scratch
    const own = (r: number): number => -1 - block.id * REGISTERS - r
    let first = true
    for (const pred of block.preds) {
      const end = ends.get(pred)
      if (end === undefined) continue
      if (first) meet.set(end)
      else for (let r = 0; r < REGISTERS; r++) if (meet[r] !== end[r]) meet[r] = own(r)
      first = false
    }
    if (first) return false
    for (let r = 0; r < REGISTERS; r++) {
      const kind = meet[r]
      if (start[r] === own(r) || kind === start[r]) continue
      start[r] = start[r] === 0 ? kind : own(r)
      changed = true
    }
    return changed
  }

  #step(i: MInst, now: Int32Array): void {
    const r = definedReg(i)
    const kind = r >= 0 && r < REGISTERS ? this.#result(i, now) : 0
    if (isCall(i)) {
      const callee = i.sym === undefined ? `${i.imm}` : i.sym.name
      const given = this.#kind(`call ${callee} ${now[1]}`)
      now.fill(SCALAR, 1, 6)
      now[0] = given
      return
    }
    const gone = clobbers(i)
    for (let c = 0; gone >> c !== 0; c++) if (((gone >> c) & 1) !== 0) now[c] = SCALAR
    if (kind !== 0) now[r] = kind
  }

  #result(i: MInst, now: Int32Array): number {
    const of = (r: number) => (r === o.R10 ? FRAME : now[r])
    if (isCopy(i)) return of(i.src)
    if (i.op === OP_FRAME_ADDR) return FRAME
    if (i.op === o.OP_LDDW && i.sym !== undefined)
      return this.#kind(`${i.sym.kind} ${"name" in i.sym ? i.sym.name : ""}`)
    if (isConstantLike(i)) return SCALAR
    const cls = i.op & o.BPF_CLASS_MASK
    if (isAtomic(i)) return SCALAR
    if (cls === o.BPF_LDX) return this.#loaded(i, of(i.src))
    if (cls !== o.BPF_ALU64) return SCALAR
    const source = (roles(i) & USE_SRC) !== 0 ? of(i.src) : SCALAR
    const target = of(i.dst)
    if (source === SCALAR && target === SCALAR) return SCALAR
    return this.#kind(`alu ${i.op} ${i.off} ${target} ${source} ${i.src === NO_REG ? i.imm : ""}`)
  }

  #loaded(i: MInst, base: number): number {
    if ((i.op & o.BPF_SIZE_MASK) === o.BPF_DW && base === FRAME) {
      const { slot } = i
      if (slot?.kind === "spill" && this.#homes.has(slot.index)) return this.#kind(`home ${slot.index}`)
      let kind = this.#loads.get(i)
      if (kind === undefined) this.#loads.set(i, (kind = this.#next++))
      return kind
    }
    return base === FRAME ? SCALAR : this.#kind(`load ${i.op} ${i.off} ${base}`)
  }

  #kind(text: string): number {
    let kind = this.#kinds.get(text)
    if (kind === undefined) this.#kinds.set(text, (kind = this.#next++))
    return kind
  }

  #findHomes(fn: MFunction): void {
    const stores = new Map<number, number>()
    for (const { insts } of fn.blocks) {
      for (const { op, slot } of insts) {
        if (slot?.kind !== "spill" || (op & o.BPF_CLASS_MASK) !== o.BPF_STX) continue
        stores.set(slot.index, (stores.get(slot.index) ?? 0) + 1)
      }
    }
    for (const [slot, count] of stores) if (count === 1) this.#homes.add(slot)
  }
}

function inputsOf(i: MInst, now: Int32Array): string {
  if (!dependsOnKinds(i)) return ""
  if (isCall(i)) return now.subarray(1, 1 + i.nargs).join(" ")
  return `${now[(i.op & o.BPF_CLASS_MASK) === o.BPF_LDX ? i.src : i.dst]}`
}

/** Whether an instruction goes through pointers other than r10, or calls with arguments. */
export function dependsOnKinds(i: MInst): boolean {
  if (isCall(i)) return i.nargs > 0
  switch (i.op & o.BPF_CLASS_MASK) {
    case o.BPF_LDX:
      return i.src !== o.R10
    case o.BPF_ST:
    case o.BPF_STX:
      return i.dst !== o.R10
    default:
      return false
  }
}
