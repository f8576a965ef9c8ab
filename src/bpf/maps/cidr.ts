import { SkepError } from "../../base/index.ts"

/** An address and how many bits of it count. */
export interface Prefix {
  readonly bits: number
  /** 4 bytes or 16, in the order of the network. */
  readonly bytes: Uint8Array
}

/**
 * Reads `10.0.0.0/8`, `2001:db8::/32`, or an address alone, all of whose bits count. IPv4 addresses may stand at the end of
 * IPv6 ones. Bits behind the prefix become zero.
 * @throws SkepError BPF_CIDR
 */
export function parseCidr(text: string): Prefix {
  const [address, length, more] = text.split("/")
  const bytes = address.includes(":") ? parseV6(address) : parseV4(address)
  if (bytes === undefined || more !== undefined) throw notCidr(text)
  const bits = length === undefined ? bytes.length * 8 : /^\d{1,3}$/.test(length) ? Number(length) : -1
  if (bits < 0 || bits > bytes.length * 8) throw notCidr(text)
  for (let i = 0; i < bytes.length; i++) {
    const kept = Math.min(8, Math.max(0, bits - i * 8))
    bytes[i] &= 0xff << (8 - kept)
  }
  return { bits, bytes }
}

/** The text of a prefix, IPv6 as RFC 5952 writes it. */
export function formatCidr({ bits, bytes }: Prefix): string {
  return `${bytes.length === 4 ? bytes.join(".") : formatV6(bytes)}/${bits}`
}

function parseV4(text: string): Uint8Array | undefined {
  const parts = text.split(".")
  if (parts.length !== 4 || !parts.every(part => /^(0|[1-9]\d{0,2})$/.test(part) && Number(part) < 256))
    return undefined
  return Uint8Array.from(parts, Number)
}

function parseV6(text: string): Uint8Array | undefined {
  const tail = /^(.*:)(\d+\.\d+\.\d+\.\d+)$/.exec(text)
  if (tail !== null) {
    const v4 = parseV4(tail[2])
    if (v4 === undefined) return undefined
    const view = new DataView(v4.buffer)
    text = `${tail[1]}${view.getUint16(0).toString(16)}:${view.getUint16(2).toString(16)}`
  }
  const halves = text.split("::")
  if (halves.length > 2) return undefined
  const [head, rest] = halves.map(half => (half === "" ? [] : half.split(":")))
  const missing = 8 - head.length - (rest?.length ?? 0)
  if (rest === undefined ? missing !== 0 : missing < 1) return undefined
  const groups = [...head, ...Array<string>(missing).fill("0"), ...(rest ?? [])]
  if (!groups.every(group => /^[0-9a-f]{1,4}$/i.test(group))) return undefined
  const bytes = new Uint8Array(16)
  const view = new DataView(bytes.buffer)
  for (const [i, group] of groups.entries()) view.setUint16(i * 2, Number.parseInt(group, 16))
  return bytes
}

function formatV6(bytes: Uint8Array): string {
  const view = new DataView(bytes.buffer, bytes.byteOffset)
  const groups = Array.from({ length: 8 }, (_, i) => view.getUint16(i * 2))
  let best = { at: 0, length: 1 }
  for (let at = 0; at < 8; at++) {
    let length = 0
    while (at + length < 8 && groups[at + length] === 0) length++
    if (length > best.length) best = { at, length }
  }
  const hex = (part: readonly number[]): string => part.map(group => group.toString(16)).join(":")
  if (best.length < 2) return hex(groups)
  return `${hex(groups.slice(0, best.at))}::${hex(groups.slice(best.at + best.length))}`
}

const notCidr = (text: string): SkepError =>
  new SkepError({
    code: "BPF_CIDR",
    message: `'${text}' is no address or prefix`,
    hint: "for example 10.0.0.0/8, 192.168.1.7, 2001:db8::/32",
  })
