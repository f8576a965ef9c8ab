export { ArrayTable } from "./array.ts"
export { BpfMap } from "./base.ts"
export { createMap } from "./create.ts"
export { TableIterator } from "./entries.ts"
export type { SocketSource } from "./fds.ts"
export { HashTable } from "./hash.ts"
export {
  type HistogramOptions,
  type JsonHistogram,
  jsonHistogram,
  linearHistogram,
  log2Histogram,
} from "./histogram.ts"
export { ArrayOfMaps, HashOfMaps } from "./inner.ts"
export { LpmTrie } from "./lpm.ts"
export { Arena, RingBuffer, StructOpsMap } from "./others.ts"
export { PerCpuArray, PerCpuHash, PerCpuTable } from "./perCpu.ts"
export { BloomFilter, Queue, Stack } from "./queue.ts"
export { CpuMap, type CpuTarget, DevMap, type DevTarget, type ProgramSource } from "./redirect.ts"
export type { Reducer } from "./reduce.ts"
export { CgroupArray, PerfEventArray, ProgArray, XskMap } from "./slots.ts"
export { ReuseportSockArray, SockHash, SockMap } from "./sockets.ts"
export { type BuildIdFrame, StackTraceTable } from "./stackTrace.ts"
export { CgroupStorage, InodeStorage, SkStorage, TaskStorage } from "./storage.ts"
export { type ColumnOptions, Table, type TableColumns, type WalkOptions } from "./table.ts"
export { TypedSender, UserRingBuffer } from "./userRing.ts"
