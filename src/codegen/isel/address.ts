import type { Inst, Value } from "../../ir/index.ts"
import * as o from "../../isa/index.ts"
import { type CoreUse, type FrameSlot, NO_REG, type Reg } from "../mir/mir.ts"
import { coreAddress, coreOf, indexedLocal, splitAddress } from "./match.ts"
import type { Selector } from "./selector.ts"

/** Operand of a memory access: `base + slot + off`. */
export interface Address {
  readonly base: Reg
  readonly slot: FrameSlot | undefined
  readonly off: number
  /** `off` is a number that the loader changes: one access goes there, as wide as it is, and none beside it. */
  readonly core: CoreUse | undefined
  /** What the address is known to be a multiple of, up to 8; accesses up to this width may go there. */
  readonly align: number
  /** A multiple of this, up to 8, lies `phase` bytes before the address; 0 where any access may be misaligned. */
  readonly modulus: number
  readonly phase: number
  /** In the context of a program, where the kernel takes no store of an immediate. */
  readonly context: boolean
}

/** The largest power of two, at most 8, that divides an offset. */
const alignOf = (off: number): number => {
  const low = off & -off
  return low === 0 || low > 8 ? 8 : low
}

/** Widest access that may go `off` bytes behind an address. */
export function alignAt({ modulus, phase }: Address, off: number): number {
  return modulus === 0 ? 8 : Math.min(modulus, alignOf(phase + off))
}

/** Resolves a pointer through which `extent` bytes are accessed; `align` is what the IR knows of it. */
export function selectAddress(s: Selector, pointer: Value, extent: number, align: number): Address {
  const { base, off } = splitAddress(pointer, extent)
  if (base.kind === "inst" && base.op === "alloca") {
    const slot = s.slotOf(base)
    const align = Math.min(slot.align, alignOf(off))
    return { base: o.R10, slot, off, core: undefined, align, modulus: slot.align, phase: off, context: false }
  }
  const pending = base.kind === "inst" ? s.pending.get(base.id) : undefined
  if (pending !== undefined) {
    const place = { base: s.reg(base), slot: pending.slot, off: pending.off + off, core: undefined }
    return { ...place, align, modulus: align, phase: 0, context: false }
  }
  const context = isContext(s, base)
  const place = { base: s.reg(base), slot: undefined, off, core: undefined, context }
  // The context is a struct of the kernel's: fields are read with their own width only.
  if (context && base.kind === "param") return { ...place, align: alignOf(off), modulus: 8, phase: off }
  const strict = context || s.context.options.strictAlignment || mayBeStack(s, base)
  return strict ? { ...place, align, modulus: align, phase: 0 } : { ...place, align: 8, modulus: 0, phase: 0 }
}

/** The address of a single load or store, which may take a relocated number as its displacement. */
export function selectPlace(s: Selector, pointer: Value, width: number, align: number): Address {
  const found = coreAddress(pointer)
  if (found === undefined) return selectAddress(s, pointer, width, align)
  const { base, core } = found
  const context = isContext(s, base)
  const address = { slot: undefined, align: 8, modulus: 0, phase: 0, context }
  if (align >= width || !(context || s.context.options.strictAlignment || mayBeStack(s, base)))
    return { ...address, base: s.reg(base), off: Number(core.value), core }
  // The access is made of pieces.
  const r = s.newReg()
  addCore(s, r, base, core)
  return { ...address, base: r, off: 0, core: undefined, align, modulus: align }
}

function addCore(s: Selector, r: Reg, pointer: Value, core: CoreUse & { readonly value: bigint }): void {
  s.moveInto(r, pointer)
  s.emit(o.BPF_ALU64 | o.BPF_ADD | o.BPF_K, r, NO_REG, 0, Number(core.value)).core = core
}

/** `%d = ptradd %p, %i`. An index into a local that is only used for accesses leaves the local's place to them. */
export function selectPointerAdd(s: Selector, v: Inst): void {
  const [pointer, offset] = v.args
  const local = indexedLocal(v)
  const r = s.newReg()
  if (local !== undefined && !s.plan.inRegister(v)) {
    s.pending.set(v.id, { slot: s.slotOf(local.alloca), off: local.off })
    // The same index into another local is in the same register.
    const made = s.frameIndexes.get(local.index)
    if (made !== undefined) {
      s.bind(v, made)
      return
    }
    s.frameIndexes.set(local.index, r)
    if (s.ir.role === "program") {
      // The index plus r10 rather than r10 plus the index: no copy is left when this is the index's last use.
      s.moveInto(r, local.index)
      s.alu(o.BPF_ALU64, o.BPF_ADD, r, o.R10)
    } else {
      // In a function that is called the verifier takes the index plus r10 for an address in the caller's stack.
      const index = s.reg(local.index)
      s.move(r, o.R10)
      s.alu(o.BPF_ALU64, o.BPF_ADD, r, index)
    }
  } else {
    const core = coreOf(offset)
    if (core !== undefined) {
      addCore(s, r, pointer, core)
      s.bind(v, r)
      return
    }
    s.moveInto(r, pointer)
    const imm = offset.kind === "const" ? BigInt.asIntN(64, offset.value) : undefined
    if (imm !== undefined && imm >= -0x80000000n && imm <= 0x7fffffffn) {
      s.aluImm(o.BPF_ALU64, o.BPF_ADD, r, Number(imm))
    } else s.alu(o.BPF_ALU64, o.BPF_ADD, r, s.reg(offset))
  }
  s.bind(v, r)
}

/** Whether a pointer may lead into the stack, where the kernel refuses misaligned accesses. */
function mayBeStack(s: Selector, v: Value): boolean {
  return someRoot(v, root => {
    if (root.kind === "inst") return root.op === "alloca"
    return root.kind === "param" && s.ir.role !== "program"
  })
}

function isContext(s: Selector, v: Value): boolean {
  return s.ir.role === "program" && someRoot(v, root => root.kind === "param" && root.index === 0)
}

/** Follows a pointer through additions, phis and selects to where it comes from. */
function someRoot(pointer: Value, test: (root: Value) => boolean): boolean {
  const seen = new Set<Value>([pointer])
  const work: Value[] = [pointer]
  for (let v = work.pop(); v !== undefined; v = work.pop()) {
    let next: readonly Value[] | undefined
    if (v.kind === "phi") next = v.args
    else if (v.kind === "inst") {
      if (v.op === "ptradd" || v.op === "opaque") next = v.args.slice(0, 1)
      else if (v.op === "select") next = v.args.slice(1)
    }
    if (next === undefined) {
      if (test(v)) return true
      continue
    }
    for (const a of next) {
      if (seen.has(a)) continue
      seen.add(a)
      work.push(a)
    }
  }
  return false
}
