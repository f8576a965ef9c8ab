export { SkepError } from "../base/index.ts"
export {
  type BigColumn,
  type BtfRecord,
  type BtfValue,
  CharArray,
  CharColumn,
  type Column,
  type ColumnRecord,
  type ColumnsOf,
  type NumberColumn,
} from "../btf/index.ts"
export {
  countRuns,
  type FeatureName,
  features,
  openPinnedLink,
  openPinnedProgram,
  PinnedLink,
  PinnedProgram,
  removePin,
  requireFeature,
} from "../kernel/index.ts"
export type {
  AttachTarget,
  Breakpoint,
  CgroupHook,
  CgroupOrder,
  DeviceName,
  Link,
  LinkDetails,
  LinkInfo,
  LoadedProgram,
  NetworkDevice,
  Packet,
  PerfCounter,
  PerfEventName,
  ProgramInfo,
  SharedMemory,
  SockmapHook,
  TcEntry,
  TcFilterName,
  TestRunInput,
  TestRunResult,
  TraceLine,
  TraceReader,
  UpdateMode,
} from "../machine/index.ts"
export type { BpfObject } from "../object/index.ts"
export { demangle } from "../symbols/index.ts"
export { Cgroup, type CgroupOptions } from "./attach/cgroup.ts"
export { BpfIterator } from "./attach/iterator.ts"
export { getKprobeFunctions, getTracepoints, tracepointExists } from "./attach/names.ts"
export type {
  IterOptions,
  KprobeOptions,
  KretprobeOptions,
  PerfEventOptions,
  RawTracepointOptions,
  TracepointOptions,
  TypedOptions,
} from "./attach/options.ts"
export type { FreplaceOptions } from "./attach/replace.ts"
export { type SockmapOptions, SockmapPlace } from "./attach/sockmap.ts"
export { BPF } from "./bpf.ts"
export {
  EventBatch,
  type EventCallback,
  type EventColumn,
  type EventCounts,
  EventStream,
  type EventStreamOptions,
  EventSubscription,
  type PerfBufferOptions,
} from "./events/index.ts"
export type { Globals } from "./globals.ts"
export {
  Arena,
  ArrayOfMaps,
  ArrayTable,
  BloomFilter,
  BpfMap,
  type BuildIdFrame,
  CgroupArray,
  CgroupStorage,
  type ColumnOptions,
  CpuMap,
  type CpuTarget,
  DevMap,
  type DevTarget,
  HashOfMaps,
  HashTable,
  type HistogramOptions,
  InodeStorage,
  type JsonHistogram,
  jsonHistogram,
  LpmTrie,
  linearHistogram,
  log2Histogram,
  PerCpuArray,
  PerCpuHash,
  PerCpuTable,
  PerfEventArray,
  ProgArray,
  type ProgramSource,
  Queue,
  type Reducer,
  ReuseportSockArray,
  RingBuffer,
  SkStorage,
  type SocketSource,
  SockHash,
  SockMap,
  Stack,
  StackTraceTable,
  StructOpsMap,
  Table,
  type TableColumns,
  TableIterator,
  TaskStorage,
  UserRingBuffer,
  type WalkOptions,
  XskMap,
} from "./maps/index.ts"
export type { NodeSocket } from "./network/descriptor.ts"
export type {
  AttachXdpOptions,
  NetfilterOptions,
  NetnsOptions,
  RouteOptions,
  SocketFilterOptions,
} from "./network/options.ts"
export { RawSocket } from "./network/socket.ts"
export { TcHook, type TcOptions, TrafficControl } from "./network/tc.ts"
export { Xdp, type XdpOptions } from "./network/xdp.ts"
export { OpenedProgram } from "./open.ts"
export type { LoadOptions } from "./options.ts"

export { type Flags, includeResolver, parseFlags, readBytes, readSource, type Source } from "./source.ts"

export { cpuOfVersion, runningCpu, runningTarget } from "./target.ts"
export type { UprobeOptions, UsdtOptions } from "./user/options.ts"
export type { StackOptions } from "./user/stacks.ts"
export { addModule, type Frame, type SymOptions } from "./user/symbols.ts"
export { getUserAddresses, getUserFunctions, getUserFunctionsAndAddresses } from "./user/uprobe.ts"
export { listUsdt, type UsdtListed } from "./user/usdt.ts"
