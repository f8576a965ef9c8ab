import type { Machine } from "../machine/index.ts"
import { type Recording, readRecording } from "../record/index.ts"
import type { ReplayResult } from "../replay/index.ts"
import { openSnapshot } from "../snapshot/index.ts"
import { setKernel } from "./machine.ts"

/**
 * A recording that programs run on, the recorded one or a changed one, on any computer: they are compiled for the recorded kernel, and see what was
 * recorded at the places where they are attached.
 *
 *     const replay = await openReplay(readFileSync("out.skep"))
 *     using b = await BPF.load({ file: "program.c", machine: replay.machine })
 *     replay.run()
 *     console.log([...b.table("counts")])
 */
export interface ReplayMachine {
  /** What goes to {@link BPF.load} as `machine`. */
  readonly machine: Machine
  /** What was recorded. */
  readonly recording: Recording
  /** Runs what is attached, from the first recorded run to the last. @throws SkepError VM_… where a program does wrong */
  run(): ReplayResult
}

/** Opens a recording that `Recorder` or `skep record` made: its bytes, or what `readRecording` made of them. @throws SkepError RECORD_BAD, SNAPSHOT_BAD */
export async function openReplay(from: Uint8Array | Recording): Promise<ReplayMachine> {
  const { Replay } = await import("../replay/index.ts")
  const recording = from instanceof Uint8Array ? readRecording(from) : from
  const kernel = openSnapshot(recording.snapshot)
  const replay = new Replay(recording, kernel)
  setKernel(replay.machine, { kernel, arch: recording.head.arch })
  return { machine: replay.machine, recording, run: () => replay.run() }
}
