/**
 * Checksum arithmetic as the kernel does it, so that results are the same to the bit. Two kinds of numbers:
 *
 *     sum        32 bits, the ones' complement sum of little-endian words, not complemented (`__wsum`)
 *     checksum   16 bits as they stand in a header, read as a little-endian number (`__sum16`)
 *
 * Sources: Linux include/net/checksum.h, arch/x86/include/asm/checksum_64.h.
 */

/** Ones' complement addition of two sums. */
export function addSums(a: number, b: number): number {
  const sum = (a >>> 0) + (b >>> 0)
  return sum > 0xffffffff ? sum - 0xffffffff : sum
}

/** Takes a sum out of another. */
export const subtractSum = (a: number, b: number): number => addSums(a, ~b)

/** The checksum of a sum: folded to 16 bits and complemented. */
export function foldSum(sum: number): number {
  const once = (sum >>> 16) + (sum & 0xffff)
  return ~((once >>> 16) + (once & 0xffff)) & 0xffff
}

/** The sum folded to 16 bits, not complemented. */
export const narrowSum = (sum: number): number => ~foldSum(sum) & 0xffff

/** The sum of bytes, added to another. Zero only where everything is. */
export function sumBytes(bytes: Uint8Array, start: number, length: number, initial = 0): number {
  let total = initial >>> 0
  let at = start
  const whole = start + (length & ~3)
  for (; at < whole; at += 4) {
    total += (bytes[at] | (bytes[at + 1] << 8) | (bytes[at + 2] << 16) | (bytes[at + 3] << 24)) >>> 0
  }
  for (let shift = 0; at < start + length; at++, shift += 8) total += (bytes[at] << shift) >>> 0
  // Ends around as often as there are carries; what is a multiple of 2^32 - 1 stays all ones.
  return total === 0 ? 0 : ((total - 1) % 0xffffffff) + 1
}

/** A sum of bytes that begin at an odd place of the packet: they stand in the other halves of its words. */
const turned = (sum: number, offset: number): number => (offset & 1 ? ((sum >>> 8) | (sum << 24)) >>> 0 : sum)

/** Adds the sum of bytes at an offset of the packet. */
export const addSumAt = (sum: number, part: number, offset: number): number => addSums(sum, turned(part, offset))

/** Takes the sum of bytes at an offset of the packet out. */
export const subtractSumAt = (sum: number, part: number, offset: number): number => addSumAt(sum, ~part >>> 0, offset)

/** A checksum after the bytes that it covers changed by a difference of sums. */
export const replaceByDifference = (checksum: number, difference: number): number =>
  foldSum(addSums(difference, ~checksum))

/** A checksum after four of its bytes changed. */
export const replaceFour = (checksum: number, from: number, to: number): number =>
  foldSum(addSums(subtractSum(~checksum, from), to))

/** A checksum after two of its bytes changed: arithmetic of 16 bits. */
export function replaceTwo(checksum: number, from: number, to: number): number {
  const add = (a: number, b: number): number => {
    const sum = a + b
    return (sum + (sum >>> 16)) & 0xffff
  }
  return ~add(add(~checksum & 0xffff, ~from & 0xffff), to & 0xffff) & 0xffff
}
