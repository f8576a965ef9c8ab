import type { Helper } from "../../code.ts"
import { EFAULT, EINVAL, ENOMEM } from "../../errno.ts"
import type { Skb } from "../../packet/skb.ts"
import type { Run } from "../../run.ts"
import { skbOf } from "./of.ts"

/** Flags of `bpf_skb_store_bytes`. */
const RECOMPUTE_CSUM = 1
const INVALIDATE_HASH = 2
/** Where `bpf_skb_load_bytes_relative` counts from. */
const FROM_MAC = 0
const FROM_NETWORK = 1

/** Zeros in place of what could not be read. */
function cleared(run: Run, to: number, toHigh: number, length: number): number {
  const at = run.writable(to, toHigh, length)
  run.memory.u8.fill(0, at, at + length)
  return run.signed(-EFAULT)
}

function copied(run: Run, from: number, to: number, toHigh: number, length: number): number {
  const at = run.writable(to, toHigh, length)
  run.memory.u8.copyWithin(at, from, from + length)
  return 0
}

/** Writes bytes of a packet, as `bpf_skb_store_bytes` does: 0, or −errno. */
export function storeBytes(
  skb: Skb,
  offset: number,
  source: number,
  length: number,
  flags: number,
  flagsHigh: number,
): number {
  if (flags & ~(RECOMPUTE_CSUM | INVALIDATE_HASH) || flagsHigh !== 0) return -EINVAL
  const at = offset < 0 ? 0 : skb.pointer(offset, length)
  if (at === 0) return -EFAULT
  if (flags & RECOMPUTE_CSUM) skb.withdraw(at, length, offset)
  skb.memory.u8.copyWithin(at, source, source + length)
  if (flags & RECOMPUTE_CSUM) skb.deposit(at, length, offset)
  if (flags & INVALIDATE_HASH) skb.hash = 0
  skb.publish()
  return 0
}

/** `bpf_skb_store_bytes` */
export const skbStoreBytes: Helper = (run, _skb, _s, offset, _o, from, fromHigh, length, _l, flags, flagsHigh) =>
  run.signed(storeBytes(skbOf(run), offset, run.readable(from, fromHigh, length), length, flags, flagsHigh))

/** `bpf_skb_load_bytes` */
export const skbLoadBytes: Helper = (run, _skb, _s, offset, _o, to, toHigh, length) => {
  // What dissects a trial run's frame has no packet of the stack, and the kernel reads none by this.
  const hasPacket = run.program.type !== "flow_dissector"
  const from = offset < 0 || !hasPacket ? 0 : skbOf(run).pointer(offset, length)
  return from === 0 ? cleared(run, to, toHigh, length) : copied(run, from, to, toHigh, length)
}

/** `bpf_skb_load_bytes_relative` */
export const skbLoadBytesRelative: Helper = (run, _skb, _s, offset, _o, to, toHigh, length, _l, start) => {
  const skb = skbOf(run)
  const known = start === FROM_MAC || start === FROM_NETWORK
  const from = (start === FROM_MAC ? skb.mac : skb.network) + offset
  if (!known || offset >>> 0 > 0xffff || from + length > skb.end) return cleared(run, to, toHigh, length)
  return copied(run, from, to, toHigh, length)
}

/** `bpf_skb_pull_data`: all of a packet is in one piece here. */
export const skbPullData: Helper = (run, _skb, _s, length) => {
  const skb = skbOf(run)
  if (length >>> 0 > skb.length) return run.signed(-ENOMEM)
  skb.publish()
  return 0
}
