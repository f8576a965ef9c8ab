import * as o from "../../isa/index.ts"
import type { FunctionWriter } from "./functionWriter.ts"
import { address, store, translateLoad, translateStore } from "./memory.ts"
import { I32, I64, Op } from "./wasm/opcodes.ts"

/** Translates an atomic operation. One program runs at a time in a memory, so it is a read, a computation and a write. */
export function translateAtomic(w: FunctionWriter, i: number): void {
  const { op, dst, src, off, imm } = w.insn(i)
  if (imm === o.BPF_LOAD_ACQ) {
    translateLoad(w, i)
    return
  }
  if (imm === o.BPF_STORE_REL) {
    translateStore(w, i)
    return
  }
  const size = op & o.BPF_SIZE_MASK
  const wide = size === o.BPF_DW
  const load = wide ? Op.i64Load : Op.i32Load
  const type = wide ? I64 : I32
  const old = wide ? w.locals.temp64 : w.locals.temp32
  const base = w.readWeb(i, dst)
  const operand = w.readWeb(i, src)
  const value = (web: number): void => (wide ? w.wide(web) : w.low(web))
  const result = w.writtenWeb(i)

  const offset = address(w, base, off)
  address(w, base, off)
  w.memory(load, offset)
  if (imm === o.BPF_XCHG) {
    w.opWith(Op.localSet, old)
    store(w, operand, size, offset)
  } else if (imm === o.BPF_CMPXCHG) {
    // What is stored: the operand where the old value is that of r0, the old value otherwise.
    w.opWith(Op.localSet, old)
    value(operand)
    w.opWith(Op.localGet, old)
    w.opWith(Op.localGet, old)
    value(w.readWeb(i, o.R0))
    w.op(wide ? Op.i64Eq : Op.i32Eq)
    w.op(Op.select)
    w.memory(wide ? Op.i64Store : Op.i32Store, offset)
  } else {
    if ((imm & o.BPF_FETCH) !== 0) w.opWith(Op.localTee, old)
    value(operand)
    w.op(operator(imm & ~o.BPF_FETCH, wide))
    w.memory(wide ? Op.i64Store : Op.i32Store, offset)
  }
  if (result < 0) return
  w.opWith(Op.localGet, old)
  w.set(result, type)
}

function operator(operation: number, wide: boolean): number {
  switch (operation) {
    case o.BPF_ADD:
      return wide ? Op.i64Add : Op.i32Add
    case o.BPF_AND:
      return wide ? Op.i64And : Op.i32And
    case o.BPF_OR:
      return wide ? Op.i64Or : Op.i32Or
    default:
      return wide ? Op.i64Xor : Op.i32Xor
  }
}
