import { dissect, type Header } from "./dissect.ts"
import { flagLetters } from "./header/index.ts"

/**
 * A packet in one line, as `tcpdump -nt` writes it:
 *
 *     IP 10.0.0.1.1234 > 10.0.0.2.80: Flags [S], seq 0, win 65535, length 0
 *
 * Without a link type the packet begins with Ethernet.
 */
export function packetLine(bytes: Uint8Array, linkType?: number): string {
  const { headers, payload } = dissect(bytes, linkType)
  if (headers.length === 0) return `${bytes.length} bytes${bytes.length > 0 ? `: ${hexStart(bytes)}` : ""}`
  const parts: string[] = []
  for (const [i, header] of headers.entries()) {
    const text = describe(header, headers, i, payload)
    if (text !== undefined) parts.push(text)
  }
  return parts.join(": ")
}

type Payload = { readonly start: number; readonly end: number }

function describe(header: Header, headers: readonly Header[], i: number, payload: Payload): string | undefined {
  const { protocol, fields: f } = header
  const next = headers[i + 1]
  switch (protocol) {
    case "ethernet":
      return next === undefined
        ? `${f.source} > ${f.destination}, ethertype ${ether(f.type)}, length ${payload.end - header.start}`
        : undefined
    case "vlan":
      return `vlan ${f.id}, p ${f.priority}${next === undefined ? `, ethertype ${ether(f.type)}` : ""}`
    case "arp":
      return f.operation === 2
        ? `ARP, Reply ${f.senderIp} is-at ${f.senderMac}, length ${header.end - header.start}`
        : `ARP, Request who-has ${f.targetIp} tell ${f.senderIp}, length ${header.end - header.start}`
    case "ipv4":
      return ip("IP", header, next, payload, f.protocol as number)
    case "ipv6":
      return ip("IP6", header, next, payload, f.nextHeader as number)
    case "fragment":
      return `frag (0x${(f.id as number).toString(16).padStart(8, "0")}:${(f.offset as number) * 8}|${header.end - header.body})`
    case "tcp":
      return tcpText(header)
    case "udp":
      return next?.protocol === "vxlan" ? undefined : `UDP, length ${header.end - header.body}`
    case "icmp":
      return `ICMP ${icmpName(ICMP_TYPES, f)}, length ${header.end - header.start}`
    case "icmpv6":
      return `ICMP6, ${icmpName(ICMPV6_TYPES, f)}, length ${header.end - header.start}`
    case "gre":
      return `GREv${f.version}, length ${header.end - header.start}`
    case "vxlan":
      return `VXLAN, vni ${f.vni}`
    case "extension":
      return undefined
  }
}

function ip(name: string, header: Header, next: Header | undefined, payload: Payload, number: number): string {
  const { source, destination } = header.fields
  if (next?.protocol === "tcp" || next?.protocol === "udp") {
    return `${name} ${source}.${next.fields.sourcePort} > ${destination}.${next.fields.destinationPort}`
  }
  const rest = next === undefined ? `: ip-proto-${number} ${payload.end - header.body}` : ""
  return `${name} ${source} > ${destination}${rest}`
}

function tcpText({ fields: f, body, end }: Header): string {
  const flags = f.flags as number
  const length = end - body
  const sequence = f.sequence as number
  const parts = [`Flags [${flagLetters(flags)}]`]
  if (length > 0) parts.push(`seq ${sequence}:${(sequence + length) % 2 ** 32}`)
  else if (flags & 0b111) parts.push(`seq ${sequence}`)
  if (flags & 0x10) parts.push(`ack ${f.acknowledgement}`)
  parts.push(`win ${f.window}`)
  if (flags & 0x20) parts.push(`urg ${f.urgent}`)
  parts.push(`length ${length}`)
  return parts.join(", ")
}

const ether = (type: number | string): string => `0x${Number(type).toString(16).padStart(4, "0")}`

const ICMP_TYPES: Readonly<Record<number, string>> = {
  0: "echo reply",
  3: "destination unreachable",
  8: "echo request",
  11: "time exceeded",
}
const ICMPV6_TYPES: Readonly<Record<number, string>> = {
  1: "destination unreachable",
  2: "packet too big",
  3: "time exceeded",
  128: "echo request",
  129: "echo reply",
  133: "router solicitation",
  134: "router advertisement",
  135: "neighbor solicitation",
  136: "neighbor advertisement",
}

function icmpName(names: Readonly<Record<number, string>>, f: Header["fields"]): string {
  const name = names[f.type as number] ?? `type-#${f.type}`
  return name.startsWith("echo") ? `${name}, id ${f.id}, seq ${f.sequence}` : `${name}, code ${f.code}`
}

const hexStart = (bytes: Uint8Array): string =>
  Array.from(bytes.subarray(0, 16), byte => byte.toString(16).padStart(2, "0")).join(" ") +
  (bytes.length > 16 ? " …" : "")
