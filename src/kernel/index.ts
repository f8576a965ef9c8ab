export { cgroupPrograms, noHook } from "./attach/cgroup.ts"
export { type OpenCounter, openCounters } from "./attach/perfCounters.ts"
export { kprobeFunctions, noneMatches, placesOf } from "./attach/probeable.ts"
export { attachClassic } from "./attach/socket.ts"
export { doctor, type Finding } from "./doctor.ts"
export { type FeatureName, type Features, features, hasFeature, requireFeature } from "./featureList.ts"
export {
  canBpf,
  canKprobe,
  canKprobeMulti,
  canLoad,
  canMap,
  canRawTracepoint,
  canUprobeMulti,
  cpuLevel,
  hasBoundedLoops,
} from "./features.ts"
export {
  type Capability,
  hasCapability,
  type KernelVersion,
  kernelAtLeast,
  kernelVersion,
  onlineCpus,
  pageSize,
  possibleCpus,
  readPrivilege,
} from "./host/index.ts"
export { KernelMachine, runningBtf } from "./machine.ts"
export { countRuns, openPinnedLink, openPinnedProgram, PinnedLink, PinnedProgram } from "./openPinned.ts"
export type { FunctionNames } from "./options.ts"
export { removePin } from "./pin.ts"
export { pinnedEntries } from "./pins.ts"
export { closeFd, type Sys, type SyscallNumbers, setSys, sys, type Watcher } from "./raw/index.ts"
export { openTask } from "./task.ts"
export { lookForTracefs, mounts, tracefs, tracepoints } from "./tracefs.ts"
export { bpfRefusal } from "./usable.ts"
