import { type Dissected, dissect } from "./dissect.ts"
import { protocols } from "./header/index.ts"
import { packetLine } from "./line.ts"

/**
 * What tells two packets apart, for people; empty where they are the same. Headers first, field by field, then the bytes that no field covers:
 *
 *     ipv4.ttl: 63, expected 64
 *     ipv4.checksum: 0x67cc, expected 0x66cc
 *     payload from byte 42: 01 02 03
 *                 expected: 01 02 04
 *
 * Without a link type packets begin with Ethernet.
 */
export function diffPackets(actual: Uint8Array, expected: Uint8Array, linkType?: number): string {
  if (sameBytes(actual, expected)) return ""
  const [mine, other] = [dissect(actual, linkType), dissect(expected, linkType)]
  const lines: string[] = []
  if (actual.length !== expected.length) lines.push(`length: ${actual.length}, expected ${expected.length}`)
  const names = ({ headers }: Dissected): string => headers.map(({ protocol }) => protocol).join(" ")
  if (names(mine) !== names(other)) {
    lines.push(`headers: ${names(mine) || "none"}, expected ${names(other) || "none"}`)
    lines.push(`  ${packetLine(actual, linkType)}`, `  ${packetLine(expected, linkType)}`)
    return [...lines, ...differingBytes("bytes", actual, expected)].join("\n")
  }
  for (const [i, header] of mine.headers.entries()) lines.push(...differingFields(header, other.headers[i]))
  const tails: [Uint8Array, Uint8Array] = [actual.subarray(mine.payload.start), expected.subarray(other.payload.start)]
  lines.push(...differingBytes("payload", ...tails, mine.payload.start))
  // Options, and bits of headers that have no name.
  if (lines.length === 0) lines.push(...differingBytes("bytes", actual, expected))
  return lines.join("\n")
}

type OneHeader = Dissected["headers"][number]

function differingFields(mine: OneHeader, other: OneHeader): string[] {
  const fields = protocols[mine.protocol].fields as Record<string, { show(value: unknown): string }>
  return Object.keys(fields)
    .filter(name => mine.fields[name] !== other.fields[name])
    .map(name => {
      const show = (header: OneHeader): string => fields[name].show(header.fields[name])
      return `${mine.protocol}.${name}: ${show(mine)}, expected ${show(other)}`
    })
}

/** Rows that are shown of long differences. */
const MOST_ROWS = 8

/** The rows of 16 bytes in which two pieces differ. `from` is where they begin in the packet. */
function differingBytes(what: string, actual: Uint8Array, expected: Uint8Array, from = 0): string[] {
  const lines: string[] = []
  for (let at = 0; at < Math.max(actual.length, expected.length); at += 16) {
    const rows = [actual, expected].map(bytes => bytes.subarray(at, at + 16)) as [Uint8Array, Uint8Array]
    if (sameBytes(...rows)) continue
    if (lines.length >= 2 * MOST_ROWS) return [...lines, "… and more behind them"]
    const head = `${what} from byte ${from + at}: `
    lines.push(`${head}${row(rows[0])}`, `${"expected: ".padStart(head.length)}${row(rows[1])}`)
  }
  return lines
}

const row = (bytes: Uint8Array): string =>
  bytes.length === 0 ? "nothing" : Array.from(bytes, byte => byte.toString(16).padStart(2, "0")).join(" ")

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i])
}
