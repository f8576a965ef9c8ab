/**
 * What stands in linear memory where programs have a map's address: 32-bit words, which compiled code reads. `data` and `stride` say where elements are:
 *
 *     array         value of index i on CPU c at   data + i · stride + c · cpuStride          (c is 0 where a map is not per CPU)
 *     hash          bucket b is the word at        data + 4 · b, the address of its first node or 0; b = hash(key) & mask
 *                   node n of all at               nodes + n · stride
 *
 *     node          +0  next node of the bucket, or of the free ones; 0 at the end
 *                   +4  hash of the key
 *                   +8  LRU: the node used next before this one
 *                   +12 LRU: the node used next after this one
 *                   +16 key, padded to 8 with zeros
 *                   +16 + padded key size    value of CPU 0, and at distances of cpuStride those of the others
 *
 * Programs may touch values and nothing else of it.
 */
export const DESCRIPTOR_BYTES = 64

/** Handle of the map: it tells a map from other memory. */
export const MAP_HANDLE = 0
/** Number of its type in `enum bpf_map_type`. */
export const MAP_TYPE = 4
export const MAP_KEY_SIZE = 8
/** Bytes of one value. */
export const MAP_VALUE_SIZE = 12
export const MAP_MAX_ENTRIES = 16
export const MAP_FLAGS = 20
/** Address of values, or of buckets. */
export const MAP_DATA = 24
/** Bytes from one value, or node, to the next. */
export const MAP_STRIDE = 28
/** Hash: number of elements. */
export const MAP_COUNT = 32
/** Hash: first free node, 0 for none: then those from `MAP_USED` on, which were never used, are left. */
export const MAP_FREE = 36
/** Hash: number of buckets less 1, a power of two less 1. */
export const MAP_MASK = 40
/** Bytes from one CPU's value to the next CPU's; 0 where there is one for all. */
export const MAP_CPU_STRIDE = 44
/** Hash: address of the first node. */
export const MAP_NODES = 48
/** Hash: number of nodes that hold elements or are, or were, among the free ones: all others lie behind them. */
export const MAP_USED = 52
/** Hash: the least recently used node (LRU); 0 for none. */
export const MAP_OLDEST = 56
/** Hash: the most recently used node (LRU); 0 for none. */
export const MAP_NEWEST = 60

export const NODE_NEXT = 0
export const NODE_HASH = 4
export const NODE_OLDER = 8
export const NODE_NEWER = 12
export const NODE_KEY = 16
