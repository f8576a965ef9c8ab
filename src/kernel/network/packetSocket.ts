import { SkepError } from "../../base/index.ts"
import { type EventWatch, type Packet, type PacketOptions, type PacketReader, PullStream } from "../../machine/index.ts"
import { ETH_P_ALL } from "../../netlink/index.ts"
import { callFailed, isPermission, permissionError } from "../host/index.ts"
import { closeFd, sys, syscall } from "../raw/index.ts"
import { findDevice } from "./device.ts"
import { PacketBatch } from "./packetBatch.ts"

// Sources: Linux include/linux/socket.h, include/uapi/asm-generic/socket.h, include/uapi/linux/if_packet.h, packet(7).
const AF_PACKET = 17
const SOCK_RAW_NONBLOCK_CLOEXEC = 3 | 0x800 | 0x80000
const SOL_SOCKET = 1
const SO_TIMESTAMPNS = 35
const SOL_PACKET = 263
const PACKET_STATISTICS = 6
const MAX_SNAP = 262144

const swap16 = (value: number): number => ((value & 0xff) << 8) | (value >> 8)

/**
 * A raw socket of one device or all. It is made for no protocol and bound to all of them when it starts, so that no packet comes before the
 * filter that is attached first.
 */
export class PacketSocket extends PullStream<Packet> implements PacketReader {
  readonly fd: number
  readonly #index: number
  readonly #snapLength: number
  #batch: PacketBatch | undefined
  #lost = 0
  #started = false
  #open = true

  /** Throws `KERNEL_NO_PERMISSION` (CAP_NET_RAW), `KERNEL_NO_DEVICE`. */
  constructor({ device, snapLength = 65536 }: PacketOptions) {
    super()
    const what = `opening a raw socket${device === undefined ? "" : ` on ${device}`}`
    if (!(Number.isInteger(snapLength) && snapLength > 0 && snapLength <= MAX_SNAP)) throw badSnap(snapLength)
    this.#index = device === undefined ? 0 : findDevice(device).index
    const fd = sys().call(sys().numbers.socket, AF_PACKET, SOCK_RAW_NONBLOCK_CLOEXEC, 0)
    if (isPermission(-fd)) throw permissionError(what, -fd, ["CAP_NET_RAW"])
    if (fd < 0) throw callFailed(what, -fd)
    this.fd = fd
    const one = new Uint8Array(Int32Array.of(1).buffer)
    syscall(sys().numbers.setsockopt, fd, SOL_SOCKET, SO_TIMESTAMPNS, one, 4)
    this.#snapLength = snapLength
  }

  get lost(): number {
    if (this.#open) this.#countLost()
    return this.#lost
  }

  start(): void {
    if (this.#started || !this.#open) return
    this.#started = true
    // struct sockaddr_ll: u16 family, protocol in network order; i32 index; …
    const address = new Uint8Array(20)
    const view = new DataView(address.buffer)
    view.setUint16(0, AF_PACKET, true)
    view.setUint16(2, swap16(ETH_P_ALL), true)
    view.setInt32(4, this.#index, true)
    const result = syscall(sys().numbers.bind, this.fd, address, address.length)
    if (result < 0) throw callFailed("binding a raw socket", -result)
  }

  override async next(): Promise<IteratorResult<Packet, undefined>> {
    this.start()
    return super.next()
  }

  protected watchSource(ready: () => void): EventWatch {
    return sys().watch(this.fd, ready)
  }

  protected readSource(push: (packet: Packet) => void): void {
    this.#batch ??= new PacketBatch(this.#snapLength)
    this.#batch.receive(this.fd, push)
  }

  protected closeSource(): void {
    this.#countLost()
    this.#open = false
    closeFd(this.fd)
  }

  /** The kernel counts from one time it is asked to the next. */
  #countLost(): void {
    const counters = new Uint32Array(2)
    const size = new Uint8Array(Uint32Array.of(8).buffer)
    const bytes = new Uint8Array(counters.buffer)
    const result = syscall(sys().numbers.getsockopt, this.fd, SOL_PACKET, PACKET_STATISTICS, bytes, size)
    if (result >= 0) this.#lost += counters[1]
  }
}

function badSnap(value: unknown): SkepError {
  return new SkepError({
    code: "KERNEL_BUFFER_SIZE",
    message: `the room for a packet is 1 to ${MAX_SNAP} bytes, not ${value}`,
    hint: "65536 holds every packet but those of the largest offloads",
  })
}
