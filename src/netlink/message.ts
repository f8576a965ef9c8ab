import { NetlinkError } from "./error.ts"

/**
 * Messages of netlink and their attributes, as plain data. Everything is in the processor's byte order, which is little-endian wherever
 * skep runs. Sources: Linux include/uapi/linux/netlink.h, netlink(7), rtnetlink(7).
 *
 *     message    u32 length, u16 type, u16 flags, u32 sequence, u32 port; header of the family; attributes
 *     attribute  u16 length, u16 type; value, padded to 4 bytes
 */
export interface Message {
  readonly type: number
  readonly flags: number
  /** The structure in front of the attributes: `struct ifinfomsg`, `struct tcmsg`, … */
  readonly header: Uint8Array
  readonly attributes: readonly Attribute[]
}

export interface Attribute {
  readonly type: number
  readonly value: Uint8Array | readonly Attribute[]
}

export const NLM_F_REQUEST = 1
export const NLM_F_ACK = 4
export const NLM_F_ECHO = 8
export const NLM_F_DUMP = 0x300
export const NLM_F_REPLACE = 0x100
export const NLM_F_EXCL = 0x200
export const NLM_F_CREATE = 0x400

const HEADER = 16
const NLA_F_NESTED = 0x8000
/** Bits of an attribute's type that are its number. */
const NLA_TYPE_MASK = 0x3fff

export const u8 = (type: number, value: number): Attribute => ({ type, value: Uint8Array.of(value) })
export const u16 = (type: number, value: number): Attribute => ({
  type,
  value: new Uint8Array(Uint16Array.of(value).buffer),
})
/** A 32-bit attribute; negative numbers as two's complement. */
export const u32 = (type: number, value: number): Attribute => ({
  type,
  value: new Uint8Array(Uint32Array.of(value).buffer),
})
/** Text with a zero byte at its end. */
export const text = (type: number, value: string): Attribute => ({
  type,
  value: new TextEncoder().encode(`${value}\0`),
})
export const nested = (type: number, ...value: readonly Attribute[]): Attribute => ({
  type: type | NLA_F_NESTED,
  value,
})

const align = (size: number): number => (size + 3) & ~3

function sizeOf({ value }: Attribute): number {
  return 4 + (value instanceof Uint8Array ? value.length : value.reduce((sum, a) => sum + align(sizeOf(a)), 0))
}

/** The bytes of a message. */
export function encode(message: Message, sequence: number): Uint8Array {
  const { type, flags, header, attributes } = message
  const start = HEADER + align(header.length)
  const length = attributes.reduce((sum, a) => sum + align(sizeOf(a)), start)
  const bytes = new Uint8Array(length)
  const view = new DataView(bytes.buffer)
  view.setUint32(0, length, true)
  view.setUint16(4, type, true)
  view.setUint16(6, flags, true)
  view.setUint32(8, sequence, true)
  bytes.set(header, HEADER)
  put(bytes, view, start, attributes)
  return bytes
}

function put(bytes: Uint8Array, view: DataView, from: number, attributes: readonly Attribute[]): number {
  let at = from
  for (const attribute of attributes) {
    const { type, value } = attribute
    view.setUint16(at, sizeOf(attribute), true)
    view.setUint16(at + 2, type, true)
    if (value instanceof Uint8Array) bytes.set(value, at + 4)
    else put(bytes, view, at + 4, value)
    at += align(sizeOf(attribute))
  }
  return at
}

/** A message as received; `body` is what stands behind the message's own header. */
export interface Received {
  readonly type: number
  readonly flags: number
  readonly sequence: number
  readonly body: Uint8Array
}

/** The messages in a datagram. Throws `NETLINK_BAD_MESSAGE` where lengths are wrong. */
export function decode(bytes: Uint8Array): Received[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const messages: Received[] = []
  for (let at = 0; at < bytes.length; ) {
    const length = at + HEADER <= bytes.length ? view.getUint32(at, true) : 0
    if (length < HEADER || at + length > bytes.length) throw badMessage(`a message of ${length} bytes at byte ${at}`)
    messages.push({
      type: view.getUint16(at + 4, true),
      flags: view.getUint16(at + 6, true),
      sequence: view.getUint32(at + 8, true),
      body: bytes.subarray(at + HEADER, at + length),
    })
    at += align(length)
  }
  return messages
}

/** Attributes by their number; of several with one number the last. */
export class Attributes {
  readonly #values = new Map<number, Uint8Array>()

  /** Reads the attributes from a byte on. Throws `NETLINK_BAD_MESSAGE` where lengths are wrong. */
  constructor(bytes: Uint8Array, from = 0) {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    for (let at = from; at + 4 <= bytes.length; ) {
      const length = view.getUint16(at, true)
      if (length < 4 || at + length > bytes.length) throw badMessage(`an attribute of ${length} bytes at byte ${at}`)
      this.#values.set(view.getUint16(at + 2, true) & NLA_TYPE_MASK, bytes.subarray(at + 4, at + length))
      at += align(length)
    }
  }

  bytes(type: number): Uint8Array | undefined {
    return this.#values.get(type)
  }

  /** An unsigned number of 1, 2 or 4 bytes; undefined without the attribute, or where it is shorter. */
  number(type: number): number | undefined {
    const value = this.#values.get(type)
    if (value === undefined || value.length === 0) return undefined
    return value.subarray(0, 4).reduceRight((sum, byte) => sum * 256 + byte, 0)
  }

  text(type: number): string | undefined {
    const value = this.#values.get(type)
    if (value === undefined) return undefined
    const end = value.indexOf(0)
    return new TextDecoder().decode(end < 0 ? value : value.subarray(0, end))
  }

  /** The attributes inside an attribute; none without it. */
  nested(type: number): Attributes {
    return new Attributes(this.#values.get(type) ?? new Uint8Array(0))
  }
}

function badMessage(what: string): NetlinkError {
  return new NetlinkError({
    code: "NETLINK_BAD_MESSAGE",
    message: `netlink sent what cannot be read: ${what}`,
    hint: "nothing was taken from it; try again, and report the kernel's version when it stays",
  })
}
