import * as at from "../maps/descriptor.ts"
import type { VmMap } from "../maps/map.ts"
import { Bytes } from "./wasm/bytes.ts"
import { I32, Op, VOID } from "./wasm/opcodes.ts"

/** A map that compiled code looks things up in by itself. */
export interface InlineMap {
  readonly kind: "array" | "hash"
  readonly address: number
  readonly keySize: number
  readonly maxEntries: number
  /** Address of the values of an array, of the buckets of a hash. */
  readonly data: number
  /** Bytes from one value of an array to the next. */
  readonly stride: number
  /** Hash: number of buckets less 1. */
  readonly mask: number
}

/** Keys that are compared without a loop. */
const MAX_KEY = 64

/** How compiled code finds things in a map; undefined where the map does it itself. */
export function inlineMap(map: VmMap): InlineMap | undefined {
  const { type, address, keySize, maxEntries } = map
  if (type !== "array" && (type !== "hash" || keySize > MAX_KEY)) return undefined
  const word = (offset: number): number => map.memory.i32[(address + offset) >> 2]
  const stride = word(at.MAP_STRIDE)
  return { kind: type, address, keySize, maxEntries, data: word(at.MAP_DATA), stride, mask: word(at.MAP_MASK) }
}

const HASH_STEP = 0x9e3779b1
/** Locals of the function: the key's address is its parameter. */
const KEY = 0
const HASH = 1
const NODE = 2

/**
 * A function that gives the address of a key's value in a hash map, or 0, as `HashMap.lookup` does:
 *
 *     hash = the key's words and bytes mixed in, one after another
 *     for (node = bucket[hash & mask]; node ≠ 0; node = node.next)
 *       if (node.hash = hash and node.key = key) return node.value
 *     return 0
 */
export function hashLookup({ keySize, data, mask }: InlineMap): Uint8Array {
  const out = new Bytes(256)
  const op = (...codes: number[]): void => out.bytes(codes)
  const local = (code: number, index: number): void => op(code, index)
  const number = (value: number): void => {
    op(Op.i32Const)
    out.s32(value)
  }
  const load = (code: number, offset: number): void => {
    op(code, 0)
    out.u32(offset)
  }
  op(1, 2, I32)
  number(keySize)
  local(Op.localSet, HASH)
  for (const { offset, code } of pieces(keySize, false)) {
    local(Op.localGet, HASH)
    local(Op.localGet, KEY)
    load(code, offset)
    op(Op.i32Xor)
    number(HASH_STEP)
    op(Op.i32Mul)
    local(Op.localTee, HASH)
    local(Op.localGet, HASH)
    number(15)
    op(Op.i32ShrU, Op.i32Xor)
    local(Op.localSet, HASH)
  }
  local(Op.localGet, HASH)
  number(mask)
  op(Op.i32And)
  number(2)
  op(Op.i32Shl)
  load(Op.i32Load, data)
  local(Op.localTee, NODE)
  op(Op.if, VOID, Op.loop, VOID, Op.block, VOID)
  local(Op.localGet, NODE)
  load(Op.i32Load, at.NODE_HASH)
  local(Op.localGet, HASH)
  op(Op.i32Ne, Op.brIf, 0)
  for (const { offset, code, wide } of pieces(keySize, true)) {
    local(Op.localGet, NODE)
    load(code, at.NODE_KEY + offset)
    local(Op.localGet, KEY)
    load(code, offset)
    op(wide ? Op.i64Ne : Op.i32Ne, Op.brIf, 0)
  }
  local(Op.localGet, NODE)
  number(at.NODE_KEY + ((keySize + 7) & ~7))
  op(Op.i32Add, Op.return, Op.end)
  local(Op.localGet, NODE)
  load(Op.i32Load, at.NODE_NEXT)
  local(Op.localTee, NODE)
  op(Op.brIf, 0, Op.end, Op.end)
  number(0)
  op(Op.end)
  return out.view
}

/** A key as loads: words and then bytes, or (to compare) as large as they can be. */
function pieces(size: number, wide: boolean): { offset: number; code: number; wide: boolean }[] {
  const found: { offset: number; code: number; wide: boolean }[] = []
  let offset = 0
  for (; wide && offset + 8 <= size; offset += 8) found.push({ offset, code: Op.i64Load, wide: true })
  for (; offset + 4 <= size; offset += 4) found.push({ offset, code: Op.i32Load, wide: false })
  for (; offset < size; offset++) found.push({ offset, code: Op.i32Load8U, wide: false })
  return found
}
