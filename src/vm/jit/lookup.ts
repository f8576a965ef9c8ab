import * as o from "../../isa/index.ts"
import { KERNEL } from "../address.ts"
import type { FunctionWriter } from "./functionWriter.ts"
import type { InlineMap } from "./inlineMaps.ts"
import { address } from "./memory.ts"
import { I32, I64, Op } from "./wasm/opcodes.ts"

/**
 * `bpf_map_lookup_elem` of a map that is known: for an array a comparison and a multiplication,
 *
 *     r0 = index < maxEntries ? data + index · stride : 0
 *
 * for a hash a call of the function `find` of the module.
 */
export function translateLookup(w: FunctionWriter, i: number, map: InlineMap, find: number): void {
  const to = w.writtenWeb(i)
  if (to < 0) return
  const slot = w.a.slotOf[i - w.a.range.first]
  const { temp32 } = w.locals
  if (map.kind === "hash") {
    w.low(w.readWeb(i, o.R2))
    w.opWith(Op.call, find)
  } else {
    if (slot !== 0) w.low(w.readWeb(i, slot))
    else w.memory(Op.i32Load, address(w, w.readWeb(i, o.R2), 0))
    w.opWith(Op.localTee, temp32)
    w.i32(map.stride)
    w.op(Op.i32Mul)
    w.i32(map.data)
    w.op(Op.i32Add)
    w.i32(0)
    w.opWith(Op.localGet, temp32)
    w.i32(map.maxEntries)
    w.op(Op.i32LtU)
    w.op(Op.select)
  }
  if (w.isNarrow(to)) {
    w.set(to, I32)
    return
  }
  w.opWith(Op.localTee, temp32)
  w.op(Op.i64ExtendI32U)
  w.i64(0, KERNEL)
  w.i64(0, 0)
  w.opWith(Op.localGet, temp32)
  w.op(Op.select)
  w.op(Op.i64Or)
  w.set(to, I64)
}
