import { release } from "node:os"
import { deflateRawSync } from "node:zlib"
import type { AttachTarget } from "../machine/index.ts"
import type { ProgramType } from "../object/index.ts"
import { isStart, LOST_RECORDS, RECORDS, writeRecording } from "../record/index.ts"
import { makeSnapshot } from "../snapshot/index.ts"
import { BPF } from "./bpf.ts"
import type { EventBatch, EventSubscription } from "./events/index.ts"
import { possibleCpus } from "./host/cpus.ts"
import { recordingOf } from "./load.ts"
import type { LoadOptions } from "./options.ts"
import { runningTarget } from "./target.ts"

/** What is recorded, and how much room there is for it. */
export interface RecordOptions extends LoadOptions {
  /** Pages of the buffer that records wait in, a power of two; 1,024 (4 MiB) without it. */
  readonly pages?: number
}

/**
 * Records the runs of a program in the kernel: who ran, when, the context, and the memory that the program read. `replay` runs a program on the
 * recording, a changed one, too, on any computer.
 *
 *     using recorder = await Recorder.start({ file: "program.c" })
 *     await setTimeout(5000)
 *     writeFileSync("out.skep", recorder.stop())
 *
 * It is the program with code beside it that sends what helpers read; what it does otherwise is as it was. Reads of more than 1,024 bytes are cut.
 * What it reads through typed pointers (fentry, tp_btf, LSM) is recorded load by load. A ring buffer carries it: Linux 5.8.
 */
export class Recorder implements Disposable {
  /** The program as it runs. Attach it to what its functions' names do not say. */
  readonly bpf: BPF
  readonly #records: Uint8Array[] = []
  readonly #stream: EventSubscription<Uint8Array>
  readonly #programs = new Map<string, { type: ProgramType; targets: AttachTarget[] }>()

  private constructor(bpf: BPF) {
    this.bpf = bpf
    const keep = (batch: EventBatch<Uint8Array>): void => {
      for (let i = 0; i < batch.length; i++) this.#records.push(batch.raw(i).slice())
    }
    this.#stream = bpf.onEvents(RECORDS, keep, { raw: true })
  }

  /**
   * Compiles and loads a program as `BPF.load` does, with what records it.
   * @throws SkepError RECORD_OBJECT for one that is compiled already, and what BPF.load throws
   */
  static async start({ pages = 1024, ...given }: RecordOptions): Promise<Recorder> {
    // What the embedded machine does is known without a recording.
    const options: LoadOptions = given.machine === undefined ? { on: "kernel", ...given } : given
    const { object } = await recordingOf(options, pages)
    const { text: _text, file: _file, autoAttach, ...rest } = options
    const bpf = await BPF.load({ ...rest, object, autoAttach: false })
    try {
      const recorder = new Recorder(bpf)
      if (autoAttach !== false) bpf.attachAll()
      return recorder
    } catch (error) {
      bpf[Symbol.dispose]()
      throw error
    }
  }

  /** Runs so far. */
  get runs(): number {
    return this.#records.filter(isStart).length
  }

  /** Records that were lost so far, because they came faster than they could be read. */
  get lost(): number {
    return Number(this.bpf.globals[LOST_RECORDS] ?? 0)
  }

  /** Detaches the program; the recording as bytes of a file. Once. */
  stop(): Uint8Array<ArrayBuffer> {
    for (const { program, target } of this.bpf.links) {
      const known = this.#programs.get(program.name) ?? { type: program.type, targets: [] }
      known.targets.push(target)
      this.#programs.set(program.name, known)
    }
    this.bpf.detachAll()
    while (this.#stream.poll() > 0) {}
    const target = runningTarget()
    const formats = new Map<string, string>()
    for (const { targets } of this.#programs.values()) {
      for (const one of targets) {
        const format = one.kind === "tracepoint" ? target.readTracepointFormat?.(one.category, one.event) : undefined
        if (format !== undefined && one.kind === "tracepoint") formats.set(`${one.category}:${one.event}`, format)
      }
    }
    const head = {
      release: release(),
      arch: process.arch,
      cpus: possibleCpus().length,
      bootTime: String(BigInt(Date.now()) * 1_000_000n - process.hrtime.bigint()),
      programs: this.bpf.object.programs.map(({ name, type = "kprobe" }) => {
        const known = this.#programs.get(name)
        return { name, type: known?.type ?? type, targets: known?.targets ?? [] }
      }),
      lost: this.lost,
    }
    const { btf } = target
    const version = target.kernelVersion
    const snapshot =
      btf === undefined
        ? new Uint8Array(0)
        : makeSnapshot({ release: release(), version, btf, formats, config: "" }, rest => deflateRawSync(rest))
    return writeRecording(head, snapshot, this.#records)
  }

  [Symbol.dispose](): void {
    this.bpf[Symbol.dispose]()
  }
}
