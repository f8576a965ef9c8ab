import { createReadStream } from "node:fs"
import { SkepError } from "../../base/index.ts"
import type { BPF } from "../../bpf/index.ts"
import { CaptureLoop, type CaptureStep, inOrder, Memory } from "../../vm/index.ts"
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
  readonly as?: readonly string[]
  readonly json?: boolean
}

/** Options that say something only about a capture. */
export function refuseWithoutCapture(values: CaptureValues): void {
  if (values.pcap !== undefined) return
  const name = (["out", "out-dropped", "limit", "as"] as const).find(option => values[option] !== undefined)
  if (name !== undefined) throw new UsageError(`--${name} goes with --pcap FILE`)
}

/** Takes the packets of the capture through the programs, and says what became of them: what is wrong with the file, if anything. */
export async function runCapture(bpf: BPF, values: CaptureValues, stop: Stop): Promise<SkepError | undefined> {
  const limit = limitOf(values.limit)
  const programs = capturePrograms(bpf, kindsOf(values.as))
  const memory = new Memory()
  const steps = inOrder(programs.map((program): CaptureStep => new TestRunStep(program, memory)))
  const interfaces = () => loop.interfaces
  const [out, droppedOut] = [values.out, values["out-dropped"]].map(path =>
    path === undefined ? undefined : new OutFile(path, interfaces),
  )
  const loop: CaptureLoop = new CaptureLoop(memory, steps, {
    limit,
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
