import { LOOPBACK } from "../packet/device.ts"
import { ETH_HLEN } from "../packet/link.ts"
import type { Skb } from "../packet/skb.ts"
import { SKB_TSTAMP } from "../packet/skbContext.ts"
import type { Xdp } from "../packet/xdp.ts"
import type { Run, Runnable } from "../run.ts"
import { type VerdictKind, verdictKind } from "./verdicts.ts"

/** A frame on its way through programs: where it is in linear memory. */
export interface Frame {
  start: number
  length: number
  /** When it was seen. */
  seconds: number
  nanoseconds: number
}

/** A program that frames go through. */
export interface CaptureStep {
  readonly name: string
  readonly kind: VerdictKind
  /** Runs the program on a frame, and says where the frame is then: its result, 32 bits with a sign. */
  run(frame: Frame): number
}

/** A program of the network stack: tc, a socket filter, or one of a control group. */
export class SkbStep implements CaptureStep {
  readonly name: string
  readonly kind: VerdictKind
  readonly #run: Run
  readonly #program: Runnable
  readonly #skb: Skb

  constructor(run: Run, program: Runnable, skb: Skb) {
    this.name = program.name
    this.kind = verdictKind(program.type) ?? "filter"
    this.#run = run
    this.#program = program
    this.#skb = skb
  }

  run(frame: Frame): number {
    const skb = this.#skb
    const { kind } = this
    const start = skb.place(frame.length)
    const { u8 } = skb.memory
    u8.copyWithin(start, frame.start, frame.start + frame.length)
    skb.ingress = true
    // Programs of control groups see packets from the network header on; filters of a packet socket see frames.
    skb.receive(LOOPBACK, kind !== "cgroup")
    stamp(skb, frame)
    this.#run.packet = skb
    const result = this.#run.start(this.#program, skb.context)
    if (kind === "cgroup") skb.data -= ETH_HLEN
    frame.start = skb.data
    frame.length = kind === "filter" ? Math.min(skb.length, result >>> 0) : skb.length
    return result
  }
}

/** The time that the packet came, in nanoseconds since 1970: 64 bits, by pieces that a number holds exactly. */
function stamp(skb: Skb, { seconds, nanoseconds }: Frame): void {
  const low = (seconds & 0xffff) * 1_000_000_000 + nanoseconds
  const high = Math.floor(seconds / 65536) * 1_000_000_000 + Math.floor(low / 65536)
  skb.setField(SKB_TSTAMP, (high % 65536) * 65536 + (low % 65536))
  skb.setField(SKB_TSTAMP + 4, Math.floor(high / 65536))
}

/** An XDP program. */
export class XdpStep implements CaptureStep {
  readonly name: string
  readonly kind = "xdp"
  readonly #run: Run
  readonly #program: Runnable
  readonly #xdp: Xdp

  constructor(run: Run, program: Runnable, xdp: Xdp) {
    this.name = program.name
    this.#run = run
    this.#program = program
    this.#xdp = xdp
  }

  run(frame: Frame): number {
    const xdp = this.#xdp
    const start = xdp.place(frame.length)
    xdp.memory.u8.copyWithin(start, frame.start, frame.start + frame.length)
    xdp.receive(LOOPBACK)
    this.#run.packet = xdp
    const result = this.#run.start(this.#program, xdp.context)
    frame.start = xdp.data
    frame.length = xdp.end - xdp.data
    return result
  }
}
