import { SkepError } from "../../base/index.ts"
import { type EventWatch, type Packet, type PacketReader, PullStream } from "../../machine/index.ts"
import type { Core } from "../core.ts"
import type { Skb } from "../packet/skb.ts"
import type { Placed } from "../places.ts"
import type { VmProgram } from "../program.ts"
import { Watch } from "../watch.ts"

/** Packets that wait to be read; more are lost. */
const QUEUE = 4096
/** Most bytes that are kept of a packet. */
const MOST = 262144
const DIRECTIONS: readonly Packet["direction"][] = ["host", "broadcast", "multicast", "other"]

/** A raw socket of the machine's network (AF_PACKET). */
export class VmPacketSocket extends PullStream<Packet> implements PacketReader {
  readonly kind = "socket"
  readonly fd: number
  /** Number of the device; 0 for all. */
  readonly device: number
  lost = 0
  readonly #core: Core
  readonly #snapLength: number
  readonly #close: () => void
  #filter: VmProgram | undefined
  #queue: Packet[] = []
  #wake: (() => void) | undefined
  #started = false

  constructor(core: Core, device: number, snapLength: number, close: (socket: VmPacketSocket) => void) {
    super()
    if (!(Number.isInteger(snapLength) && snapLength > 0 && snapLength <= MOST)) throw badSnap(snapLength)
    this.#core = core
    this.device = device
    this.#snapLength = snapLength
    this.fd = core.open(this)
    this.#close = () => close(this)
  }

  start(): void {
    this.#started = true
  }

  /** Keeps only what a program returns bytes for, in place of one that was there. */
  attach(program: VmProgram): Placed {
    this.#started = true
    this.#filter = program
    return {
      place: `socket ${this.fd}`,
      method: "SO_ATTACH_BPF",
      detach: () => void (this.#filter === program && (this.#filter = undefined)),
    }
  }

  /** A packet comes by. */
  see(skb: Skb, run: (program: VmProgram, skb: Skb) => number): void {
    if (!this.#started || (this.device !== 0 && this.device !== skb.device.index)) return
    const kept = this.#filter === undefined ? skb.length : Math.min(skb.length, run(this.#filter, skb) >>> 0)
    if (kept === 0) return
    if (this.#queue.length >= QUEUE) {
      this.lost++
      return
    }
    const { environment, memory } = this.#core
    this.#queue.push({
      data: memory.copy(skb.data, Math.min(kept, this.#snapLength)),
      length: kept,
      timestamp: environment.bootTime + BigInt(environment.now()),
      device: skb.device.index,
      protocol: skb.protocol,
      direction: skb.ingress ? (DIRECTIONS[skb.packetType] ?? "other") : "outgoing",
    })
    this.#wake?.()
  }

  override async next(): Promise<IteratorResult<Packet, undefined>> {
    this.start()
    return super.next()
  }

  protected watchSource(ready: () => void): EventWatch {
    return new Watch(
      ready,
      wake => {
        this.#wake = wake
        return () => void (this.#wake = undefined)
      },
      () => {},
    )
  }
  protected readSource(push: (packet: Packet) => void): void {
    for (const packet of this.#queue.splice(0)) push(packet)
  }
  protected closeSource(): void {
    this.#core.close(this.fd)
    this.#close()
  }
}

/** The raw sockets of a machine's network. */
export class PacketSockets {
  readonly #core: Core
  readonly #sockets = new Set<VmPacketSocket>()

  constructor(core: Core) {
    this.#core = core
  }

  /** Opens one on a device, or on all (0). @throws SkepError KERNEL_BUFFER_SIZE */
  open(device: number, snapLength: number): VmPacketSocket {
    const socket = new VmPacketSocket(this.#core, device, snapLength, closed => this.#sockets.delete(closed))
    this.#sockets.add(socket)
    return socket
  }

  /** Shows a packet to all of them. */
  see(skb: Skb, run: (program: VmProgram, skb: Skb) => number): void {
    for (const socket of this.#sockets) socket.see(skb, run)
  }
}

const badSnap = (value: unknown): SkepError =>
  new SkepError({
    code: "KERNEL_BUFFER_SIZE",
    message: `the room for a packet is 1 to ${MOST} bytes, not ${value}`,
    hint: "65536 holds every packet but those of the largest offloads",
  })
