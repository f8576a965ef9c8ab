import { EBADMSG, EINVAL, ENODEV } from "../errno.ts"
import type { Run, Runnable } from "../run.ts"
import { foldSum, sumBytes } from "./checksum.ts"
import { ETH_HLEN, ETH_P_IP, ETH_P_IPV6 } from "./link.ts"
import type { Network } from "./network.ts"
import type { Skb } from "./skb.ts"
import * as at from "./skbContext.ts"
import { TCP_CLOSE } from "./socket.ts"
import {
  XDP_CONTEXT,
  XDP_DATA,
  XDP_DATA_END,
  XDP_DATA_META,
  XDP_INGRESS_IFINDEX,
  XDP_MAX_LINEAR,
  type Xdp,
} from "./xdp.ts"

/** What a trial run of a program on a packet is given; as the kernel's PROG_TEST_RUN. */
export interface PacketTestInput {
  /** The frame, from its link header on. */
  readonly data: Uint8Array
  /** `struct __sk_buff` or `struct xdp_md`, in which only what the kernel takes may be set. */
  readonly context?: Uint8Array
  /** Runs; 1 without it. */
  readonly repeat?: number
  /** The packet has a sum of all behind its link header (BPF_F_TEST_SKB_CHECKSUM_COMPLETE). */
  readonly checksumComplete?: boolean
}

/** What a trial run gives. */
export interface PacketTestResult {
  /** r0, as 32 bits without a sign. */
  readonly retval: number
  /** The frame that the program left. */
  readonly data: Uint8Array
  /** The context that it left; empty where none was given. */
  readonly context: Uint8Array
}

/** Types of programs that see frames whole, and not from the network header on. */
const WHOLE_FRAMES = new Set(["sched_cls", "sched_act"])

/** Most bytes of a packet: a page without what is in front and behind. */
const MOST = 4096 - 64 - 320
const MOST_SEGMENTS = 65535
const LEGACY_GSO_SIZE = 65536

/**
 * Runs a program on a frame, as the kernel does by itself: the result, or −errno. What the stack would know of the packet is filled in as if it had
 * come by loopback. Source: `bpf_prog_test_run_skb`.
 */
export function testRunSkb(run: Run, skb: Skb, program: Runnable, input: PacketTestInput): PacketTestResult | number {
  const { data, context, repeat = 1 } = input
  if (data.length < ETH_HLEN || data.length > MOST) return -EINVAL
  const whole = WHOLE_FRAMES.has(program.type)
  const { network } = run.environment
  const device = network.device(given(context, at.SKB_IFINDEX) || 1)
  if (device === undefined) return -ENODEV
  const { memory } = run
  const start = skb.place(data.length)
  memory.u8.set(data, start)
  skb.receive(device, whole)
  skb.ingress = false
  const error = begin(skb, context)
  if (error < 0) return error
  if (input.checksumComplete) {
    skb.checksum = "complete"
    skb.sum = sumBytes(memory.u8, skb.network, skb.end - skb.network)
  }
  run.packet = skb
  let retval = 0
  for (let i = 0; i < Math.max(1, repeat); i++) retval = run.start(program, skb.context)
  if (!whole) {
    // The link header is not the program's: the kernel puts zeros there.
    skb.reserveHead(ETH_HLEN)
    memory.u8.fill(0, skb.data - ETH_HLEN, skb.data)
    skb.data -= ETH_HLEN
  }
  if (input.checksumComplete && !sumIsRight(skb)) return -EBADMSG
  return {
    retval: retval >>> 0,
    data: memory.copy(skb.data, skb.length),
    context: context === undefined ? new Uint8Array(0) : skbContextOut(skb, context),
  }
}

/** Whether the sum that the program left is that of the packet. It is compared whatever the program made of the checksum's state. */
const sumIsRight = (skb: Skb): boolean =>
  skb.network <= skb.end && foldSum(skb.sum) === foldSum(sumBytes(skb.memory.u8, skb.network, skb.end - skb.network))

const view = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)

/** A word of a context that may be missing or short. */
const given = (context: Uint8Array | undefined, offset: number): number =>
  context === undefined || context.length < offset + 4 ? 0 : view(context).getUint32(offset, true)

/** Ranges of the context that the caller may set. */
const MAY_SET: readonly (readonly [from: number, to: number])[] = [
  [at.SKB_MARK, at.SKB_MARK + 4],
  [at.SKB_PRIORITY, at.SKB_IFINDEX + 4],
  [at.SKB_CB, at.SKB_CB + 20],
  [at.SKB_TSTAMP, at.SKB_GSO_SEGS + 4],
  [at.SKB_GSO_SIZE, at.SKB_GSO_SIZE + 4],
  [at.SKB_HWTSTAMP, at.SKB_HWTSTAMP + 8],
]

/** Fills in what the caller says, and the socket that the kernel makes up. */
function begin(skb: Skb, context: Uint8Array | undefined): number {
  const { memory } = skb
  if (skb.protocol === ETH_P_IP && skb.end - skb.network < 20) return -EINVAL
  if (skb.protocol === ETH_P_IPV6 && skb.end - skb.network < 40) return -EINVAL
  skb.socket = skb.ownSocket()
  fillSocket(skb)
  skb.setField(at.SKB_SK, skb.socket)
  skb.publish()
  skb.setField(at.SKB_WIRE_LEN, 0)
  tellSocket(skb)
  if (context === undefined) return 0
  if (context.some((byte, i) => byte !== 0 && !MAY_SET.some(([from, to]) => i >= from && i < to))) return -EINVAL
  const wireLength = given(context, at.SKB_WIRE_LEN)
  if (wireLength !== 0 && (wireLength < skb.length || wireLength > LEGACY_GSO_SIZE)) return -EINVAL
  if (given(context, at.SKB_GSO_SEGS) > MOST_SEGMENTS) return -EINVAL
  for (const [from, to] of MAY_SET) memory.u8.set(context.subarray(from, to), skb.context + from)
  skb.setField(at.SKB_IFINDEX, skb.device.index)
  skb.setField(at.SKB_WIRE_LEN, wireLength || skb.length)
  return 0
}

/** The socket that the kernel makes for a trial run has the packet's addresses. */
function fillSocket(skb: Skb): void {
  const { view, u8 } = skb.memory
  const place = skb.socket
  u8.fill(0, place, place + 80)
  const size = skb.protocol === ETH_P_IP ? 4 : skb.protocol === ETH_P_IPV6 ? 16 : 0
  view.setUint32(place + 4, size === 4 ? 2 : size === 16 ? 10 : 0, true)
  const from = skb.network + (size === 4 ? 12 : 8)
  if (size > 0) {
    u8.copyWithin(place + (size === 4 ? 24 : 28), from, from + size)
    u8.copyWithin(place + (size === 4 ? 52 : 56), from + size, from + 2 * size)
  }
  view.setUint32(place + 72, TCP_CLOSE, true)
  view.setInt32(place + 76, -1, true)
}

/** Fields of the context that are the socket's: where in `struct bpf_sock` they come from. Programs of control groups may read them. */
const OF_SOCKET: readonly (readonly [field: number, from: number, bytes: number])[] = [
  [at.SKB_FAMILY, 4, 4],
  [at.SKB_REMOTE_IP4, 52, 4],
  [at.SKB_LOCAL_IP4, 24, 4],
  [at.SKB_REMOTE_IP6, 56, 16],
  [at.SKB_LOCAL_IP6, 28, 16],
]

function tellSocket({ memory, context, socket }: Skb): void {
  for (const [field, from, bytes] of OF_SOCKET) {
    memory.u8.copyWithin(context + field, socket + from, socket + from + bytes)
  }
}

/** Fields that the kernel tells after a run; the others are as they were given. */
const TOLD: readonly (readonly [from: number, to: number])[] = [
  [at.SKB_MARK, at.SKB_MARK + 4],
  [at.SKB_PRIORITY, at.SKB_IFINDEX + 4],
  [at.SKB_CB, at.SKB_CB + 20],
  [at.SKB_TSTAMP, at.SKB_GSO_SEGS + 4],
  [at.SKB_HWTSTAMP, at.SKB_HWTSTAMP + 8],
]

function skbContextOut(skb: Skb, context: Uint8Array): Uint8Array {
  const out = new Uint8Array(at.SKB_CONTEXT)
  out.set(context.subarray(0, at.SKB_CONTEXT))
  for (const [from, to] of TOLD) out.set(skb.memory.bytes(skb.context + from, to - from), from)
  return out
}

/**
 * Runs an XDP program on a frame, with metadata in front where the context says so: the result, or −errno. What does not fit in a page
 * goes on in fragments. Source: `bpf_prog_test_run_xdp`.
 */
export function testRunXdp(run: Run, xdp: Xdp, program: Runnable, input: PacketTestInput): PacketTestResult | number {
  const { data, context, repeat = 1 } = input
  const metadata = given(context, XDP_DATA)
  const end = context === undefined ? data.length : given(context, XDP_DATA_END)
  if (given(context, XDP_DATA_META) !== 0 || end > data.length || metadata > end) return -EINVAL
  if (metadata & 3 || metadata > 216 || data.length - metadata < ETH_HLEN) return -EINVAL
  const device = deviceOf(run.environment.network, context)
  if (typeof device === "number") return device
  const { memory } = run
  const linear = Math.min(end, XDP_MAX_LINEAR + metadata)
  const start = xdp.place(linear - metadata)
  xdp.meta = start - metadata
  memory.u8.set(data.subarray(0, linear), xdp.meta)
  for (let from = linear; from < data.length; from += 4096) xdp.fragments.push(data.slice(from, from + 4096))
  xdp.fragmentRoom = 4096
  xdp.receive(device)
  run.packet = xdp
  let retval = 0
  for (let i = 0; i < Math.max(1, repeat); i++) retval = run.start(program, xdp.context)
  const out = new Uint8Array(xdp.data - xdp.meta + xdp.length)
  out.set(memory.bytes(xdp.meta, xdp.end - xdp.meta))
  let behind = xdp.end - xdp.meta
  for (const fragment of xdp.fragments) {
    out.set(fragment, behind)
    behind += fragment.length
  }
  return {
    retval: retval >>> 0,
    data: out,
    context: context === undefined ? new Uint8Array(0) : xdpContextOut(xdp, context),
  }
}

function deviceOf(network: Network, context: Uint8Array | undefined) {
  const index = given(context, XDP_INGRESS_IFINDEX)
  if (given(context, XDP_INGRESS_IFINDEX + 8) !== 0) return -EINVAL
  if (index === 0 && given(context, XDP_INGRESS_IFINDEX + 4) !== 0) return -EINVAL
  return network.device(index || 1) ?? -ENODEV
}

function xdpContextOut(xdp: Xdp, context: Uint8Array): Uint8Array {
  const out = new Uint8Array(XDP_CONTEXT)
  out.set(context.subarray(0, XDP_CONTEXT))
  view(out).setUint32(XDP_DATA, xdp.data - xdp.meta, true)
  view(out).setUint32(XDP_DATA_END, xdp.end - xdp.meta, true)
  return out
}
