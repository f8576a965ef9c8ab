import { checksum } from "../checksum.ts"
import { hex, number } from "./field.ts"
import { BRIDGED_ETHERNET, etherType, ofEtherType } from "./numbers.ts"
import type { Protocol } from "./protocol.ts"

const greFields = {
  hasChecksum: number(0, 1),
  hasKey: number(2, 1),
  hasSequence: number(3, 1),
  version: number(13, 3),
  /** EtherType of what is carried. */
  type: hex(16, 16),
}

/** RFC 2784 and 2890. Checksum, key and sequence number are options of 4 bytes each, in that order. */
export const gre: Protocol<typeof greFields> = {
  name: "gre",
  fields: greFields,
  minimum: 4,
  size(bytes, at) {
    const { hasChecksum, hasKey, hasSequence } = greFields
    return 4 + 4 * (hasChecksum.read(bytes, at) + hasKey.read(bytes, at) + hasSequence.read(bytes, at))
  },
  next(bytes, at) {
    const type = greFields.type.read(bytes, at)
    return type === BRIDGED_ETHERNET ? "ethernet" : ofEtherType(type)
  },
  options: ({ hasChecksum, hasKey, hasSequence }) =>
    new Uint8Array(4 * [hasChecksum, hasKey, hasSequence].filter(given => given === 1).length),
  complete({ bytes, at, next }) {
    const type = next?.protocol === "ethernet" ? BRIDGED_ETHERNET : next && etherType(next.protocol)
    if (type !== undefined) greFields.type.write(bytes, at, type)
  },
  seal({ bytes, at, end }) {
    if (greFields.hasChecksum.read(bytes, at) === 0) return
    const sum = checksum(bytes, at, end)
    bytes[at + 4] = sum >> 8
    bytes[at + 5] = sum & 255
  },
}

const vxlanFields = {
  flags: hex(0, 8),
  /** Number of the virtual network. */
  vni: number(32, 24),
}

/** RFC 7348. */
export const vxlan: Protocol<typeof vxlanFields> = {
  name: "vxlan",
  fields: vxlanFields,
  minimum: 8,
  size: () => 8,
  next: () => "ethernet",
  complete: ({ bytes, at }) => vxlanFields.flags.write(bytes, at, 8),
}
