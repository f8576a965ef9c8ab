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
  type Given,
  type InputOf,
  type NumberColumn,
} from "../btf/index.ts"
export {
  type Container,
  type ContainerPath,
  type ContainerPlaces,
  type ContainerRuntime,
  Containers,
  cgroupFolder,
  cgroupId,
  containerOfPath,
  type Namespace,
  type NamespaceKind,
  namespaceOf,
  outerPid,
  ownPid,
  type Pod,
} from "../containers/index.ts"
export type { AttachType } from "../isa/index.ts"
export {
  countRuns,
  type FeatureName,
  type Features,
  features,
  openPinnedLink,
  openPinnedProgram,
  PinnedLink,
  PinnedProgram,
  removePin,
  requireFeature,
} from "../kernel/index.ts"
export type {
  AttachKind,
  AttachTarget,
  Breakpoint,
  CgroupHook,
  CgroupOrder,
  DeviceName,
  Link,
  LinkDetails,
  LinkInfo,
  LoadedProgram,
  MachineCode,
  NetworkDevice,
  Packet,
  PerfCounter,
  PerfEventName,
  PerfHardwareName,
  PerfSoftwareName,
  ProgramInfo,
  ReservedRecord,
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
export type { BpfObject, ProgramType } from "../object/index.ts"
export { demangle, syscallName, syscallPrefix } from "../symbols/index.ts"
export type { BranchHits, FileCoverage, FunctionHits } from "../vm/index.ts"
export { Cgroup, type CgroupOptions } from "./attach/cgroup.ts"
export type { DetachOptions } from "./attach/detach.ts"
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
export { CompiledProgram } from "./compiled.ts"
export { type ContainerFilter, filterByContainers } from "./containers/filter.ts"
export { disassembleInsns } from "./disassemble.ts"
export {
  EventBatch,
  type EventCallback,
  type EventColumn,
  type EventColumnOf,
  type EventCounts,
  EventStream,
  type EventStreamOptions,
  EventSubscription,
  type PerfBufferOptions,
} from "./events/index.ts"
export type { Globals } from "./globals.ts"
export { monotonicTime } from "./host/clock.ts"
export { type WaitingCommand, waitingCommand } from "./host/command.ts"
export { onlineCpus, possibleCpus } from "./host/cpus.ts"
export { findExe, findLibrary } from "./host/files.ts"
export { kernelEnumHasValue, kernelStructHasField } from "./host/kernelTypes.ts"
export { detectLanguage, type Language } from "./host/language.ts"
export { kernelSnapshot, useKernelSnapshot } from "./host/snapshot.ts"
export { syscallNumber, syscallOfNumber, syscalls } from "./host/syscalls.ts"
export { type Instead, kernelMachine, usualMachine } from "./machine.ts"
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
  TypedSender,
  UserRingBuffer,
  type WalkOptions,
  XskMap,
} from "./maps/index.ts"
export { attachClassicFilter, type ClassicFilter } from "./network/classic.ts"
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
export { type TcpFlag, type TcpState, tcpFlagNames, tcpFlags, tcpStateName, tcpStates } from "./network/tcp.ts"
export { Xdp, type XdpAction, type XdpOptions, xdpActions } from "./network/xdp.ts"
export type { ObjectFile, ObjectOptions } from "./objects/options.ts"
export { OpenedProgram } from "./open.ts"
export type { LoadOptions } from "./options.ts"
export type { AnyProgram, InitialGlobals, OpenGlobals, ProgramTypes } from "./programTypes.ts"
export { Recorder, type RecordOptions } from "./record.ts"
export { openReplay, type ReplayMachine } from "./replay.ts"
export {
  type ProcessScript,
  type SimulatedProcess,
  type SimulateOptions,
  type Simulation,
  simulate,
  simulateFor,
} from "./simulate.ts"
export { defineFlags, type Flags, includeResolver, parseFlags, readBytes, readSource, type Source } from "./source.ts"
export { cpuOfVersion, runningCpu, runningTarget, snapshotTarget } from "./target.ts"
export type { TracePrintOptions } from "./trace.ts"
export type { UprobeOptions, UsdtOptions } from "./user/options.ts"
export type { StackOptions } from "./user/stacks.ts"
export { addModule, type Frame, type SymOptions } from "./user/symbols.ts"
export { getUserAddresses, getUserFunctions, getUserFunctionsAndAddresses } from "./user/uprobe.ts"
export { listUsdt, type UsdtListed, usdtArgumentType } from "./user/usdt.ts"
