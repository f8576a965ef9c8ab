import type { Memory } from "../memory.ts"
import type { PacketBuffer } from "../packetBuffer.ts"
import { type Device, LOOPBACK } from "./device.ts"
import { Exposure } from "./exposure.ts"
import type { Redirect } from "./redirect.ts"

/** Offsets in `struct xdp_md`, the context of XDP programs. Source: include/uapi/linux/bpf.h. */
export const XDP_DATA = 0
export const XDP_DATA_END = 4
export const XDP_DATA_META = 8
export const XDP_INGRESS_IFINDEX = 12
export const XDP_RX_QUEUE_INDEX = 16
export const XDP_EGRESS_IFINDEX = 20
/** Bytes of the context. */
export const XDP_CONTEXT = 24

/** Room in front of a packet, in bytes. Source: XDP_PACKET_HEADROOM. */
export const XDP_HEADROOM = 256
/** The beginning of that room that the kernel keeps for itself: `struct xdp_frame`. */
export const XDP_FRAME = 40
/** Bytes at the end of a frame that the kernel keeps: `struct skb_shared_info`. */
const SHARED_INFO = 320
const PAGE = 4096
/** Bytes of a packet that fit in a page beside all that. */
export const XDP_MAX_LINEAR = PAGE - XDP_HEADROOM - SHARED_INFO

/**
 * A packet as a driver has it (`struct xdp_buff`). Packets longer than a page go on in fragments, which programs reach by helpers only:
 *
 *     head (256 bytes of room) … meta … data … end … limit      fragments
 */
export class Xdp implements PacketBuffer {
  readonly memory: Memory
  /** Address of its `struct xdp_md`. */
  readonly context: number
  head = 0
  limit = 0
  meta = 0
  data = 0
  end = 0
  /** What does not fit in the first page: pieces of a page at most. */
  fragments: Uint8Array[] = []
  /** Bytes of memory that the device gives a fragment; 0 where it does not say. */
  fragmentRoom = 0
  device: Device = LOOPBACK
  /** Where the program sends it. */
  redirect: Redirect | undefined

  readonly #exposure: Exposure

  constructor(memory: Memory) {
    this.memory = memory
    this.#exposure = new Exposure(memory)
    this.context = memory.allocate(XDP_CONTEXT, "context")
    this.head = memory.allocate(PAGE, "packet", { access: "none" })
    this.limit = this.head + PAGE - SHARED_INFO
  }

  /** Bytes of the packet, with its fragments. */
  get length(): number {
    return this.fragments.reduce((sum, one) => sum + one.length, this.end - this.data)
  }

  /**
   * Makes room for a packet, and returns where its bytes are to be put. A packet longer than a page is given all the same, in one piece: `room`
   * bytes then lie behind it.
   */
  place(length: number, room = 0): number {
    const size = XDP_HEADROOM + length + room + SHARED_INFO
    if (this.head + size > this.limit + SHARED_INFO) {
      // What lies in the old room stays there until something else is allocated: it may be what is to be moved.
      this.#exposure.hide()
      const old = this.head
      this.head = this.memory.allocate(Math.max(size, PAGE), "packet", { access: "none" })
      this.memory.free(old)
      this.limit = this.head + Math.max(size, PAGE) - SHARED_INFO
    }
    if (this.fragments.length > 0) this.fragments = []
    this.data = this.head + XDP_HEADROOM
    this.meta = this.data
    this.end = this.data + length
    return this.data
  }

  /** A packet that was put in its place has come in at a device. */
  receive(device: Device, queue = 0): void {
    const { i32 } = this.memory
    this.device = device
    this.redirect = undefined
    this.memory.u8.fill(0, this.head, this.meta)
    i32[(this.context + XDP_INGRESS_IFINDEX) >> 2] = device.index
    i32[(this.context + XDP_RX_QUEUE_INDEX) >> 2] = queue
    i32[(this.context + XDP_EGRESS_IFINDEX) >> 2] = 0
    this.publish()
  }

  /** The device that the packet is to leave by, for a program of a map of devices. */
  set egress(index: number) {
    this.memory.i32[(this.context + XDP_EGRESS_IFINDEX) >> 2] = index
  }

  /** Writes where the packet is into its context, and lets programs touch its bytes. To be called after every change. */
  publish(): void {
    const { i32 } = this.memory
    const word = this.context >> 2
    i32[word + (XDP_DATA >> 2)] = this.data
    i32[word + (XDP_DATA_END >> 2)] = this.end
    i32[word + (XDP_DATA_META >> 2)] = this.meta
    this.#exposure.show(this.meta, this.end)
  }
}
