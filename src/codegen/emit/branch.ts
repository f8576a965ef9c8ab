import * as o from "../../isa/index.ts"
import { type MTerm, NO_REG } from "../mir/mir.ts"
import type { CpuLevel } from "../options.ts"

const INVERSE: Record<number, number> = {
  [o.BPF_JEQ]: o.BPF_JNE,
  [o.BPF_JNE]: o.BPF_JEQ,
  [o.BPF_JGT]: o.BPF_JLE,
  [o.BPF_JLE]: o.BPF_JGT,
  [o.BPF_JGE]: o.BPF_JLT,
  [o.BPF_JLT]: o.BPF_JGE,
  [o.BPF_JSGT]: o.BPF_JSLE,
  [o.BPF_JSLE]: o.BPF_JSGT,
  [o.BPF_JSGE]: o.BPF_JSLT,
  [o.BPF_JSLT]: o.BPF_JSGE,
}

/** Level 1 lacks these; between registers the operands are exchanged. */
const EXCHANGED: Record<number, number> = {
  [o.BPF_JLT]: o.BPF_JGT,
  [o.BPF_JLE]: o.BPF_JGE,
  [o.BPF_JSLT]: o.BPF_JSGT,
  [o.BPF_JSLE]: o.BPF_JSGE,
}

/** The jump of a branch, taken when its comparison holds. */
export function jumpInsn(t: MTerm): o.Insn {
  if (t.op === o.BPF_JCOND) return o.mayGoto(0)
  return makeJump(t.op, t.wide, t.dst, t.src, t.imm)
}

/** The jump taken when the comparison does not hold; undefined where there is none (bit tests; some of level 1). */
export function inverseJump(t: MTerm, cpu: CpuLevel): o.Insn | undefined {
  const op = INVERSE[t.op]
  if (op === undefined) return undefined
  const exchanged = cpu === 1 ? EXCHANGED[op] : undefined
  if (exchanged === undefined) return makeJump(op, t.wide, t.dst, t.src, t.imm)
  return t.src === NO_REG ? undefined : makeJump(exchanged, t.wide, t.src, t.dst, t.imm)
}

function makeJump(op: number, wide: boolean, dst: number, src: number, imm: number): o.Insn {
  if (src === NO_REG) return wide ? o.jumpImm(op, dst, imm, 0) : o.jump32Imm(op, dst, imm, 0)
  return wide ? o.jumpReg(op, dst, src, 0) : o.jump32Reg(op, dst, src, 0)
}
