import type { MapSpec } from "../object/index.ts"

/** Types of a map's keys and values, and the map that its elements are like. */
export interface TableParts {
  /** As TypeScript; asked only where the class has such a parameter. */
  readonly key: () => string
  readonly value: () => string
  /** Class of the maps in a map of maps. */
  readonly inner: () => string
}

/** The class that `b.table()` gives for a type of map, and what stands between its angle brackets. */
const CLASSES: Readonly<Record<string, readonly [name: string, ...(keyof TableParts)[]]>> = {
  hash: ["HashTable", "key", "value"],
  lru_hash: ["HashTable", "key", "value"],
  percpu_hash: ["PerCpuHash", "key", "value"],
  lru_percpu_hash: ["PerCpuHash", "key", "value"],
  array: ["ArrayTable", "value"],
  percpu_array: ["PerCpuArray", "value"],
  lpm_trie: ["LpmTrie", "value", "key"],
  cgroup_storage: ["Table", "key", "value"],
  percpu_cgroup_storage: ["PerCpuTable", "key", "value"],
  prog_array: ["ProgArray"],
  perf_event_array: ["PerfEventArray"],
  cgroup_array: ["CgroupArray"],
  array_of_maps: ["ArrayOfMaps", "inner"],
  hash_of_maps: ["HashOfMaps", "key", "inner"],
  devmap: ["DevMap", "key"],
  devmap_hash: ["DevMap", "key"],
  cpumap: ["CpuMap"],
  xskmap: ["XskMap"],
  sockmap: ["SockMap"],
  sockhash: ["SockHash", "key"],
  reuseport_sockarray: ["ReuseportSockArray"],
  queue: ["Queue", "value"],
  stack: ["Stack", "value"],
  bloom_filter: ["BloomFilter", "value"],
  stack_trace: ["StackTraceTable"],
  ringbuf: ["RingBuffer"],
  user_ringbuf: ["UserRingBuffer"],
  sk_storage: ["SkStorage", "value"],
  inode_storage: ["InodeStorage", "value"],
  task_storage: ["TaskStorage", "value"],
  cgrp_storage: ["CgroupStorage", "value"],
  struct_ops: ["StructOpsMap"],
  arena: ["Arena"],
}

/** Names of the classes that types of tables may have: types of a program must not be called so. */
export const TABLE_CLASSES: readonly string[] = [...new Set(Object.values(CLASSES).map(([name]) => name)), "BpfMap"]

/** A table's class as TypeScript: `HashTable<key_t, bigint>`. `used` is told the name of each class. */
export function tableType(map: MapSpec, parts: TableParts, used: (name: string) => void): string {
  const [name, ...parameters] = CLASSES[map.type] ?? ["BpfMap"]
  used(name)
  if (parameters.length === 0) return name
  return `${name}<${parameters.map(part => parts[part]()).join(", ")}>`
}
