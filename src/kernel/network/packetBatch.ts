import type { Packet } from "../../machine/index.ts"
import { callFailed } from "../host/index.ts"
import { EAGAIN, EINTR, sys } from "../raw/index.ts"

/** Packets that one call takes over. */
const COUNT = 32
/** Bytes of a packet's `struct mmsghdr`, `struct iovec`, `struct sockaddr_ll` and control messages, each padded to 8. */
const MMSGHDR = 64
const IOVEC = 16
const NAME = 24
const CONTROL = 64
const CMSG_HEADER = 16
const SOL_SOCKET = 1
const SCM_TIMESTAMPNS = 35
const MSG_TRUNC = 0x20
const MSG_DONTWAIT = 0x40
const ENETDOWN = 100

const DIRECTIONS: readonly Packet["direction"][] = ["host", "broadcast", "multicast", "other", "outgoing"]

/**
 * Buffers in which recvmmsg(2) puts many packets at once (Linux 2.6.33).
 *
 *     mmsghdr  name, u32 name length, iovec, count of iovecs, control, control length, i32 flags; u32 length
 */
export class PacketBatch {
  readonly #snap: number
  readonly #data: Uint8Array
  readonly #bytes = new Uint8Array(COUNT * (MMSGHDR + IOVEC + NAME + CONTROL))
  readonly #view = new DataView(this.#bytes.buffer)
  readonly #address = sys().address(this.#bytes)

  constructor(snapLength: number) {
    this.#snap = snapLength
    this.#data = new Uint8Array(COUNT * snapLength)
    const data = sys().address(this.#data)
    for (let i = 0; i < COUNT; i++) {
      const iovec = COUNT * MMSGHDR + i * IOVEC
      const { name, control } = places(i)
      this.#pointer(i * MMSGHDR, this.#address + name)
      this.#pointer(i * MMSGHDR + 16, this.#address + iovec)
      this.#pointer(i * MMSGHDR + 24, 1)
      this.#pointer(i * MMSGHDR + 32, this.#address + control)
      this.#pointer(iovec, data + i * snapLength)
      this.#pointer(iovec + 8, snapLength)
    }
  }

  #pointer(offset: number, value: number): void {
    this.#view.setBigUint64(offset, BigInt(value), true)
  }

  /** Takes over what is there now, one call's worth at most. */
  receive(fd: number, push: (packet: Packet) => void): void {
    for (let i = 0; i < COUNT; i++) {
      this.#view.setUint32(i * MMSGHDR + 8, 20, true)
      this.#pointer(i * MMSGHDR + 40, CONTROL)
    }
    const raw = sys()
    const count = raw.call(raw.numbers.recvmmsg, fd, this.#address, COUNT, MSG_DONTWAIT | MSG_TRUNC, 0)
    // A device that goes down is told once, and the socket goes on when it comes up.
    if (count === -EAGAIN || count === -EINTR || count === -ENETDOWN) return
    if (count < 0) throw callFailed("reading packets", -count)
    for (let i = 0; i < count; i++) push(this.#packet(i))
  }

  #packet(i: number): Packet {
    const view = this.#view
    const { name } = places(i)
    const length = view.getUint32(i * MMSGHDR + 56, true)
    const start = i * this.#snap
    return {
      data: this.#data.slice(start, start + Math.min(length, this.#snap)),
      length,
      timestamp: this.#timestamp(i),
      device: view.getInt32(name + 4, true),
      protocol: view.getUint16(name + 2, false),
      direction: DIRECTIONS[view.getUint8(name + 10)] ?? "other",
    }
  }

  /** Of the control message `u64 length, u32 level, u32 type; i64 seconds, i64 nanoseconds`. */
  #timestamp(i: number): bigint {
    const { control } = places(i)
    const size = this.#view.getUint32(i * MMSGHDR + 40, true)
    const isTime =
      size >= CMSG_HEADER + 16 &&
      this.#view.getUint32(control + 8, true) === SOL_SOCKET &&
      this.#view.getUint32(control + 12, true) === SCM_TIMESTAMPNS
    if (!isTime) return BigInt(Date.now()) * 1_000_000n
    const at = control + CMSG_HEADER
    return this.#view.getBigInt64(at, true) * 1_000_000_000n + this.#view.getBigInt64(at + 8, true)
  }
}

/** Where a packet's address and control messages stand. */
function places(i: number): { name: number; control: number } {
  const names = COUNT * (MMSGHDR + IOVEC)
  return { name: names + i * NAME, control: names + COUNT * NAME + i * CONTROL }
}
