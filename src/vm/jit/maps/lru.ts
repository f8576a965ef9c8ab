import * as at from "../../maps/descriptor.ts"
import type { FunctionBuilder } from "../wasm/functionBuilder.ts"
import { Op } from "../wasm/opcodes.ts"

// The order in which the elements of an LRU map were used, as maps/hash.ts keeps it.

/** Makes a node the most recently used one. */
export function writeTouch(f: FunctionBuilder, map: number, node: number): void {
  f.word(map + at.MAP_NEWEST)
    .get(node)
    .op(Op.i32Ne)
  f.if(() => {
    writeUnlink(f, map, node)
    writeAppend(f, map, node)
  })
}

/** Puts a node that is not in the order at its end. */
export function writeAppend(f: FunctionBuilder, map: number, node: number): void {
  const newest = map + at.MAP_NEWEST
  f.get(node).word(newest).memory(Op.i32Store, at.NODE_OLDER)
  f.get(node).i32(0).memory(Op.i32Store, at.NODE_NEWER)
  f.word(newest).if(
    () => f.word(newest).get(node).memory(Op.i32Store, at.NODE_NEWER),
    () => f.setWord(map + at.MAP_OLDEST, () => f.get(node)),
  )
  f.setWord(newest, () => f.get(node))
}

/** Takes a node out of the order. */
export function writeUnlink(f: FunctionBuilder, map: number, node: number): void {
  join(f, map + at.MAP_OLDEST, node, at.NODE_OLDER, at.NODE_NEWER)
  join(f, map + at.MAP_NEWEST, node, at.NODE_NEWER, at.NODE_OLDER)
}

/** `(node.here ? node.here.there : end) = node.there` */
function join(f: FunctionBuilder, end: number, node: number, here: number, there: number): void {
  f.get(node)
    .memory(Op.i32Load, here)
    .if(
      () => f.get(node).memory(Op.i32Load, here).get(node).memory(Op.i32Load, there).memory(Op.i32Store, there),
      () => f.setWord(end, () => f.get(node).memory(Op.i32Load, there)),
    )
}
