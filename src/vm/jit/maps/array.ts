import { CPU_WORD } from "../../address.ts"
import { E2BIG, EEXIST, EINVAL } from "../../errno.ts"
import * as at from "../../maps/descriptor.ts"
import { BPF_EXIST, BPF_F_LOCK, BPF_NOEXIST, type VmMap } from "../../maps/map.ts"
import { FunctionBuilder } from "../wasm/functionBuilder.ts"
import { Op } from "../wasm/opcodes.ts"
import { writeCopy } from "./bytes.ts"

/** `(key, value, flags) → 0 or −errno` for an array, per CPU or not: what maps/array.ts does. */
export function arrayUpdate(map: VmMap): Uint8Array {
  const word = (offset: number): number => map.memory.i32[(map.address + offset) >> 2]
  const [key, value, flags] = [0, 1, 2]
  const f = new FunctionBuilder(3)
  const to = f.local()
  f.get(flags).i64(~BPF_F_LOCK, -1).op(Op.i64And).i64(BPF_EXIST, 0).op(Op.i64GtU).returnIf(-EINVAL)
  f.get(key).memory(Op.i32Load, 0).tee(to).i32(map.maxEntries).op(Op.i32GeU).returnIf(-E2BIG)
  f.get(flags).i64(BPF_NOEXIST, 0).op(Op.i64And, Op.i32WrapI64).returnIf(-EEXIST)
  // A map whose values hold a lock has no such function.
  f.get(flags).i64(BPF_F_LOCK, 0).op(Op.i64And, Op.i32WrapI64).returnIf(-EINVAL)
  f.get(to).i32(word(at.MAP_STRIDE)).op(Op.i32Mul).i32(word(at.MAP_DATA)).op(Op.i32Add)
  if (word(at.MAP_CPU_STRIDE) !== 0) f.word(CPU_WORD).i32(word(at.MAP_CPU_STRIDE)).op(Op.i32Mul, Op.i32Add)
  f.set(to)
  writeCopy(f, to, 0, value, map.valueSize)
  return f.i32(0).finish()
}
