export { type DebugFunction, type DebugOptions, writeDwarf } from "./write.ts"
