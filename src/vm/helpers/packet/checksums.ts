import type { Helper } from "../../code.ts"
import { EACCES, EFAULT, EINVAL, ENOTSUPP } from "../../errno.ts"
import {
  addSums,
  foldSum,
  narrowSum,
  replaceByDifference,
  replaceFour,
  replaceTwo,
  subtractSum,
  sumBytes,
} from "../../packet/checksum.ts"
import { resetUnnecessary } from "../../packet/room.ts"
import type { Skb } from "../../packet/skb.ts"
import { skbOf } from "./of.ts"

/** Flags of the two helpers that replace checksums: the size of what changed, … */
const SIZE = 15
/** … that it stands in the pseudo header, … */
const PSEUDO = 16
/** … that a checksum of 0 means that there is none, … */
const ZERO_IS_NONE = 32
/** … but is to be changed all the same, … */
const FORCE = 64
/** … and that the packet is one of IPv6, whose addresses no other checksum covers (Linux 6.16). */
const IPV6 = 128
const KNOWN = SIZE | PSEUDO | ZERO_IS_NONE | FORCE | IPV6
/** UDP's checksum for one of 0. */
const MANGLED_ZERO = 0xffff
/** Levels that devices may vouch for at most. Source: SKB_MAX_CSUM_LEVEL. */
const MOST_LEVELS = 3

/** The address of a checksum in the packet; 0 where it cannot be one. */
const checksumAt = (skb: Skb, offset: number): number =>
  offset >>> 0 > 0xffff || offset & 1 ? 0 : skb.pointer(offset, 2)

/** `bpf_l3_csum_replace` */
export const l3CsumReplace: Helper = (run, _skb, _s, offset, _o, from, fromHigh, to, _t, flags, flagsHigh) => {
  const skb = skbOf(run)
  if (flags & ~SIZE || flagsHigh !== 0) return run.signed(-EINVAL)
  const at = checksumAt(skb, offset)
  if (at === 0) return run.signed(-EFAULT)
  const { view } = run.memory
  const old = view.getUint16(at, true)
  const size = flags & SIZE
  if (size === 0 && (from !== 0 || fromHigh !== 0)) return run.signed(-EINVAL)
  if (size !== 0 && size !== 2 && size !== 4) return run.signed(-EINVAL)
  const replaced =
    size === 0 ? replaceByDifference(old, to) : size === 2 ? replaceTwo(old, from, to) : replaceFour(old, from, to)
  view.setUint16(at, replaced, true)
  skb.publish()
  return 0
}

/** `bpf_l4_csum_replace` */
export const l4CsumReplace: Helper = (run, _skb, _s, offset, _o, from, fromHigh, to, _t, flags, flagsHigh) => {
  const skb = skbOf(run)
  if (flags & ~KNOWN || flagsHigh !== 0) return run.signed(-EINVAL)
  const at = checksumAt(skb, offset)
  if (at === 0) return run.signed(-EFAULT)
  skb.publish()
  const { view } = run.memory
  const old = view.getUint16(at, true)
  if (flags & ZERO_IS_NONE && !(flags & FORCE) && old === 0) return 0
  const pseudo = (flags & PSEUDO) !== 0
  let replaced: number
  switch (flags & SIZE) {
    case 0:
      if (from !== 0 || fromHigh !== 0) return run.signed(-EINVAL)
      replaced = differed(skb, old, to, pseudo, (flags & IPV6) !== 0)
      break
    case 2:
      replaced = replacedFour(skb, old, from & 0xffff, to & 0xffff, pseudo)
      break
    case 4:
      replaced = replacedFour(skb, old, from, to, pseudo)
      break
    default:
      return run.signed(-EINVAL)
  }
  view.setUint16(at, flags & ZERO_IS_NONE && replaced === 0 ? MANGLED_ZERO : replaced, true)
  return 0
}

/** A checksum of a transport header after four bytes changed. Source: `inet_proto_csum_replace4`. */
function replacedFour(skb: Skb, old: number, from: number, to: number, pseudo: boolean): number {
  if (skb.checksum === "partial") {
    return pseudo ? ~foldSum(addSums(subtractSum(old, from), to)) & 0xffff : old
  }
  if (skb.checksum === "complete" && pseudo) skb.sum = ~addSums(subtractSum(~skb.sum, from), to) >>> 0
  return replaceFour(old, from, to)
}

/** The same after a difference of sums. Source: `inet_proto_csum_replace_by_diff`. */
function differed(skb: Skb, old: number, difference: number, pseudo: boolean, ipv6: boolean): number {
  if (skb.checksum === "partial") return pseudo ? ~foldSum(addSums(difference, old)) & 0xffff : old
  if (skb.checksum === "complete" && pseudo && !ipv6) skb.sum = ~subtractSum(difference, skb.sum) >>> 0
  return replaceByDifference(old, difference)
}

/**
 * `bpf_csum_diff`: folded to 16 bits, of any number of bytes (since Linux 6.13; before, the kernel returned a sum of 32 bits that is worth the
 * same, and took multiples of 4).
 */
export const csumDiff: Helper = (run, from, fromHigh, fromSize, _f, to, toHigh, toSize, _t, seed) => {
  const { u8 } = run.memory
  let sum = seed >>> 0
  if (toSize > 0) sum = sumBytes(u8, run.readable(to, toHigh, toSize), toSize, sum)
  if (fromSize > 0) {
    const at = run.readable(from, fromHigh, fromSize)
    sum = toSize > 0 ? subtractSum(sum, sumBytes(u8, at, fromSize)) : ~sumBytes(u8, at, fromSize, ~sum) >>> 0
  }
  return narrowSum(sum)
}

/** `bpf_csum_update` */
export const csumUpdate: Helper = (run, _skb, _s, sum) => {
  const skb = skbOf(run)
  if (skb.checksum !== "complete") return run.signed(-ENOTSUPP)
  skb.sum = addSums(skb.sum, sum)
  return skb.sum | 0
}

/** `bpf_csum_level`: how many checksums a device vouches for. */
export const csumLevel: Helper = (run, _skb, _s, level, levelHigh) => {
  const skb = skbOf(run)
  const unnecessary = skb.checksum === "unnecessary"
  if (levelHigh !== 0) return run.signed(-EINVAL)
  switch (level) {
    case 0:
      return unnecessary ? skb.checksumLevel : run.signed(-EACCES)
    case 1:
      if (unnecessary) skb.checksumLevel = Math.min(skb.checksumLevel + 1, MOST_LEVELS)
      else if (skb.checksum === "none") {
        skb.checksum = "unnecessary"
        skb.checksumLevel = 0
      }
      return 0
    case 2:
      if (unnecessary && skb.checksumLevel === 0) skb.checksum = "none"
      else if (unnecessary) skb.checksumLevel--
      return 0
    case 3:
      resetUnnecessary(skb)
      return 0
    default:
      return run.signed(-EINVAL)
  }
}
