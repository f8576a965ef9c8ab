import { SkepError } from "../base/index.ts"
import { Btf, CoreMatcher, type CoreResult, type CoreTarget } from "../btf/index.ts"
import {
  BPF_ALU,
  BPF_ALU64,
  BPF_B,
  BPF_CLASS_MASK,
  BPF_DW,
  BPF_H,
  BPF_LDX,
  BPF_SIZE_MASK,
  BPF_SRC_MASK,
  BPF_ST,
  BPF_STX,
  BPF_W,
  type Insn,
  loadImm64,
  OP_LDDW,
  sizeBytes,
} from "../isa/index.ts"
import type { BpfObject, CoreRelocation, FunctionSpec, Poisoned } from "./object.ts"
import { poison } from "./poison.ts"

const SIZES: Readonly<Record<number, number>> = { 1: BPF_B, 2: BPF_H, 4: BPF_W, 8: BPF_DW }

/**
 * The object for one kernel: all CO-RE relocations filled in with what the kernel's types say. The result has none
 * left. An instruction whose value the kernel does not have is poisoned: it may stand where it is never reached (behind
 * `bpf_core_field_exists`, say); where it is reached, the verifier refuses the program, and the object tells why.
 *
 *     *(u32 *)(r1 + 4)     field_byte_offset 0:1 of task_struct, which is at 2464 there  →  *(u32 *)(r1 + 2464)
 *
 * Throws `CORE_VALUE` where an instruction cannot hold the value or does not hold the local one, and what the
 * matcher throws.
 */
export function relocateCore(object: BpfObject, target: CoreTarget): BpfObject {
  if (![...object.programs, ...object.functions].some(fn => fn.core.length > 0)) return object
  const matcher = new CoreMatcher(Btf.parse(object.btf), target)
  const relocate = <F extends FunctionSpec>(fn: F): F => (fn.core.length === 0 ? fn : relocateFunction(fn, matcher))
  return { ...object, programs: object.programs.map(relocate), functions: object.functions.map(relocate) }
}

function relocateFunction<F extends FunctionSpec>(fn: F, matcher: CoreMatcher): F {
  const insns = [...fn.insns]
  const poisoned: Poisoned[] = []
  for (const relocation of fn.core) {
    const insn = insns[relocation.insn]
    if (insn === undefined) throw badValue(fn, relocation, "is at no instruction")
    const result = matcher.resolve(relocation)
    const { local, target, what } = result
    if (target === undefined) poisoned.push({ insn: relocation.insn, why: `${what} is not in this kernel` })
    else if (!result.adjustable && isMemory(insn)) {
      poisoned.push({
        insn: relocation.insn,
        why: `${what} has ${target.size} bytes in this kernel and ${local?.size} in the program`,
      })
    } else insns[relocation.insn] = patch(fn, relocation, insn, result)
  }
  return poison({ ...fn, insns, core: [] }, poisoned)
}

const isMemory = ({ op }: Insn): boolean => {
  const cls = op & BPF_CLASS_MASK
  return cls === BPF_LDX || cls === BPF_ST || cls === BPF_STX
}

function patch(fn: FunctionSpec, relocation: CoreRelocation, insn: Insn, { local, target, what }: CoreResult): Insn {
  const value = target!.value
  const expect = (found: bigint): void => {
    if (local?.certain && target!.certain && found !== local.value) {
      throw badValue(
        fn,
        relocation,
        `is about ${what}, ${local.value} in the program, and the instruction has ${found}`,
      )
    }
  }
  if (insn.op === OP_LDDW) {
    expect(BigInt.asIntN(64, (BigInt(insn.imm64 ?? 0) << 32n) | BigInt(insn.imm >>> 0)))
    return loadImm64(insn.dst, value)
  }
  const cls = insn.op & BPF_CLASS_MASK
  if (cls === BPF_ALU || cls === BPF_ALU64) {
    if ((insn.op & BPF_SRC_MASK) !== 0) throw badValue(fn, relocation, "is at an instruction without an immediate")
    expect(BigInt(insn.imm))
    return { ...insn, imm: Number(BigInt.asIntN(32, value)) }
  }
  if (!isMemory(insn)) throw badValue(fn, relocation, "is at an instruction that holds no value of a type")
  expect(BigInt(insn.off))
  if (value > 0x7fffn) throw badValue(fn, relocation, `is about ${what}, which is ${value} bytes into its type here`)
  return { ...insn, off: Number(value), op: resized(fn, relocation, insn, local?.size ?? 0, target!.size) }
}

/** The opcode for a field that has another width in the kernel. */
function resized(fn: FunctionSpec, relocation: CoreRelocation, insn: Insn, from: number, to: number): number {
  if (from === to) return insn.op
  const size = SIZES[to]
  if (size === undefined || sizeBytes(insn.op) !== from) {
    throw badValue(
      fn,
      relocation,
      `is at a load or store of ${sizeBytes(insn.op)} bytes for a field of ${from}, here ${to}`,
    )
  }
  return (insn.op & ~BPF_SIZE_MASK) | size
}

const badValue = (fn: FunctionSpec, relocation: CoreRelocation, what: string): SkepError =>
  new SkepError({
    code: "CORE_VALUE",
    message: `the CO-RE relocation of instruction ${relocation.insn} of ${fn.name} ${what}`,
    hint: "the kernel's type has changed more than a relocation can follow: read the field with BPF_CORE_READ",
  })
