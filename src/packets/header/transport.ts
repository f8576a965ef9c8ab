import { checksum, pseudoHeaderSum } from "../checksum.ts"
import { type Field, givenOptions, hex, number } from "./field.ts"
import { IP_PROTOCOLS } from "./numbers.ts"
import type { Building, Place, Protocol } from "./protocol.ts"

/** TCP's flags from the lowest bit on. */
export const TCP_FLAGS = ["fin", "syn", "rst", "psh", "ack", "urg", "ece", "cwr"] as const

/** As tcpdump writes flags: `S.` for syn and ack. */
export function flagLetters(flags: number): string {
  const letters = ["F", "S", "R", "P", ".", "U", "E", "W"].filter((_, bit) => flags & (1 << bit))
  return letters.length === 0 ? "none" : letters.sort(lastIsDot).join("")
}
const lastIsDot = (a: string, b: string): number => Number(a === ".") - Number(b === ".")

/** Flags as a number or by name: `"syn ack"`. */
const flags: Field<number> = number(104, 8, value => {
  const names = TCP_FLAGS.filter((_, bit) => value & (1 << bit))
  return names.length === 0 ? "none" : names.join(" ")
})

const tcpFields = {
  sourcePort: number(0, 16),
  destinationPort: number(16, 16),
  sequence: number(32, 32),
  acknowledgement: number(64, 32),
  /** Length of the header in units of 4 bytes. */
  dataOffset: number(96, 4),
  flags,
  window: number(112, 16),
  checksum: hex(128, 16),
  urgent: number(144, 16),
}

/** RFC 9293. */
export const tcp: Protocol<typeof tcpFields> = {
  name: "tcp",
  fields: tcpFields,
  minimum: 20,
  size: (bytes, at) => tcpFields.dataOffset.read(bytes, at) * 4,
  options: givenOptions,
  next: () => undefined,
  complete({ bytes, at, body }) {
    tcpFields.dataOffset.write(bytes, at, (body - at) / 4)
    tcpFields.window.write(bytes, at, 65535)
  },
  seal: building => sealed(building, tcpFields.checksum, IP_PROTOCOLS.tcp, false),
}

const udpFields = {
  sourcePort: number(0, 16),
  destinationPort: number(16, 16),
  /** Of header and payload, in bytes. */
  length: number(32, 16),
  /** 0 where it was not computed. */
  checksum: hex(48, 16),
}

/** The port on which VXLAN is received. */
export const VXLAN_PORT = 4789

/** RFC 768. */
export const udp: Protocol<typeof udpFields> = {
  name: "udp",
  fields: udpFields,
  minimum: 8,
  size: () => 8,
  end: (bytes, at) => at + Math.max(8, udpFields.length.read(bytes, at) || Number.POSITIVE_INFINITY),
  next: (bytes, at) => (udpFields.destinationPort.read(bytes, at) === VXLAN_PORT ? "vxlan" : undefined),
  complete({ bytes, at, end, next }) {
    udpFields.length.write(bytes, at, end - at)
    if (next?.protocol === "vxlan") udpFields.destinationPort.write(bytes, at, VXLAN_PORT)
  },
  seal: building => sealed(building, udpFields.checksum, IP_PROTOCOLS.udp, true),
}

const icmpFields = {
  type: number(0, 8),
  code: number(8, 8),
  checksum: hex(16, 16),
  /** Of echo requests and replies. */
  id: number(32, 16),
  sequence: number(48, 16),
}

/** RFC 792. */
export const icmp: Protocol<typeof icmpFields> = {
  name: "icmp",
  fields: icmpFields,
  minimum: 8,
  size: () => 8,
  next: () => undefined,
  complete: ({ bytes, at }) => icmpFields.type.write(bytes, at, 8),
  seal({ bytes, at, end }) {
    icmpFields.checksum.write(bytes, at, 0)
    icmpFields.checksum.write(bytes, at, checksum(bytes, at, end))
  },
}

/** RFC 4443. */
export const icmpv6: Protocol<typeof icmpFields> = {
  name: "icmpv6",
  fields: icmpFields,
  minimum: 8,
  size: () => 8,
  next: () => undefined,
  complete: ({ bytes, at }) => icmpFields.type.write(bytes, at, 128),
  seal: building => sealed(building, icmpFields.checksum, IP_PROTOCOLS.icmpv6, false),
}

/** Fills in a checksum that covers a pseudo header. Without IP around it, it stays 0. */
function sealed({ bytes, at, end, network }: Building, field: Field<number>, protocol: number, noZero: boolean): void {
  field.write(bytes, at, 0)
  const sum = networkSum(bytes, network, protocol, end - at)
  if (sum === undefined) return
  const value = checksum(bytes, at, end, sum)
  // UDP sends 0xffff for a checksum of 0, which means that there is none.
  field.write(bytes, at, noZero && value === 0 ? 0xffff : value)
}

function networkSum(
  bytes: Uint8Array,
  network: Place | undefined,
  protocol: number,
  length: number,
): number | undefined {
  if (network?.protocol === "ipv4") return pseudoHeaderSum(bytes, network.start + 12, 8, protocol, length)
  if (network?.protocol === "ipv6") return pseudoHeaderSum(bytes, network.start + 8, 32, protocol, length)
  return undefined
}
