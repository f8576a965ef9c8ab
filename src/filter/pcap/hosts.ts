import { parseIpv4, parseIpv6, parseMac, prefixMask } from "./address.ts"
import type { Direction, Id, Qualifiers } from "./ast.ts"
import { and, type Condition, not, or } from "./condition.ts"
import type { ExpressionCode, Place } from "./error.ts"
import { type Protocol, protocolName } from "./names.ts"
import type { Protocols } from "./protocols.ts"

const ARP = 0x0806
const RARP = 0x8035

/** Asks about one of two places: of the source, of the destination, of either, of both. */
export function directed(direction: Direction | undefined, ask: (which: "src" | "dst") => Condition): Condition {
  switch (direction) {
    case "src":
    case "dst":
      return ask(direction)
    case "both":
      return and(ask("src"), ask("dst"))
    default:
      return or(ask("src"), ask("dst"))
  }
}

/** Addresses of hosts by their names: of IPv4, of IPv6, of Ethernet, as they are written. */
export type NamedHosts = ReadonlyMap<string, readonly string[]>

type NameId = Extract<Id, { readonly kind: "name" }>

const isIpv4 = (protocol: Protocol): boolean => protocol === "ip" || protocol === "arp" || protocol === "rarp"

/** An address as an id, in the place of its name. */
function idOf(text: string, { start, end }: Place): Id {
  const bytes = parseMac(text)
  if (bytes !== undefined) return { kind: "mac", bytes, start, end }
  const words = parseIpv4(text) === undefined ? parseIpv6(text) : undefined
  return words === undefined ? { kind: "dotted", text, start, end } : { kind: "ipv6", words, start, end }
}

type Ipv4Id = Extract<Id, { readonly kind: "number" | "dotted" | "prefix" | "mask" }>

/** Conditions about addresses: `host`, `net`, `ether host`. */
export class Hosts {
  readonly #protocols: Protocols
  readonly #named: NamedHosts

  constructor(protocols: Protocols, named: NamedHosts) {
    this.#protocols = protocols
    this.#named = named
  }

  /** The address that an id stands for is the packet's. */
  condition(qualifiers: Qualifiers, id: Id): Condition {
    switch (id.kind) {
      case "mac":
        return this.#mac(qualifiers, id.bytes, id)
      case "ipv6":
        return this.#ip6(qualifiers, id)
      case "name":
        return this.#name(qualifiers, id)
      default: {
        const { value, mask } = this.#ip4(qualifiers, id)
        return this.#host(qualifiers, value, mask, id)
      }
    }
  }

  /** A host by its name: any of its addresses, as far as the protocol has such. */
  #name(qualifiers: Qualifiers, id: NameId): Condition {
    const { protocol, kind } = qualifiers
    const known = kind === undefined || kind === "host" ? this.#named.get(id.text) : undefined
    if (known === undefined) {
      throw this.#error(
        "FILTER_NAME",
        id,
        `'${id.text}' is a name, and no addresses of it are known`,
        kind === "net" ? "write the network's number" : "write the host's address: 'host (10.0.0.1 or 10.0.0.2)'",
      )
    }
    const fits = (text: string): boolean => {
      if (parseMac(text) !== undefined) return protocol === "link"
      const version6 = parseIpv4(text) === undefined
      return protocol === undefined || (version6 ? protocol === "ip6" : isIpv4(protocol))
    }
    const addresses = known.filter(fits)
    const [first, ...others] = addresses.map(text => this.condition({ ...qualifiers, kind: "host" }, idOf(text, id)))
    if (first !== undefined) return others.reduce((sum, one) => or(sum, one), first)
    const hint = known.length === 0 ? undefined : `it has ${known.join(", ")}`
    throw this.#error("FILTER_NAME", id, `'${id.text}' has no address that is asked for here`, hint)
  }

  /** `gateway router`: a packet that the host passes on. It has the host's address of Ethernet, and another of IP. */
  gateway({ protocol, direction }: Qualifiers, id: Id): Condition {
    const wrong = (message: string, hint: string): Error => this.#error("FILTER_QUALIFIER", id, message, hint)
    if (id.kind !== "name") throw wrong("a gateway is said by its name", "write 'ether host MAC and not host ADDRESS'")
    if (direction !== undefined) throw wrong("a gateway has no source and no destination", `leave '${direction}' out`)
    if (protocol !== undefined && !isIpv4(protocol)) {
      throw wrong(`'${protocolName(protocol)}' has no gateways`, "they are of ip, arp and rarp")
    }
    const addresses = this.#named.get(id.text) ?? []
    const mac = addresses.find(text => parseMac(text) !== undefined)
    const ip = addresses.filter(text => parseIpv4(text) !== undefined)
    if (mac === undefined || ip.length === 0) {
      const what = mac === undefined ? "address of Ethernet" : "IPv4 address"
      throw this.#error(
        "FILTER_NAME",
        id,
        `no ${what} of '${id.text}' is known`,
        "write 'ether host MAC and not host ADDRESS'",
      )
    }
    const own = ip.map(text => this.condition({ protocol, kind: "host" }, idOf(text, id)))
    const ether = this.condition({ protocol: "link", kind: "host" }, idOf(mac, id))
    return and(ether, not(own.reduce((sum, one) => or(sum, one))))
  }

  /** The value and the mask that an IPv4 address, in part or whole, stands for. */
  #ip4({ kind }: Qualifiers, id: Ipv4Id): { readonly value: number; readonly mask: number } {
    if (id.kind === "number") return kind === "net" ? shortNet(id.value) : { value: id.value, mask: 0xffff_ffff }
    const { value, bits } = this.#parse(id.text, id)
    if (id.kind === "dotted") return { value, mask: prefixMask(bits) }
    if (kind !== "net") {
      throw this.#error(
        "FILTER_QUALIFIER",
        id,
        "only a network has a mask",
        `write 'net' in place of '${kind ?? "host"}'`,
      )
    }
    const mask = id.kind === "prefix" ? this.#prefix(id.bits, 32, id) : this.#parse(id.mask, id).value
    if ((value & ~mask) !== 0) {
      throw this.#error(
        "FILTER_RANGE",
        id,
        `${id.text} has bits set that are not the network's`,
        "a host wants no mask",
      )
    }
    return { value, mask }
  }

  #parse(text: string, place: Place) {
    const address = parseIpv4(text)
    if (address === undefined) throw this.#error("FILTER_RANGE", place, `${text} is no IPv4 address`)
    return address
  }

  #prefix(bits: number, most: number, place: Place): number {
    if (bits > most) throw this.#error("FILTER_RANGE", place, `a prefix of ${bits} bits is longer than ${most}`)
    return prefixMask(bits)
  }

  #host({ protocol, direction }: Qualifiers, value: number, mask: number, place: Place): Condition {
    const of = (kind: "ip" | "arp" | "rarp"): Condition => {
      const [type, src, dst] = kind === "ip" ? [0x0800, 12, 16] : [kind === "arp" ? ARP : RARP, 14, 24]
      const { layers, ask } = this.#protocols
      return directed(direction, which =>
        and(layers.protocol(type, place), ask.equals(4, layers.network + (which === "src" ? src : dst), value, mask)),
      )
    }
    if (protocol === "ip" || protocol === "arp" || protocol === "rarp") return of(protocol)
    if (protocol !== undefined) throw this.#wrongProtocol(protocol, "an IPv4 address", "ip, arp or rarp", place)
    return this.#protocols.layers.labelled ? of("ip") : or(of("ip"), of("arp"), of("rarp"))
  }

  #ip6({ protocol, direction, kind }: Qualifiers, id: Id & { readonly kind: "ipv6" }): Condition {
    if (protocol !== undefined && protocol !== "ip6") throw this.#wrongProtocol(protocol, "an IPv6 address", "ip6", id)
    const bits = id.bits ?? 128
    if (bits > 128) throw this.#error("FILTER_RANGE", id, `a prefix of ${bits} bits is longer than 128`)
    if (bits < 128 && kind !== "net") {
      throw this.#error(
        "FILTER_QUALIFIER",
        id,
        "only a network has a prefix",
        `write 'net' in place of '${kind ?? "host"}'`,
      )
    }
    const masks = id.words.map((_, i) => prefixMask(bits - 32 * i))
    if (id.words.some((word, i) => (word & ~masks[i]) !== 0)) {
      throw this.#error(
        "FILTER_RANGE",
        id,
        "the address has bits set that are not the network's",
        "a host wants no prefix",
      )
    }
    const { layers, ask } = this.#protocols
    return directed(direction, which => {
      const at = layers.network + (which === "src" ? 8 : 24)
      const words = id.words.map((word, i) => ask.equals(4, at + 4 * i, word, masks[i]))
      return and(this.#protocols.ip6(id), ...words)
    })
  }

  #mac({ protocol, direction, kind }: Qualifiers, bytes: readonly number[], place: Place): Condition {
    if (protocol !== "link" || (kind !== undefined && kind !== "host")) {
      throw this.#error(
        "FILTER_QUALIFIER",
        place,
        "this is an address of Ethernet",
        "write 'ether host' in front of it",
      )
    }
    const { link, linkHeader } = this.#protocols.layers
    if (!link.addresses) throw this.#error("FILTER_LINK", place, `there are no addresses over ${link.name}`)
    return directed(direction, which => this.macAt(linkHeader + (which === "src" ? 6 : 0), bytes))
  }

  /** The six bytes of an address of Ethernet stand at an offset. */
  macAt(at: number, bytes: readonly number[]): Condition {
    const [a, b, c, d, e, f] = bytes
    const { ask } = this.#protocols
    return and(ask.equals(4, at + 2, ((c << 24) | (d << 16) | (e << 8) | f) >>> 0), ask.equals(2, at, (a << 8) | b))
  }

  #wrongProtocol(protocol: Protocol, what: string, right: string, place: Place): Error {
    const hint = `leave '${protocolName(protocol)}' out, or write it as a condition of its own: '${protocolName(protocol)} and host …'`
    return this.#error(
      "FILTER_QUALIFIER",
      place,
      `'${protocolName(protocol)}' has no such address: ${what} is of ${right}`,
      hint,
    )
  }

  #error(code: ExpressionCode, place: Place, message: string, hint?: string): Error {
    return this.#protocols.complaints.error(code, place, message, hint)
  }
}

/** `net 10`: the number's bytes are the first of the address, as many as it has. */
function shortNet(number: number): { readonly value: number; readonly mask: number } {
  let value = number
  let mask = 0xffff_ffff
  while (value !== 0 && value < 0x0100_0000) {
    value = (value << 8) >>> 0
    mask = (mask << 8) >>> 0
  }
  return { value, mask }
}
