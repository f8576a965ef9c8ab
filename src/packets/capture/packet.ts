/**
 * A packet of a capture. A reader has one of these and moves it from packet to packet, so that going through a file makes no objects; what is
 * kept for later is copied out of it.
 */
export interface CapturedPacket {
  /** What the packet lies in: not only the packet. */
  bytes: Uint8Array
  /** Where in `bytes` it begins. */
  start: number
  /** How many of its bytes were captured. */
  captured: number
  /** How long it was on the wire, in bytes. */
  length: number
  /** When it was seen: whole seconds since 1970 … */
  seconds: number
  /** … and nanoseconds since that second. */
  nanoseconds: number
  /** Number of the interface that it was seen at, counted from 0 over the file; always 0 in pcap files. */
  interface: number
  /** What its bytes begin with, one of {@link LINK_TYPES} or another number. */
  linkType: number
}

/** A device that packets were captured at, as a file describes it. */
export interface CaptureInterface {
  /** What packets of the interface begin with. */
  readonly linkType: number
  /** Bytes that were kept of a packet at most; 0 for no limit. */
  readonly snapLength: number
  /** Its name, where the file tells it. */
  readonly name?: string
  /** Units of time in a second: 1e6 for microseconds. */
  readonly unitsPerSecond: number
  /** Seconds to add to times, from `if_tsoffset`. */
  readonly timeOffset: number
}

export const emptyPacket = (): CapturedPacket => ({
  bytes: new Uint8Array(0),
  start: 0,
  captured: 0,
  length: 0,
  seconds: 0,
  nanoseconds: 0,
  interface: 0,
  linkType: 0,
})

/** More than any link carries: longer packets are damage. As libpcap's MAXIMUM_SNAPLEN. */
export const LONGEST_PACKET = 262_144
