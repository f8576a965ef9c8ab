import { failed, type PacketsError } from "./error.ts"

const wrong = (kind: string, text: string, example: string): PacketsError =>
  failed({ code: "PACKETS_ADDRESS", message: `'${text}' is no ${kind}`, hint: `write it like ${example}` })

/**
 * The six bytes of `02:00:00:00:00:01`.
 * @throws SkepError PACKETS_ADDRESS
 */
export function parseMac(text: string): Uint8Array {
  const parts = text.split(/[:-]/)
  if (parts.length !== 6 || !parts.every(part => /^[0-9a-f]{1,2}$/i.test(part))) {
    throw wrong("hardware address", text, "02:00:00:00:00:01")
  }
  return Uint8Array.from(parts, part => Number.parseInt(part, 16))
}

export const formatMac = (bytes: Uint8Array, at = 0): string =>
  Array.from(bytes.subarray(at, at + 6), byte => byte.toString(16).padStart(2, "0")).join(":")

/**
 * The four bytes of `10.0.0.1`.
 * @throws SkepError PACKETS_ADDRESS
 */
export function parseIpv4(text: string): Uint8Array {
  const parts = text.split(".")
  if (parts.length !== 4 || !parts.every(part => /^\d{1,3}$/.test(part) && Number(part) < 256)) {
    throw wrong("IPv4 address", text, "10.0.0.1")
  }
  return Uint8Array.from(parts, Number)
}

export const formatIpv4 = (bytes: Uint8Array, at = 0): string => bytes.subarray(at, at + 4).join(".")

/**
 * The sixteen bytes of `2001:db8::1` or `::ffff:10.0.0.1`.
 * @throws SkepError PACKETS_ADDRESS
 */
export function parseIpv6(text: string): Uint8Array {
  const bytes = new Uint8Array(16)
  const halves = text.split("::")
  const groups = halves.map((half, i) => groupsOf(half, i === halves.length - 1))
  const given = groups.flat()
  const fits = halves.length === 1 ? given.length === 8 : halves.length === 2 && given.length < 8
  if (!fits || given.some(group => !(group >= 0 && group <= 0xffff))) throw wrong("IPv6 address", text, "2001:db8::1")
  const zeros = Array<number>(8 - given.length).fill(0)
  const all = [...groups[0], ...zeros, ...(groups[1] ?? [])]
  for (const [i, group] of all.entries()) {
    bytes[2 * i] = group >> 8
    bytes[2 * i + 1] = group & 255
  }
  return bytes
}

/** The 16-bit groups of a part of an address; NaN for what is none. */
function groupsOf(text: string, last: boolean): number[] {
  if (text === "") return []
  return text.split(":").flatMap((group, i, { length }) => {
    if (last && i === length - 1 && /^\d+\.\d+\.\d+\.\d+$/.test(group)) {
      const [a, b, c, d] = parseIpv4(group)
      return [(a << 8) | b, (c << 8) | d]
    }
    return [/^[0-9a-f]{1,4}$/i.test(group) ? Number.parseInt(group, 16) : Number.NaN]
  })
}

/** As RFC 5952 has it: the longest run of at least two zero groups is left out. */
export function formatIpv6(bytes: Uint8Array, at = 0): string {
  const groups = Array.from({ length: 8 }, (_, i) => (bytes[at + 2 * i] << 8) | bytes[at + 2 * i + 1])
  let best = { start: 0, length: 1 }
  for (let start = 0; start < 8; start++) {
    let length = 0
    while (groups[start + length] === 0) length++
    if (length > best.length) best = { start, length }
  }
  const hex = (part: number[]): string => part.map(group => group.toString(16)).join(":")
  if (best.length < 2) return hex(groups)
  if (best.start === 0 && best.length === 5 && groups[5] === 0xffff) return `::ffff:${formatIpv4(bytes, at + 12)}`
  return `${hex(groups.slice(0, best.start))}::${hex(groups.slice(best.start + best.length))}`
}
