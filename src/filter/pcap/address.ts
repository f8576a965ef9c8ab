/** Addresses in expressions: IPv4 whole or in part, IPv6, and those of Ethernet. */

/** An IPv4 address of which the first `bits` bits are written: `10.1` has 16. */
export interface PartialIpv4 {
  /** The address, what is not written being zero. */
  readonly value: number
  readonly bits: number
}

/** `10`, `10.1`, `10.1.2` or `10.1.2.3`; undefined when it is none. */
export function parseIpv4(text: string): PartialIpv4 | undefined {
  if (!/^\d+(\.\d+){0,3}$/.test(text)) return undefined
  const parts = text.split(".").map(Number)
  if (parts.some(part => part > 255)) return undefined
  const value = parts.reduce((sum, part, i) => sum + part * 2 ** (24 - 8 * i), 0)
  return { value, bits: parts.length * 8 }
}

/** An IPv6 address as four words; undefined when it is none. */
export function parseIpv6(text: string): readonly number[] | undefined {
  const tail = /^(.*:)(\d+\.\d+\.\d+\.\d+)$/.exec(text)
  if (tail !== null) {
    const v4 = parseIpv4(tail[2])
    if (v4 === undefined) return undefined
    return parseIpv6(`${tail[1]}${(v4.value >>> 16).toString(16)}:${(v4.value & 0xffff).toString(16)}`)
  }
  const halves = text.split("::")
  if (halves.length > 2) return undefined
  const [front, back] = halves.map(half => (half === "" ? [] : half.split(":")))
  if ([...front, ...(back ?? [])].some(group => !/^[0-9a-f]{1,4}$/i.test(group))) return undefined
  const missing = 8 - front.length - (back?.length ?? 0)
  if (back === undefined ? missing !== 0 : missing < 1) return undefined
  const groups = [...front, ...new Array<string>(missing).fill("0"), ...(back ?? [])].map(group =>
    Number.parseInt(group, 16),
  )
  return [0, 2, 4, 6].map(i => ((groups[i] << 16) | groups[i + 1]) >>> 0)
}

/** `1:2:3:4:5:6` with `:`, `-` or `.`, `aabb.ccdd.eeff`, or twelve digits, as six bytes; undefined when it is none. */
export function parseMac(text: string): readonly number[] | undefined {
  const pairs = /^([0-9a-f]{1,2})([:.-])[0-9a-f]{1,2}(\2[0-9a-f]{1,2}){4}$/i.exec(text)
  if (pairs !== null) return text.split(pairs[2]).map(part => Number.parseInt(part, 16))
  const whole = /^[0-9a-f]{12}$/i.test(text) || /^[0-9a-f]{4}(\.[0-9a-f]{4}){2}$/i.test(text)
  if (!whole) return undefined
  return text
    .replaceAll(".", "")
    .match(/../g)!
    .map(part => Number.parseInt(part, 16))
}

/** The mask of the first `bits` bits of 32. */
export const prefixMask = (bits: number): number =>
  bits <= 0 ? 0 : bits >= 32 ? 0xffff_ffff : (-1 << (32 - bits)) >>> 0
