export { SkepError } from "../base/index.ts"
export { type BtfRecord, type BtfValue, CharArray } from "../btf/index.ts"
export type { Link, LoadedProgram, TestRunInput, TestRunResult, TraceLine, TraceReader } from "../machine/index.ts"
export type { BpfObject } from "../object/index.ts"
export { BPF } from "./bpf.ts"
export { type HistogramOptions, linearHistogram, log2Histogram } from "./histogram.ts"
export type {
  KprobeOptions,
  KretprobeOptions,
  LoadOptions,
  RawTracepointOptions,
  TracepointOptions,
} from "./options.ts"
export { type Flags, includeResolver, parseFlags, readBytes, readSource, type Source } from "./source.ts"
export { Table } from "./table.ts"
export { cpuOfVersion, runningCpu, runningTarget } from "./target.ts"
export type { UprobeOptions, UsdtOptions } from "./user/options.ts"
export { getUserAddresses, getUserFunctions, getUserFunctionsAndAddresses } from "./user/uprobe.ts"
export { listUsdt, type UsdtListed } from "./user/usdt.ts"
