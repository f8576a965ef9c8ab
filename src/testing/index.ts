export {
  checksum,
  type Dissected,
  diffPackets,
  dissect,
  ethernet,
  ipv4,
  ipv6,
  PacketBuilder,
  packetLine,
} from "../packets/index.ts"
export type { DeliveredPacket, Passage, ProgramVerdict } from "../vm/index.ts"
export { assertPacket, assertVerdict, assertVerifies } from "./assert.ts"
export type { ContextInput } from "./context.ts"
export { COVERAGE_FOLDER } from "./coverage.ts"
export { lcov, mergeCoverage, parseLcov } from "./lcov.ts"
export { chosenMachine } from "./machine.ts"
export { type MatcherResult, matchers, type SkepMatchers } from "./matchers.ts"
export {
  type RunInput,
  type RunResult,
  TestProgram,
  type TestProgramOptions,
  testProgram,
} from "./program.ts"
