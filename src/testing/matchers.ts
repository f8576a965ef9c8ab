import type { PacketBuilder } from "../packets/index.ts"
import { packetDifference, verdictText } from "./assert.ts"
import type { RunResult, TestProgram, TestProgramOptions } from "./program.ts"
import { refusalOf } from "./verifies.ts"

/** What a matcher of vitest or Jest answers. */
export interface MatcherResult {
  readonly pass: boolean
  readonly message: () => string
}

/** The matchers as they stand behind `expect(…)`: extend the test runner's own interface by it. */
export interface SkepMatchers<R = unknown> {
  /** The verifier takes all functions of the program. */
  toVerify(): Promise<R>
  /** The run ended with this verdict. */
  toHaveVerdict(expected: string): R
  /** The packet is this one. */
  toEqualPacket(expected: Uint8Array | PacketBuilder): R
}

/** Matchers for vitest and Jest: `expect.extend(matchers)`. */
export const matchers = {
  async toVerify(given: TestProgram | TestProgramOptions): Promise<MatcherResult> {
    const refusal = await refusalOf(given)
    return { pass: refusal === undefined, message: () => refusal ?? "the verifier takes the program" }
  },

  toHaveVerdict(given: RunResult, expected: string): MatcherResult {
    const pass = given.verdict === expected
    const not = pass ? "not " : ""
    return { pass, message: () => `the verdict is ${verdictText(given)}, expected ${not}'${expected}'` }
  },

  toEqualPacket(given: Uint8Array | PacketBuilder, expected: Uint8Array | PacketBuilder): MatcherResult {
    const difference = packetDifference(given, expected)
    return {
      pass: difference === "",
      message: () =>
        difference === ""
          ? "the packet is the one that is not expected"
          : `the packet is not the one that is expected:\n${difference}`,
    }
  },
}
