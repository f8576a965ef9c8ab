export { demangle } from "./demangle/index.ts"
export {
  findAddress,
  findFunctions,
  functionNames,
  type ProbePlace,
  userFunctions,
} from "./functions.ts"
export { type KernelSymbol, KernelSymbols, type Located } from "./kallsyms.ts"
export { type ProbeableFunction, type ProbeLists, probeableFunctions } from "./probeable.ts"
export { type Binary, findBinary, findLibrary, findProgram } from "./process/binary.ts"
export { type Mapping, processMaps } from "./process/maps.ts"
export { type UserLocated, UserSymbols } from "./process/symbols.ts"
export { kernelFunctions, kernelSymbols, locateKernel } from "./running.ts"
export { bareSyscallName, syscallName, syscallPrefix } from "./syscalls.ts"
export { syscallTable } from "./syscallTable.ts"
export { parseUsdtArguments, type UsdtArgument, type UsdtPlace } from "./usdt/arguments.ts"
export { layoutOf } from "./usdt/layout.ts"
export {
  binaryProbes,
  findProbe,
  processBinaries,
  type UsdtLocation,
  type UsdtProbe,
} from "./usdt/probes.ts"
