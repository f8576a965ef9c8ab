import { createReadStream } from "node:fs"
import { SkepError } from "../../base/index.ts"
import { type BPF, kernelSnapshot, type LoadOptions } from "../../bpf/index.ts"
import type { LoadedProgram } from "../../machine/index.ts"
import {
  CaptureLoop,
  type CaptureStep,
  captureSteps,
  FixedEnvironment,
  inOrder,
  Memory,
  VirtualMachine,
  VmProgram,
} from "../../vm/index.ts"
import { UsageError } from "../command.ts"
import type { Options } from "../options.ts"
import type { Stop } from "../stop.ts"
import { OutFile } from "./outFile.ts"
import { capturePrograms, kindsOf } from "./programs.ts"
import { Progress, report } from "./report.ts"
import { TestRunStep } from "./steps.ts"

/** Options of `skep run` over a capture. */
export const CAPTURE_OPTIONS = {
  pcap: {
    value: "FILE",
    about: "run the programs over the packets of a capture (pcap, pcapng; - is stdin); docs/packets.md",
  },
  out: { value: "FILE", about: "with --pcap: write the packets that pass, as the programs leave them" },
  "out-dropped": { value: "FILE", about: "with --pcap: write the packets that are dropped" },
  limit: { value: "N", about: "with --pcap: look at so many packets" },
  as: { value: "KIND[=FN]", multiple: true, about: "with --pcap: what a program is: xdp, tc, socket or cgroup" },
} as const satisfies Options

export interface CaptureValues {
  readonly pcap?: string
  readonly out?: string
  readonly "out-dropped"?: string
  readonly limit?: string
  readonly on?: string
  readonly as?: readonly string[]
  readonly json?: boolean
}

/** Options that say something only about a capture. */
export function refuseWithoutCapture(values: CaptureValues): void {
  if (values.pcap !== undefined) return
  const name = (["out", "out-dropped", "limit", "as"] as const).find(option => values[option] !== undefined)
  if (name !== undefined) throw new UsageError(`--${name} goes with --pcap FILE`)
}

/** How a program is loaded that packets of a capture are taken through; nothing special without one. */
export function captureLoad({ pcap, on = "vm" }: CaptureValues): Pick<LoadOptions, "machine" | "on" | "autoAttach"> {
  if (pcap === undefined) return {}
  if (on === "kernel") return { on, autoAttach: false }
  const environment = new FixedEnvironment()
  return { machine: new VirtualMachine({ environment, types: () => kernelSnapshot().btf }), autoAttach: false }
}

/** Programs as packets meet them, and the memory that they have packets in. */
function stepsOf(programs: readonly LoadedProgram[]): { memory: Memory; steps: readonly CaptureStep[] } {
  const [first] = programs
  if (first instanceof VmProgram) {
    const { core } = first.context
    const own = programs.filter(program => program instanceof VmProgram)
    return {
      memory: core.memory,
      steps: captureSteps(
        core,
        own.map(program => program.runnable),
      ),
    }
  }
  const memory = new Memory()
  return { memory, steps: inOrder(programs.map((program): CaptureStep => new TestRunStep(program, memory))) }
}

/** Lets the clock of the embedded machine go as the packets came: they find it as much later as they are behind the first one. */
function clockOf(programs: readonly LoadedProgram[]): ((seconds: number, nanoseconds: number) => void) | undefined {
  const [first] = programs
  const environment = first instanceof VmProgram ? first.context.core.environment : undefined
  if (!(environment instanceof FixedEnvironment)) return undefined
  let [before, beforeRest] = [-1, 0]
  return (seconds, nanoseconds) => {
    const passed = before < 0 ? 0 : (seconds - before) * 1e9 + nanoseconds - beforeRest
    if (passed > 0) environment.advance(passed)
    before = seconds
    beforeRest = nanoseconds
  }
}

/** Takes the packets of the capture through the programs, and says what became of them: what is wrong with the file, if anything. */
export async function runCapture(bpf: BPF, values: CaptureValues, stop: Stop): Promise<SkepError | undefined> {
  const limit = limitOf(values.limit)
  const programs = capturePrograms(bpf, kindsOf(values.as))
  const { memory, steps } = stepsOf(programs)
  const interfaces = () => loop.interfaces
  const [out, droppedOut] = [values.out, values["out-dropped"]].map(path =>
    path === undefined ? undefined : new OutFile(path, interfaces),
  )
  const loop: CaptureLoop = new CaptureLoop(memory, steps, {
    limit,
    onTime: clockOf(programs),
    onPassed: out && (packet => out.write(packet)),
    onDropped: droppedOut && (packet => droppedOut.write(packet)),
  })
  const progress = new Progress()
  const wrong = await goThrough(values.pcap ?? "-", loop, progress, stop)
  progress.end()
  out?.close()
  droppedOut?.close()
  report(loop, progress.seconds, values.json === true, values.out === "-" ? process.stderr : process.stdout)
  return wrong
}

/** Reads the file to its end, or as far as it is wanted: what is wrong with it. */
async function goThrough(
  path: string,
  loop: CaptureLoop,
  progress: Progress,
  stop: Stop,
): Promise<SkepError | undefined> {
  try {
    for await (const chunk of path === "-" ? process.stdin : createReadStream(path, { highWaterMark: 1 << 18 })) {
      loop.push(chunk as Buffer)
      progress.show(loop)
      if (loop.done || stop.wanted) return undefined
    }
    loop.end()
    return undefined
  } catch (error) {
    if (error instanceof SkepError) {
      if (error.code.startsWith("PACKETS_")) return error
      throw error
    }
    if ((error as NodeJS.ErrnoException).code === undefined) throw error
    throw new SkepError({
      code: "CLI_CAPTURE",
      message: `cannot read ${path}: ${(error as Error).message}`,
      hint: "name a capture in pcap or pcapng format; - is the standard input",
      cause: error,
    })
  }
}

function limitOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  const limit = Number(text)
  if (!Number.isInteger(limit) || limit < 1) throw new UsageError(`--limit is a number of packets, not '${text}'`)
  return limit
}
