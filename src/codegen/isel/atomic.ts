import { SkepError } from "../../base/index.ts"
import type { AtomicOp, Inst, Value } from "../../ir/index.ts"
import * as o from "../../isa/index.ts"
import type { MInst, Reg } from "../mir/mir.ts"
import { type Address, selectAddress } from "./address.ts"
import type { Selector } from "./selector.ts"

const OPERATION: Record<AtomicOp, number> = {
  add: o.BPF_ADD,
  and: o.BPF_AND,
  or: o.BPF_OR,
  xor: o.BPF_XOR,
  xchg: o.BPF_XCHG,
  cmpxchg: o.BPF_CMPXCHG,
}

/**
 * An atomic operation, without fetch where nothing needs the old value. Every kernel adds; the others, and the old value, are of level 3.
 * Errors: CODEGEN_ATOMIC.
 */
export function selectAtomic(s: Selector, v: Inst & { op: "atomic" }): void {
  const fetch = v.atomic === "xchg" || v.atomic === "cmpxchg" || s.plan.inRegister(v)
  if (s.cpu < 3 && (fetch || v.atomic !== "add")) {
    throw new SkepError({
      code: "CODEGEN_ATOMIC",
      message: `an atomic ${v.atomic}${fetch ? " that gives the old value" : ""} needs instruction set level 3 (this is for level ${s.cpu})`,
      span: v.span,
      hint: "Compile for level 3 or higher, or do without the result of an atomic addition.",
      missing: { feature: "atomic operations other than addition", minKernel: "5.12" },
    })
  }
  const at = selectAddress(s, v.args[0], v.width, v.width)
  if (v.atomic === "cmpxchg") {
    const replacement = s.reg(v.args[2])
    s.moveInto(o.R0, v.args[1])
    emit(s, v, at, replacement, o.BPF_CMPXCHG)
    if (s.plan.inRegister(v)) s.bind(v, s.copy(o.R0))
    return
  }
  const operation = OPERATION[v.atomic]
  if (!fetch) {
    emit(s, v, at, s.reg(v.args[1]), operation)
    return
  }
  const r = copyOf(s, v.args[1])
  emit(s, v, at, r, operation | o.BPF_FETCH)
  s.bind(v, r)
}

function copyOf(s: Selector, v: Value): Reg {
  const r = s.newReg()
  s.moveInto(r, v)
  return r
}

function emit(s: Selector, v: Inst & { op: "atomic" }, at: Address, src: Reg, operation: number): void {
  const size = v.width === 8 ? o.BPF_DW : o.BPF_W
  const inst: MInst = s.emit(o.BPF_STX | o.BPF_ATOMIC | size, at.base, src, at.off, operation)
  inst.slot = at.slot
}
