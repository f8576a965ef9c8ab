import { sys } from "../raw/index.ts"
import * as a from "./attr.ts"
import { watcher } from "./watch.ts"

/** Arguments of BPF_MAP_CREATE. Sizes are bytes. */
export interface MapCreate {
  /** `enum bpf_map_type`. */
  readonly type: number
  readonly keySize: number
  readonly valueSize: number
  readonly maxEntries: number
  readonly flags: number
  readonly name?: string
  readonly innerFd?: number
  readonly btfFd?: number
  readonly btfKeyType?: number
  readonly btfValueType?: number
  /** NUMA node, with the flag BPF_F_NUMA_NODE. Linux 4.14. */
  readonly numaNode?: number
  /** What the type of map takes besides: hash functions of a Bloom filter, address of an arena. Linux 5.16. */
  readonly extra?: number
  /** Id in the kernel's BTF of what a struct_ops map holds. Linux 5.6. */
  readonly kernelValueType?: number
  /** Descriptor of the module's BTF that `kernelValueType` is in. Linux 6.9. */
  readonly kernelValueFd?: number
}

/** Makes a map; its descriptor, or −errno. */
export function mapCreate(map: MapCreate): number {
  const attr = a.attr().u32(0, map.type).u32(4, map.keySize).u32(8, map.valueSize).u32(12, map.maxEntries)
  attr.u32(16, map.flags).u32(20, map.innerFd ?? 0)
  attr.u32(24, map.numaNode ?? 0).u64(64, map.extra ?? 0)
  attr.u32(60, map.kernelValueType ?? 0).u32(72, map.kernelValueFd ?? 0)
  if (map.name !== undefined) attr.name(28, map.name)
  if (map.btfFd !== undefined) {
    attr
      .u32(48, map.btfFd)
      .u32(52, map.btfKeyType ?? 0)
      .u32(56, map.btfValueType ?? 0)
  }
  const result = attr.call(a.BPF_MAP_CREATE)
  watcher?.mapCreated(result, map)
  return result
}

/** The words of the attr that element commands take: u32 fd, pad; u64 key, value, flags. */
const element = new Uint32Array(8)
let elementAddress = 0

/**
 * One of the element commands (lookup, update, delete, next key, lookup and delete) on addresses of buffers that the
 * caller holds: the hot path, with an attr of its own. `value` is the next key's place for BPF_MAP_GET_NEXT_KEY.
 */
export function mapElement(command: number, fd: number, key: number, value: number, flags: number): number {
  const raw = sys()
  if (elementAddress === 0) elementAddress = raw.address(new Uint8Array(element.buffer))
  element[0] = fd
  element[2] = key
  element[3] = key / 0x1_0000_0000
  element[4] = value
  element[5] = value / 0x1_0000_0000
  element[6] = flags
  return raw.call(raw.numbers.bpf, command, elementAddress, 32)
}

/** Makes a map read-only for user space. Linux 5.2. */
export function mapFreeze(fd: number): number {
  return a.attr().u32(0, fd).call(a.BPF_MAP_FREEZE)
}

export interface MapBatch {
  readonly fd: number
  /** Where to go on, as the call before wrote it; undefined at the start. Not used by update and delete. */
  readonly from?: Uint8Array
  /** Receives where the next call goes on. */
  readonly next?: Uint8Array
  readonly keys: Uint8Array
  readonly values?: Uint8Array
  /** Elements that `keys` and `values` have room for. */
  readonly count: number
  readonly elementFlags?: number
}

/** A batch command. `count` is how many elements it moved, which the kernel tells on failure, too. Linux 5.6. */
export function mapBatch(command: number, batch: MapBatch): { result: number; count: number } {
  const attr = a
    .attr()
    .ptr(0, batch.from)
    .ptr(8, batch.next)
    .ptr(16, batch.keys)
    .ptr(24, batch.values)
    .u32(32, batch.count)
    .u32(36, batch.fd)
    .u64(40, batch.elementFlags ?? 0)
  const result = attr.call(command)
  return { result, count: attr.read(32) }
}
