import * as o from "../../isa/index.ts"
import { CPU_WORD, KERNEL } from "../address.ts"
import * as at from "../maps/descriptor.ts"
import type { VmMap } from "../maps/map.ts"
import type { FunctionWriter } from "./functionWriter.ts"
import type { MapFunction } from "./maps/index.ts"
import { address } from "./memory.ts"
import { I32, I64, Op } from "./wasm/opcodes.ts"

/** Whether a map is one whose lookup is written in place. */
export const isArray = ({ type }: VmMap): boolean => type === "array" || type === "percpu_array"

/**
 * `bpf_map_lookup_elem` of an array that is known:
 *
 *     r0 = index < maxEntries ? data + index · stride + cpu · cpuStride : 0
 */
export function translateArrayLookup(w: FunctionWriter, i: number, map: VmMap): void {
  const to = w.writtenWeb(i)
  if (to < 0) return
  const word = (offset: number): number => map.memory.i32[(map.address + offset) >> 2]
  const slot = w.a.slotOf[i - w.a.range.first]
  const { temp32 } = w.locals
  if (slot !== 0) w.low(w.readWeb(i, slot))
  else w.memory(Op.i32Load, address(w, w.readWeb(i, o.R2), 0))
  w.opWith(Op.localTee, temp32)
  w.i32(word(at.MAP_STRIDE))
  w.op(Op.i32Mul)
  w.i32(word(at.MAP_DATA))
  w.op(Op.i32Add)
  const cpuStride = word(at.MAP_CPU_STRIDE)
  if (cpuStride !== 0) {
    w.i32(0)
    w.memory(Op.i32Load, CPU_WORD)
    w.i32(cpuStride)
    w.op(Op.i32Mul)
    w.op(Op.i32Add)
  }
  w.i32(0)
  w.opWith(Op.localGet, temp32)
  w.i32(map.maxEntries)
  w.op(Op.i32LtU)
  w.op(Op.select)
  takeAddress(w, to)
}

/** The call of a helper on a map that is known, by a function of the module. */
export function translateMapCall(w: FunctionWriter, i: number, { shape }: MapFunction, index: number): void {
  for (const [register, type] of shape.parameters) {
    const web = w.readWeb(i, register)
    if (type === I64) w.wide(web)
    else w.low(web)
  }
  w.opWith(Op.call, index)
  const to = w.writtenWeb(i)
  if (to < 0) w.op(Op.drop)
  else if (shape.gives === "address") takeAddress(w, to)
  else if (w.isNarrow(to)) w.set(to, I32)
  else {
    w.op(Op.i64ExtendI32S)
    w.set(to, I64)
  }
}

/** Takes an address of the machine's memory, or 0, into a web. */
function takeAddress(w: FunctionWriter, to: number): void {
  if (w.isNarrow(to)) {
    w.set(to, I32)
    return
  }
  const { temp32 } = w.locals
  w.opWith(Op.localTee, temp32)
  w.op(Op.i64ExtendI32U)
  w.i64(0, KERNEL)
  w.i64(0, 0)
  w.opWith(Op.localGet, temp32)
  w.op(Op.select)
  w.op(Op.i64Or)
  w.set(to, I64)
}
