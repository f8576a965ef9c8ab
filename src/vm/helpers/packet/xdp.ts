import type { Helper } from "../../code.ts"
import { EACCES, EFAULT, EINVAL, EOPNOTSUPP } from "../../errno.ts"
import { ETH_HLEN } from "../../packet/link.ts"
import { XDP_FRAME, type Xdp } from "../../packet/xdp.ts"
import type { Run } from "../../run.ts"
import { xdpOf } from "./of.ts"

/** Bytes of metadata in front of a packet at most; they come in fours. */
const MOST_METADATA = 255
const PAGE = 4096

/** `bpf_xdp_get_buff_len` */
export const xdpGetBuffLen: Helper = run => xdpOf(run).length

/** `bpf_xdp_adjust_head` */
export const xdpAdjustHead: Helper = (run, _xdp, _x, offset) => {
  const xdp = xdpOf(run)
  const metadata = xdp.data - xdp.meta
  const data = xdp.data + offset
  if (data < xdp.head + XDP_FRAME + metadata || data > xdp.end - ETH_HLEN) return run.signed(-EINVAL)
  run.memory.u8.copyWithin(xdp.meta + offset, xdp.meta, xdp.data)
  xdp.meta += offset
  xdp.data = data
  xdp.publish()
  return 0
}

/** `bpf_xdp_adjust_tail` */
export const xdpAdjustTail: Helper = (run, _xdp, _x, offset) => {
  const xdp = xdpOf(run)
  if (xdp.fragments.length > 0) return run.signed(offset < 0 ? shorten(xdp, -offset) : lengthen(xdp, offset))
  const end = xdp.end + offset
  if (end > xdp.limit || end < xdp.data + ETH_HLEN) return run.signed(-EINVAL)
  if (offset > 0) run.memory.u8.fill(0, xdp.end, end)
  xdp.end = end
  xdp.publish()
  return 0
}

/** Zeros at the end of the last fragment, as far as its page goes. */
function lengthen(xdp: Xdp, size: number): number {
  const last = xdp.fragments[xdp.fragments.length - 1]
  if (xdp.fragmentRoom === 0) return -EOPNOTSUPP
  if (size > PAGE - last.length) return -EINVAL
  const longer = new Uint8Array(last.length + size)
  longer.set(last)
  xdp.fragments[xdp.fragments.length - 1] = longer
  return 0
}

/** Takes bytes off the fragments, the last ones first, and then off the first piece. */
function shorten(xdp: Xdp, size: number): number {
  if (size > xdp.length - ETH_HLEN) return -EINVAL
  let rest = size
  while (rest > 0 && xdp.fragments.length > 0) {
    const last = xdp.fragments[xdp.fragments.length - 1]
    if (last.length > rest) {
      xdp.fragments[xdp.fragments.length - 1] = last.subarray(0, last.length - rest)
      return 0
    }
    rest -= last.length
    xdp.fragments.pop()
  }
  xdp.end -= rest
  xdp.publish()
  return 0
}

/** `bpf_xdp_adjust_meta` */
export const xdpAdjustMeta: Helper = (run, _xdp, _x, offset) => {
  const xdp = xdpOf(run)
  const meta = xdp.meta + offset
  const size = xdp.data - meta
  if (meta < xdp.head + XDP_FRAME || size < 0) return run.signed(-EINVAL)
  if (size & 3 || size > MOST_METADATA) return run.signed(-EACCES)
  xdp.meta = meta
  xdp.publish()
  return 0
}

/** 0, or −errno where the packet has no such bytes. Source: `bpf_xdp_pointer`. */
function outside(xdp: Xdp, offset: number, length: number): number {
  if (offset >>> 0 > 0xffff || length >>> 0 > 0xffff) return -EFAULT
  return offset + length > xdp.length ? -EINVAL : 0
}

/** `bpf_xdp_load_bytes` */
export const xdpLoadBytes: Helper = (run, _xdp, _x, offset, _o, to, toHigh, length) => {
  const xdp = xdpOf(run)
  const error = outside(xdp, offset, length)
  if (error < 0) return run.signed(error)
  copyBytes(run, xdp, offset, run.writable(to, toHigh, length), length, "load")
  return 0
}

/** `bpf_xdp_store_bytes` */
export const xdpStoreBytes: Helper = (run, _xdp, _x, offset, _o, from, fromHigh, length) => {
  const xdp = xdpOf(run)
  const error = outside(xdp, offset, length)
  if (error < 0) return run.signed(error)
  copyBytes(run, xdp, offset, run.readable(from, fromHigh, length), length, "store")
  return 0
}

/** Copies between linear memory and a packet that may lie in several pieces. */
export function copyBytes(
  run: Run,
  xdp: Xdp,
  offset: number,
  address: number,
  length: number,
  way: "load" | "store",
): void {
  const { u8 } = run.memory
  const first = Math.max(0, Math.min(length, xdp.end - xdp.data - offset))
  const at = xdp.data + offset
  if (first > 0 && way === "load") u8.copyWithin(address, at, at + first)
  else if (first > 0) u8.copyWithin(at, address, address + first)
  let from = offset + first - (xdp.end - xdp.data)
  let done = first
  for (const fragment of xdp.fragments) {
    if (done === length) break
    const some = Math.min(length - done, fragment.length - from)
    if (some <= 0) {
      from -= fragment.length
      continue
    }
    if (way === "load") u8.set(fragment.subarray(from, from + some), address + done)
    else fragment.set(u8.subarray(address + done, address + done + some), from)
    done += some
    from = 0
  }
}
