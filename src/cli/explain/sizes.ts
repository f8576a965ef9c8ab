import { type Insn, SLOT_BYTES, slotStarts } from "../../isa/index.ts"
import type { FunctionSpec } from "../../object/index.ts"

/** How large a function is, and what it uses. */
export interface Sizes {
  /** Instructions, those of 64-bit constants counted once. */
  readonly instructions: number
  readonly bytes: number
  /** Bytes of stack below its frame pointer. */
  readonly stack: number
  readonly maps: readonly string[]
  readonly calls: readonly string[]
}

export function sizesOf(spec: FunctionSpec): Sizes {
  const maps = new Set<string>()
  const calls = new Set<string>()
  for (const relocation of spec.relocations) {
    if (relocation.kind === "map" || relocation.kind === "mapValue") maps.add(relocation.map)
    else if (relocation.kind === "call" || relocation.kind === "function") calls.add(relocation.function)
  }
  return {
    instructions: spec.insns.length,
    bytes: slotStarts(spec.insns)[spec.insns.length] * SLOT_BYTES,
    stack: stackOf(spec.insns),
    maps: [...maps],
    calls: [...calls],
  }
}

const FRAME = 10
const MOV64_REG = 0xbf
const ADD64_IMM = 0x07
/** Classes of loads and stores: LDX, ST, STX. */
const MEMORY = new Set([1, 2, 3])

/**
 * The lowest place below r10 that is used: by a load or store, or as an address.
 *
 *     *(u64 *)(r10 - 16) = r1        16
 *     r2 = r10; r2 += -24            24
 */
function stackOf(insns: readonly Insn[]): number {
  let lowest = 0
  /** Registers that hold r10 and nothing added. */
  const copies = new Set<number>()
  for (const { op, dst, src, off, imm } of insns) {
    const kind = op & 7
    if (MEMORY.has(kind)) {
      if ((kind === 1 ? src : dst) === FRAME) lowest = Math.min(lowest, off)
      if (kind === 1) copies.delete(dst)
    } else if (op === MOV64_REG && src === FRAME && off === 0) copies.add(dst)
    else {
      if (op === ADD64_IMM && copies.has(dst)) lowest = Math.min(lowest, imm)
      copies.delete(dst)
    }
  }
  return -lowest
}
