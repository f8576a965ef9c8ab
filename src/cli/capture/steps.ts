import { SkepError } from "../../base/index.ts"
import type { LoadedProgram } from "../../machine/index.ts"
import { type CaptureStep, type Frame, type Memory, type VerdictKind, verdictKind } from "../../vm/index.ts"

/** Bytes of a link header. */
const LINK_HEADER = 14

/** A program of whatever machine, by its trial runs: one call a packet. */
export class TestRunStep implements CaptureStep {
  readonly name: string
  readonly kind: VerdictKind
  readonly #program: LoadedProgram
  readonly #memory: Memory
  #place = 0
  #room = 0

  constructor(program: LoadedProgram, memory: Memory) {
    this.name = program.name
    this.kind = verdictKind(program.type) ?? "filter"
    this.#program = program
    this.#memory = memory
  }

  run(frame: Frame): number {
    const given = this.#memory.copy(frame.start, frame.length)
    const { retval, data } = this.kind === "filter" ? this.#filter(given) : this.#try(given)
    // Programs of control groups get packets without the link header, and leave zeros in its place.
    if (this.kind === "cgroup") data.set(given.subarray(0, LINK_HEADER))
    this.#reserve(data.length)
    this.#memory.u8.set(data, this.#place)
    frame.start = this.#place
    frame.length = this.kind === "filter" ? Math.min(data.length, retval >>> 0) : data.length
    return retval
  }

  /** Filters of packet sockets see frames whole. The kernel takes a link header off before it tries one: there is one more then. */
  #filter(frame: Uint8Array) {
    const data = new Uint8Array(LINK_HEADER + frame.length)
    data.set(frame, LINK_HEADER)
    data.set(frame.subarray(LINK_HEADER - 2, LINK_HEADER), LINK_HEADER - 2)
    const { retval, data: left } = this.#try(data)
    return { retval, data: left.subarray(LINK_HEADER) }
  }

  #try(data: Uint8Array) {
    try {
      return this.#program.testRun({ data })
    } catch (error) {
      if (!(error instanceof SkepError) || data.length < 3000) throw error
      throw new SkepError({
        code: "CLI_LONG_PACKET",
        message: `the kernel runs no program on a packet of ${data.length} bytes by itself`,
        hint: "run it on the embedded machine: --on vm",
        cause: error,
      })
    }
  }

  #reserve(size: number): void {
    if (size <= this.#room) return
    if (this.#room > 0) this.#memory.free(this.#place)
    this.#room = size * 2
    this.#place = this.#memory.allocate(this.#room, "frame", { access: "none" })
  }
}
