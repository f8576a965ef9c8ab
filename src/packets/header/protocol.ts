import type { Fields } from "./field.ts"

/** Protocols that are taken apart and built. */
export type ProtocolName =
  | "ethernet"
  | "vlan"
  | "arp"
  | "ipv4"
  | "ipv6"
  | "fragment"
  | "extension"
  | "tcp"
  | "udp"
  | "icmp"
  | "icmpv6"
  | "gre"
  | "vxlan"

/** A header in a packet. */
export interface Place {
  readonly protocol: ProtocolName
  /** Where it begins. */
  readonly start: number
  /** Where its payload begins. */
  readonly body: number
}

/** What a packet's headers need to know of a protocol. */
export interface Protocol<F extends Fields = Fields> {
  readonly name: ProtocolName
  readonly fields: F
  /** Bytes of its header without options. */
  readonly minimum: number
  /** Bytes of the header at `at` with options, by its own length field; may be less than `minimum` in damaged packets. */
  size(bytes: Uint8Array, at: number): number
  /** Where the payload ends by the header's own account; not looked at in headers that do not tell. */
  end?(bytes: Uint8Array, at: number): number
  /** The payload's protocol; undefined where it is none of ours. */
  next(bytes: Uint8Array, at: number): ProtocolName | undefined
  /** Bytes of options in front of the payload, for a builder: what the values need. */
  options?(values: Readonly<Record<string, unknown>>): Uint8Array
  /** Fills in what follows from the rest of the packet: lengths and the next protocol. Values that were given are put in later. */
  complete?(building: Building): void
  /** Fills in the checksum: everything behind the header is there, with its checksums. */
  seal?(building: Building): void
}

/** A header that is being built; everything that was given is in `bytes`. */
export interface Building {
  readonly bytes: Uint8Array
  readonly at: number
  /** Where the payload begins, and where it ends. */
  readonly body: number
  readonly end: number
  /** The header that follows, and the one before it. */
  readonly next: Place | undefined
  readonly outer: Place | undefined
  /** The nearest IP header around it. */
  readonly network: Place | undefined
}
