import { CPU_WORD } from "../../address.ts"
import { E2BIG, EEXIST, EINVAL, ENOENT } from "../../errno.ts"
import * as at from "../../maps/descriptor.ts"
import { HASH_STEP } from "../../maps/hash.ts"
import { BPF_EXIST, BPF_NOEXIST, type VmMap } from "../../maps/map.ts"
import { wordsOfCall } from "../calls.ts"
import { FunctionBuilder } from "../wasm/functionBuilder.ts"
import { Op } from "../wasm/opcodes.ts"
import { pieces, writeCopy } from "./bytes.ts"
import { writeAppend, writeTouch, writeUnlink } from "./lru.ts"

// What maps/hash.ts does, for one map, with all that is known of it as constants: both work on the same bytes.

/** Keys that are compared without a loop have at most so many bytes. */
export const MAX_KEY = 64

/** `refill` is called as the helper is whose place the function takes: V8 makes a wrapper for each signature. Only the map's address counts. */
const REFILL_WORDS = wordsOfCall(4)

/** What functions of a hash map know about it. */
class Layout {
  readonly address: number
  readonly keySize: number
  readonly valueSize: number
  readonly isLru: boolean
  readonly buckets: number
  readonly mask: number
  readonly cpuStride: number
  /** Bytes from a node to its value. */
  readonly valueAt: number
  /** Bytes of the values of all CPUs. */
  readonly valueBytes: number

  constructor(map: VmMap) {
    const word = (offset: number): number => map.memory.i32[(map.address + offset) >> 2]
    this.address = map.address
    this.keySize = map.keySize
    this.valueSize = map.valueSize
    this.isLru = map.type.startsWith("lru_")
    this.buckets = word(at.MAP_DATA)
    this.mask = word(at.MAP_MASK)
    this.cpuStride = word(at.MAP_CPU_STRIDE)
    this.valueAt = at.NODE_KEY + ((map.keySize + 7) & ~7)
    this.valueBytes = word(at.MAP_STRIDE) - this.valueAt
  }
}

/** `(key) → address of the value of this CPU, or 0` */
export function hashLookup(map: VmMap): Uint8Array {
  const layout = new Layout(map)
  const key = 0
  const f = new FunctionBuilder(1)
  const [hash, link, node] = [f.local(), f.local(), f.local()]
  writeHash(f, layout, key, hash)
  writeFind(f, layout, { key, hash, link, node }, () => {
    if (layout.isLru) writeTouch(f, layout.address, node)
    writeValue(f, layout, node)
    f.op(Op.return)
  })
  return f.i32(0).finish()
}

/** `(key, value, flags) → 0 or −errno`; flags are 64 bits. `refill` is a function that puts unused nodes among the free ones. */
export function hashUpdate(map: VmMap, refill: number): Uint8Array {
  const layout = new Layout(map)
  const { address, keySize, valueSize, isLru, cpuStride, valueAt, valueBytes } = layout
  const [key, value, flags] = [0, 1, 2]
  const f = new FunctionBuilder(3)
  const [hash, link, node, to] = [f.local(), f.local(), f.local(), f.local()]
  const isFlag = (flag: number): FunctionBuilder => f.get(flags).i64(flag, 0).op(Op.i64Eq)
  const storeValue = (): void => {
    writeValue(f, layout, node)
    f.set(to)
    writeCopy(f, to, 0, value, valueSize)
  }
  f.get(flags).i64(BPF_EXIST, 0).op(Op.i64GtU).returnIf(-EINVAL)
  writeHash(f, layout, key, hash)
  writeFind(f, layout, { key, hash, link, node }, () => {
    isFlag(BPF_NOEXIST).returnIf(-EEXIST)
    if (isLru) writeTouch(f, address, node)
    storeValue()
    f.i32(0).op(Op.return)
  })
  isFlag(BPF_EXIST).returnIf(-ENOENT)
  const free = address + at.MAP_FREE
  f.word(free).op(Op.i32Eqz)
  f.if(() => {
    f.i32(address)
    for (let n = 1; n < REFILL_WORDS; n++) f.i32(0)
    f.call(refill).op(Op.drop)
  })
  f.word(free).tee(node)
  f.op(Op.i32Eqz).if(
    () => {
      if (!isLru) {
        f.i32(-E2BIG).op(Op.return)
        return
      }
      f.word(address + at.MAP_OLDEST).set(node)
      writeRemove(f, layout, node, link)
    },
    () => f.setWord(free, () => f.get(node).memory(Op.i32Load, at.NODE_NEXT)),
  )
  // node.next = bucket; bucket = node
  writeBucket(f, layout, hash)
  f.set(link)
  f.get(node).get(link).memory(Op.i32Load, 0).memory(Op.i32Store, at.NODE_NEXT)
  f.get(link).get(node).memory(Op.i32Store, 0)
  f.get(node).get(hash).memory(Op.i32Store, at.NODE_HASH)
  writeCopy(f, node, at.NODE_KEY, key, keySize)
  if (cpuStride !== 0) f.get(node).i32(valueAt).op(Op.i32Add).i32(0).i32(valueBytes).fillBytes()
  storeValue()
  if (isLru) writeAppend(f, address, node)
  writeCount(f, address, 1)
  return f.i32(0).finish()
}

/** `(key) → 0 or −errno` */
export function hashDelete(map: VmMap): Uint8Array {
  const layout = new Layout(map)
  const { address, isLru } = layout
  const free = address + at.MAP_FREE
  const key = 0
  const f = new FunctionBuilder(1)
  const [hash, link, node] = [f.local(), f.local(), f.local()]
  writeHash(f, layout, key, hash)
  writeFind(f, layout, { key, hash, link, node }, () => {
    f.get(link).get(node).memory(Op.i32Load, at.NODE_NEXT).memory(Op.i32Store, 0)
    if (isLru) writeUnlink(f, address, node)
    f.get(node).word(free).memory(Op.i32Store, at.NODE_NEXT)
    f.setWord(free, () => f.get(node))
    writeCount(f, address, -1)
    f.i32(0).op(Op.return)
  })
  return f.i32(-ENOENT).finish()
}

/** `hash = hashOf(key)` */
function writeHash(f: FunctionBuilder, { keySize }: Layout, key: number, hash: number): void {
  f.i32(keySize).set(hash)
  for (const { offset, load } of pieces(keySize, true)) {
    f.get(hash).get(key).memory(load, offset).op(Op.i32Xor).i32(HASH_STEP).op(Op.i32Mul).tee(hash)
    f.get(hash).i32(15).op(Op.i32ShrU, Op.i32Xor).set(hash)
  }
}

/** Leaves the address of the bucket of a hash. */
function writeBucket(f: FunctionBuilder, { buckets, mask }: Layout, hash: number): void {
  f.get(hash).i32(mask).op(Op.i32And).i32(2).op(Op.i32Shl).i32(buckets).op(Op.i32Add)
}

/** Locals of a search: the two first are given, the others are where it got. */
interface Search {
  readonly key: number
  readonly hash: number
  /** Address of the word that holds the address of `node`. */
  readonly link: number
  readonly node: number
}

/**
 * Goes through the nodes of a bucket. What `found` writes must return:
 *
 *     for (link = bucket; (node = *link) ≠ 0; link = node)
 *       if (node.hash = hash and node.key = key) found
 */
function writeFind(f: FunctionBuilder, layout: Layout, { key, hash, link, node }: Search, found: () => void): void {
  writeBucket(f, layout, hash)
  f.tee(link).memory(Op.i32Load, 0).tee(node)
  f.if(() =>
    f.loop(() => {
      f.block(() => {
        f.get(node).memory(Op.i32Load, at.NODE_HASH).get(hash).op(Op.i32Ne, Op.brIf, 0)
        for (const { offset, load, differs } of pieces(layout.keySize)) {
          f.get(node).memory(load, at.NODE_KEY + offset)
          f.get(key).memory(load, offset).op(differs, Op.brIf, 0)
        }
        found()
      })
      f.get(node).tee(link).memory(Op.i32Load, at.NODE_NEXT).tee(node).op(Op.brIf, 0)
    }),
  )
}

/** Takes a node that is in the map out of its bucket and of the order of use. `link` is for the search. */
function writeRemove(f: FunctionBuilder, layout: Layout, node: number, link: number): void {
  const { address, buckets, mask } = layout
  f.get(node).memory(Op.i32Load, at.NODE_HASH).i32(mask).op(Op.i32And).i32(2).op(Op.i32Shl)
  f.i32(buckets).op(Op.i32Add).set(link)
  f.block(() =>
    f.loop(() => {
      f.get(link).memory(Op.i32Load, 0).get(node).op(Op.i32Eq, Op.brIf, 1)
      f.get(link).memory(Op.i32Load, 0).set(link).op(Op.br, 0)
    }),
  )
  f.get(link).get(node).memory(Op.i32Load, at.NODE_NEXT).memory(Op.i32Store, 0)
  writeUnlink(f, address, node)
  writeCount(f, address, -1)
}

/** Leaves the address of the value of this CPU. */
function writeValue(f: FunctionBuilder, { valueAt, cpuStride }: Layout, node: number): void {
  f.get(node).i32(valueAt).op(Op.i32Add)
  if (cpuStride !== 0) f.word(CPU_WORD).i32(cpuStride).op(Op.i32Mul, Op.i32Add)
}

function writeCount(f: FunctionBuilder, address: number, more: number): void {
  const count = address + at.MAP_COUNT
  f.setWord(count, () => f.word(count).i32(more).op(Op.i32Add))
}
