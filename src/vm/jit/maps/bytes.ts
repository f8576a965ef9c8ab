import type { FunctionBuilder } from "../wasm/functionBuilder.ts"
import { Op } from "../wasm/opcodes.ts"

/** A part of some bytes that one load or store moves. */
interface Piece {
  readonly offset: number
  readonly load: number
  readonly store: number
  /** What tells that two of them differ. */
  readonly differs: number
}

/** Bytes that are moved or compared without a loop, at most. */
export const MOST_UNROLLED = 64

/** As few pieces as so many bytes can be moved in. `words` has none of 64 bits. */
export function pieces(size: number, words = false): readonly Piece[] {
  const found: Piece[] = []
  let offset = 0
  const take = (bytes: number, load: number, store: number, differs: number): void => {
    for (; offset + bytes <= size; offset += bytes) found.push({ offset, load, store, differs })
  }
  if (!words) take(8, Op.i64Load, Op.i64Store, Op.i64Ne)
  take(4, Op.i32Load, Op.i32Store, Op.i32Ne)
  if (!words) take(2, Op.i32Load16U, Op.i32Store16, Op.i32Ne)
  take(1, Op.i32Load8U, Op.i32Store8, Op.i32Ne)
  return found
}

/** Copies bytes from the address in one local to that in another, which may overlap: all are loaded before the first is stored. */
export function writeCopy(f: FunctionBuilder, to: number, toOffset: number, from: number, size: number): void {
  if (size > MOST_UNROLLED) {
    f.get(to).i32(toOffset).op(Op.i32Add).get(from).i32(size).copyBytes()
    return
  }
  const all = pieces(size)
  for (const { offset, load } of all) f.get(to).get(from).memory(load, offset)
  for (const { offset, store } of all.toReversed()) f.memory(store, toOffset + offset)
}
