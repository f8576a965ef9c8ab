import { AssertionError } from "node:assert"
import { diffPackets, PacketBuilder } from "../packets/index.ts"
import type { RunResult, TestProgram, TestProgramOptions } from "./program.ts"
import { refusalOf } from "./verifies.ts"

const bytesOf = (packet: Uint8Array | PacketBuilder): Uint8Array =>
  packet instanceof PacketBuilder ? packet.bytes() : packet

/** What tells a packet from the one that is expected, field by field; empty where they are the same. */
export const packetDifference = (actual: Uint8Array | PacketBuilder, expected: Uint8Array | PacketBuilder): string =>
  diffPackets(bytesOf(actual), bytesOf(expected))

/** Fails with the fields in which two packets differ. @throws AssertionError */
export function assertPacket(actual: Uint8Array | PacketBuilder, expected: Uint8Array | PacketBuilder): void {
  const difference = packetDifference(actual, expected)
  if (difference === "") return
  throw new AssertionError({
    message: `the packet is not the one that is expected:\n${difference}`,
    actual: bytesOf(actual),
    expected: bytesOf(expected),
    operator: "assertPacket",
    stackStartFn: assertPacket,
  })
}

/** Fails unless a run ended with a verdict: `pass`, `drop`, … @throws AssertionError */
export function assertVerdict(result: RunResult, expected: string): void {
  if (result.verdict === expected) return
  throw new AssertionError({
    message: `the verdict is ${verdictText(result)}, expected '${expected}'`,
    actual: result.verdict,
    expected,
    operator: "assertVerdict",
    stackStartFn: assertVerdict,
  })
}

/** A verdict for people. */
export const verdictText = ({ verdict, retval }: RunResult): string =>
  verdict === undefined ? `none (${retval})` : `'${verdict}' (${retval | 0})`

/** Fails with the verifier's reason unless it takes all functions of a program. @throws AssertionError */
export async function assertVerifies(program: TestProgram | TestProgramOptions): Promise<void> {
  const refusal = await refusalOf(program)
  if (refusal === undefined) return
  throw new AssertionError({ message: refusal, operator: "assertVerifies", stackStartFn: assertVerifies })
}
