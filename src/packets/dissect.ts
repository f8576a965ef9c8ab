import { LINK_TYPES } from "./capture/index.ts"
import { ofEtherType, type ProtocolName, protocols } from "./header/index.ts"

/** A header of a packet, taken apart. */
export interface Header {
  readonly protocol: ProtocolName
  /** Where it begins in the packet, and where its payload begins. */
  readonly start: number
  readonly body: number
  /** Where the payload ends, as this header and those around it say. */
  readonly end: number
  /** What its fields hold: numbers, and addresses as text. */
  readonly fields: Readonly<Record<string, number | string>>
}

/** A packet, taken apart. */
export interface Dissected {
  readonly headers: readonly Header[]
  /** Where what no header covers begins, and where it ends; what follows is padding. */
  readonly payload: { readonly start: number; readonly end: number }
}

/**
 * Takes a packet apart as far as its headers are known and whole. Nothing that bytes may hold makes it fail.
 * Without a link type the packet begins with Ethernet.
 */
export function dissect(bytes: Uint8Array, linkType: number = LINK_TYPES.ethernet): Dissected {
  const headers: Header[] = []
  let [protocol, at] = firstHeader(bytes, linkType)
  let end = bytes.length
  while (protocol !== undefined) {
    const { minimum, size, fields, next, end: ownEnd } = protocols[protocol]
    if (at + minimum > end) break
    const body = at + size(bytes, at)
    if (body < at + minimum || body > end) break
    const told = ownEnd?.(bytes, at) ?? end
    if (told >= body && told < end) end = told
    headers.push({ protocol, start: at, body, end, fields: read(fields, bytes, at) })
    protocol = next(bytes, at)
    at = body
  }
  return { headers, payload: { start: at, end } }
}

function read(fields: object, bytes: Uint8Array, at: number): Record<string, number | string> {
  const found: Record<string, number | string> = {}
  for (const [name, field] of Object.entries(fields)) found[name] = field.read(bytes, at)
  return found
}

/** The first protocol behind what a link type has in front, and where it begins. */
function firstHeader(bytes: Uint8Array, linkType: number): [ProtocolName | undefined, number] {
  const ip = (at: number): [ProtocolName | undefined, number] => {
    const version = bytes[at] >> 4
    return [version === 4 ? "ipv4" : version === 6 ? "ipv6" : undefined, at]
  }
  const typed = (at: number, body: number): [ProtocolName | undefined, number] => [
    bytes.length < body ? undefined : ofEtherType((bytes[at] << 8) | bytes[at + 1]),
    body,
  ]
  switch (linkType) {
    case LINK_TYPES.ethernet:
      return ["ethernet", 0]
    case LINK_TYPES.raw:
    case LINK_TYPES.ipv4:
    case LINK_TYPES.ipv6:
      return ip(0)
    case LINK_TYPES.null:
    case LINK_TYPES.loop:
      return ip(4)
    case LINK_TYPES.linuxSll:
      return typed(14, 16)
    case LINK_TYPES.linuxSll2:
      return typed(0, 20)
    default:
      return [undefined, 0]
  }
}
