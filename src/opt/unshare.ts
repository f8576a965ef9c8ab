import type { Atomic, Inst, IrFunction, Load, Store, Value } from "../ir/index.ts"
import { replaceValues } from "../ir/index.ts"
import { Emitter } from "./emit.ts"
import { hasAllocas, isAlloca, placeOf } from "./pointers.ts"

/**
 * Plain accesses in the place of atomic and ordered ones to stack objects, which no other processor sees. They can be values then; and kernels
 * up to 6.18 lose track of precision where an atomic instruction fetches from the stack, and may take a branch for dead that is not.
 *
 *     %2 = atomic add 8 %1, %v    →    %2 = load i64 u8 %1
 *                                      %3 = add i64 %2, %v
 *                                      store 8 %1, %3
 */
export function unshare(func: IrFunction): boolean {
  if (!hasAllocas(func)) return false
  let changed = false
  const replaced = new Map<Value, Value>()
  for (const block of func.blocks) {
    if (!block.insts.some(isShared)) continue
    const emit = new Emitter(func, block)
    for (const inst of block.insts) {
      if (!isShared(inst)) emit.keep(inst)
      else if (inst.op === "atomic") replaced.set(inst, plain(emit, inst))
      else {
        inst.ordered = undefined
        emit.keep(inst)
      }
    }
    block.insts = emit.insts
    changed = true
  }
  replaceValues(func, replaced)
  return changed
}

/** An access to a stack object that minds other processors. */
function isShared(inst: Inst): inst is (Atomic | Load | Store) & Inst {
  if (inst.op === "load" || inst.op === "store") return inst.ordered === true && isAlloca(placeOf(inst.args[0]).base)
  return inst.op === "atomic" && isAlloca(placeOf(inst.args[0]).base)
}

/** The old value. */
function plain(emit: Emitter, { atomic, width, type, args, span }: Atomic & Inst): Value {
  const [pointer, value] = args
  emit.span = span
  const old = emit.add({ op: "load", type, width, signed: false, volatile: false, align: width, args: [pointer] })
  let next: Value = value
  if (atomic === "cmpxchg") {
    const same = emit.add({ op: "cmp", type: "i32", pred: "eq", args: [old, value] })
    next = emit.add({ op: "select", type, args: [same, args[2], old] })
  } else if (atomic !== "xchg") next = emit.binary(atomic, old, value)
  emit.store(pointer, width, next, width)
  return old
}
