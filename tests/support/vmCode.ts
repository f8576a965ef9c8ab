import { assemble } from "../../src/isa/index.ts"
import {
  type CodeImage,
  Core,
  FixedEnvironment,
  type Helper,
  interpret,
  Memory,
  packetBuffer,
  Run,
  type Translate,
} from "../../src/vm/index.ts"

/** How assembler text is run. */
export interface RunText {
  /** Bytes that r1 points to. */
  readonly context?: Uint8Array
  readonly packet?: Uint8Array
  /** What calls by number do. */
  readonly helpers?: Readonly<Record<number, Helper>>
  readonly probes?: readonly number[]
  readonly budget?: number
  readonly translate?: Translate
}

/** An image of assembler text. */
export function imageOf(text: string, { helpers = {}, probes = [] }: RunText = {}): CodeImage {
  const insns = assemble(text)
  const probed = new Uint8Array(insns.length * 2)
  for (const slot of probes) probed[slot] = 1
  return { name: "test", insns, kfuncs: [], helper: number => helpers[number], probes: probed }
}

/** Runs assembler text on the embedded machine: r0. The context is changed in place. */
export function runText(text: string, options: RunText = {}): bigint {
  const { context = new Uint8Array(64), translate = interpret, budget = 1_000_000 } = options
  const memory = new Memory()
  const core = new Core(memory, new FixedEnvironment(), budget)
  const run = new Run(core)
  const at = memory.allocate(context.length, "context")
  memory.u8.set(context, at)
  if (options.packet !== undefined) run.packet = packetBuffer(memory, options.packet)
  const code = translate(imageOf(text, options))
  const low = run.start({ kind: "program", name: "test", type: "socket_filter", code }, at)
  context.set(memory.bytes(at, context.length))
  return BigInt.asUintN(64, (BigInt(run.high) << 32n) | BigInt(low >>> 0))
}
