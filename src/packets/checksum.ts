/**
 * The Internet checksum (RFC 1071): the ones' complement of the ones' complement sum of 16-bit words in network order. Sums are
 * carried as plain numbers below 2^32 and may be added up before they are folded.
 */

/** The sum of the bytes from `start` to `end` and of `initial`, folded to 16 bits, not complemented. A last single byte is a word's first. */
export function onesComplementSum(bytes: Uint8Array, start: number, end: number, initial = 0): number {
  let sum = initial
  let at = start
  for (; at + 1 < end; at += 2) sum += (bytes[at] << 8) | bytes[at + 1]
  if (at < end) sum += bytes[at] << 8
  return fold(sum)
}

/** Adds the carries of a sum until it has 16 bits. */
export function fold(sum: number): number {
  while (sum > 0xffff) sum = (sum % 65536) + Math.floor(sum / 65536)
  return sum
}

/** The checksum of bytes, as it stands in a header. `initial` is a sum to begin with, of a pseudo header for example. */
export function checksum(bytes: Uint8Array, start = 0, end = bytes.length, initial = 0): number {
  return ~onesComplementSum(bytes, start, end, initial) & 0xffff
}

/**
 * The sum of the pseudo header that TCP and UDP checksums cover (RFC 793, RFC 8200): both addresses, the protocol's number and the length.
 * The addresses lie side by side, of 8 bytes together for IPv4 and 32 for IPv6.
 */
export function pseudoHeaderSum(
  bytes: Uint8Array,
  addresses: number,
  size: 8 | 32,
  protocol: number,
  length: number,
): number {
  return onesComplementSum(bytes, addresses, addresses + size, protocol + length)
}
