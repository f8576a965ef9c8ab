import type { LoadedMap } from "../../machine/index.ts"
import { ArrayTable } from "./array.ts"
import { BpfMap, type MapParts } from "./base.ts"
import { HashTable } from "./hash.ts"
import { ArrayOfMaps, HashOfMaps } from "./inner.ts"
import { LpmTrie } from "./lpm.ts"
import { Arena, RingBuffer, StructOpsMap } from "./others.ts"
import { PerCpuArray, PerCpuHash, PerCpuTable } from "./perCpu.ts"
import { BloomFilter, Queue, Stack } from "./queue.ts"
import { CpuMap, DevMap } from "./redirect.ts"
import { CgroupArray, PerfEventArray, ProgArray, XskMap } from "./slots.ts"
import { ReuseportSockArray, SockHash, SockMap } from "./sockets.ts"
import { StackTraceTable } from "./stackTrace.ts"
import { CgroupStorage, InodeStorage, SkStorage, TaskStorage } from "./storage.ts"
import { Table } from "./table.ts"
import { UserRingBuffer } from "./userRing.ts"

/** The class of each type of map. */
export const MAP_CLASSES: Readonly<Record<string, new (parts: MapParts) => BpfMap>> = {
  hash: HashTable,
  lru_hash: HashTable,
  percpu_hash: PerCpuHash,
  lru_percpu_hash: PerCpuHash,
  array: ArrayTable,
  percpu_array: PerCpuArray,
  lpm_trie: LpmTrie,
  cgroup_storage: Table,
  percpu_cgroup_storage: PerCpuTable,
  prog_array: ProgArray,
  perf_event_array: PerfEventArray,
  cgroup_array: CgroupArray,
  array_of_maps: ArrayOfMaps,
  hash_of_maps: HashOfMaps,
  devmap: DevMap,
  devmap_hash: DevMap,
  cpumap: CpuMap,
  xskmap: XskMap,
  sockmap: SockMap,
  sockhash: SockHash,
  reuseport_sockarray: ReuseportSockArray,
  queue: Queue,
  stack: Stack,
  bloom_filter: BloomFilter,
  stack_trace: StackTraceTable,
  ringbuf: RingBuffer,
  user_ringbuf: UserRingBuffer,
  sk_storage: SkStorage,
  inode_storage: InodeStorage,
  task_storage: TaskStorage,
  cgrp_storage: CgroupStorage,
  struct_ops: StructOpsMap,
  arena: Arena,
}

/** A map with the methods of its type. */
export function createMap(map: LoadedMap, context: Omit<MapParts, "map" | "open">): BpfMap {
  const open = (inner: LoadedMap): BpfMap => createMap(inner, context)
  return new (MAP_CLASSES[map.type] ?? BpfMap)({ ...context, map, open })
}
