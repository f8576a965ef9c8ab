import { type CapturedPacket, type CaptureInterface, CaptureReader } from "../../packets/index.ts"
import { explainFault } from "../explainFault.ts"
import type { Memory } from "../memory.ts"
import { ETH_HLEN } from "../packet/link.ts"
import { bytesInFront, headerBytes, putHeader } from "./frame.ts"
import type { CaptureStep, Frame } from "./step.ts"
import { type Verdict, verdictOf } from "./verdicts.ts"

/** Bytes of a capture that are in memory at once, at first. */
const PIECE = 1 << 20
/** Room in front of them, for a header that the first packet may need. */
const FRONT = 64

/** How often a program gave each verdict. */
export interface StepCounts {
  readonly name: string
  readonly kind: CaptureStep["kind"]
  /** By the verdict's name, most frequent first. */
  readonly verdicts: ReadonlyMap<string, number>
  /** Packets that the program saw. */
  readonly packets: number
}

/** What a run over a capture is told besides. */
export interface CaptureLoopOptions {
  /** Packets to look at; all without it. */
  readonly limit?: number
  /** Called with packets that passed every program, as these left them. It must not keep the object. */
  readonly onPassed?: (packet: Readonly<CapturedPacket>) => void
  /** Called with packets that a program dropped, as it left them. */
  readonly onDropped?: (packet: Readonly<CapturedPacket>) => void
  /** Called with the time of each packet before programs see it: seconds since 1970, and nanoseconds. */
  readonly onTime?: (seconds: number, nanoseconds: number) => void
}

/**
 * Takes the packets of a capture through programs, one after the other: what one passes, the next one sees. The capture comes in pieces, which
 * are put into linear memory, where packets move without an object for each.
 */
export class CaptureLoop {
  /** Packets that programs have seen. */
  packets = 0
  /** Packets that no frame could be made of: another link layer, or shorter than a link header. */
  skipped = 0
  /** Packets of which the capture has only the beginning. */
  cut = 0
  passed = 0
  dropped = 0
  readonly #memory: Memory
  readonly #steps: readonly CaptureStep[]
  readonly #options: CaptureLoopOptions
  readonly #limit: number
  readonly #reader = new CaptureReader()
  readonly #counts: Map<Verdict, number>[]
  readonly #frame: Frame = { start: 0, length: 0, seconds: 0, nanoseconds: 0 }
  readonly #out: CapturedPacket
  #piece: number
  #room = PIECE
  #filled = 0
  #u8: Uint8Array

  constructor(memory: Memory, steps: readonly CaptureStep[], options: CaptureLoopOptions = {}) {
    this.#memory = memory
    this.#steps = steps
    this.#options = options
    this.#limit = options.limit ?? Number.POSITIVE_INFINITY
    this.#counts = steps.map(() => new Map())
    this.#out = { ...this.#reader.packet }
    this.#piece = memory.allocate(FRONT + PIECE, "capture", { access: "none" }) + FRONT
    this.#u8 = memory.u8
  }

  /** What kind of file it is; undefined until its first bytes have been read. */
  get format(): "pcap" | "pcapng" | undefined {
    return this.#reader.format
  }

  /** Interfaces that the file described so far. */
  get interfaces(): readonly CaptureInterface[] {
    return this.#reader.interfaces
  }

  /** True when as many packets were looked at as were asked for. */
  get done(): boolean {
    return this.packets >= this.#limit
  }

  /** Verdicts so far, of each program. */
  get counts(): StepCounts[] {
    return this.#steps.map(({ name, kind }, i) => {
      const verdicts = [...this.#counts[i]].map(([{ name }, count]) => [name, count] as const)
      verdicts.sort(([, a], [, b]) => b - a)
      return { name, kind, verdicts: new Map(verdicts), packets: verdicts.reduce((sum, [, count]) => sum + count, 0) }
    })
  }

  /**
   * Goes on with the next bytes of the file.
   * @throws SkepError PACKETS_NO_CAPTURE, PACKETS_BAD_CAPTURE, and what running a program throws
   */
  push(chunk: Uint8Array): void {
    for (let at = 0; at < chunk.length && !this.done; ) {
      const { left } = this.#reader
      if (left === this.#room) this.#grow()
      const from = this.#piece + this.#filled - left
      this.#memory.u8.copyWithin(this.#piece, from, from + left)
      const some = Math.min(chunk.length - at, this.#room - left)
      this.#memory.u8.set(chunk.subarray(at, at + some), this.#piece + left)
      at += some
      this.#filled = left + some
      this.#u8 = this.#memory.u8
      this.#reader.replace(this.#u8.subarray(this.#piece, this.#piece + this.#filled))
      this.#drain()
    }
  }

  /**
   * Says that there are no more bytes.
   * @throws SkepError PACKETS_CUT_OFF, PACKETS_NO_CAPTURE
   */
  end(): void {
    if (!this.done) this.#reader.end()
  }

  /** Gives its memory back. */
  dispose(): void {
    this.#memory.free(this.#piece - FRONT)
  }

  /** A record that does not fit in the piece. */
  #grow(): void {
    const room = this.#room * 2
    const piece = this.#memory.allocate(FRONT + room, "capture", { access: "none" }) + FRONT
    this.#memory.u8.copyWithin(piece, this.#piece, this.#piece + this.#filled)
    this.#memory.free(this.#piece - FRONT)
    this.#piece = piece
    this.#room = room
  }

  #drain(): void {
    const reader = this.#reader
    try {
      while (this.packets < this.#limit && reader.next()) {
        this.#packet(reader.packet)
        if (this.#memory.u8 !== this.#u8) this.#moved()
      }
    } catch (error) {
      throw explainFault(error)
    }
  }

  /** The memory has grown, and its views are others. */
  #moved(): void {
    const { left } = this.#reader
    this.#u8 = this.#memory.u8
    const end = this.#piece + this.#filled
    this.#reader.replace(this.#u8.subarray(end - left, end))
  }

  #packet(packet: CapturedPacket): void {
    const front = bytesInFront(packet.linkType)
    const header = headerBytes(packet.linkType)
    const length = packet.captured - front + header
    if (front < 0 || front > packet.captured || length < ETH_HLEN) {
      this.skipped++
      return
    }
    this.packets++
    const wire = packet.length - front + header
    if (packet.captured < packet.length) this.cut++
    const frame = this.#frame
    frame.seconds = packet.seconds
    frame.nanoseconds = packet.nanoseconds
    frame.length = length
    frame.start = packet.bytes.byteOffset + packet.start + front - header
    // What is overwritten was read already: the record's own header, or what is in front of it.
    if (header > 0) putHeader(this.#memory.u8, frame.start, packet)
    this.#options.onTime?.(packet.seconds, packet.nanoseconds)
    const passes = this.#through(frame)
    if (passes) this.passed++
    else this.dropped++
    const tell = passes ? this.#options.onPassed : this.#options.onDropped
    if (tell !== undefined) tell(this.#outOf(packet, frame, wire + frame.length - length))
  }

  /** Whether a frame passes all programs that see it. */
  #through(frame: Frame): boolean {
    const steps = this.#steps
    let over: CaptureStep["kind"] | undefined
    for (let i = 0; i < steps.length; i++) {
      const step = steps[i]
      if (step.kind === over) continue
      const verdict = verdictOf(step.kind, step.run(frame))
      const counts = this.#counts[i]
      counts.set(verdict, (counts.get(verdict) ?? 0) + 1)
      if (verdict.goes === "dropped") return false
      if (verdict.goes === "sent") return true
      if (verdict.goes === "kind") over = step.kind
    }
    return true
  }

  #outOf(packet: CapturedPacket, frame: Frame, wire: number): CapturedPacket {
    const out = this.#out
    out.bytes = this.#memory.u8
    out.start = frame.start
    out.captured = frame.length
    out.length = Math.max(wire, frame.length)
    out.seconds = packet.seconds
    out.nanoseconds = packet.nanoseconds
    out.interface = packet.interface
    out.linkType = 1
    return out
  }
}
