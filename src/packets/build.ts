import { failed } from "./error.ts"
import { type Building, type Place, type ProtocolName, protocols, TCP_FLAGS, type Values } from "./header/index.ts"

type FieldsOf<N extends ProtocolName> = Values<(typeof protocols)[N]["fields"]>

/** Options in a header, padded with zeros to whole words. */
interface WithOptions {
  readonly options?: Uint8Array
}

/** What `.tcp({…})` takes; flags as a number or by name: `"syn ack"`. */
export type TcpValues = Omit<FieldsOf<"tcp">, "flags"> & WithOptions & { readonly flags?: number | string }
/** What `.ipv4({…})` takes. */
export type Ipv4Values = FieldsOf<"ipv4"> & WithOptions

interface Layer {
  readonly protocol: ProtocolName
  readonly values: Readonly<Record<string, unknown>>
}

/**
 * A packet in the making, header by header from the outside in:
 *
 *     ethernet().ipv4({ source: "10.0.0.1", destination: "10.0.0.2" }).tcp({ destinationPort: 80, flags: "syn" }).payload("GET /").bytes()
 *
 * Lengths, the numbers of the next protocols and checksums are filled in; a value that is given stays as it is, also where it is wrong.
 * Each call gives a new value, so that packets may share a beginning.
 */
export class PacketBuilder {
  readonly #layers: readonly Layer[]
  readonly #payload: Uint8Array

  constructor(layers: readonly Layer[] = [], payload: Uint8Array = new Uint8Array(0)) {
    this.#layers = layers
    this.#payload = payload
  }

  /** An Ethernet header; 02:00:00:00:00:01 to 02:00:00:00:00:02 without addresses. */
  ethernet(values: FieldsOf<"ethernet"> = {}): PacketBuilder {
    return this.#with("ethernet", { source: "02:00:00:00:00:01", destination: "02:00:00:00:00:02", ...values })
  }

  /** A VLAN tag. */
  vlan(values: FieldsOf<"vlan"> = {}): PacketBuilder {
    return this.#with("vlan", values)
  }

  /** A question of ARP, or with `operation: 2` an answer. */
  arp(values: FieldsOf<"arp"> = {}): PacketBuilder {
    return this.#with("arp", values)
  }

  /** An IPv4 header; from 10.0.0.1 to 10.0.0.2 without addresses. */
  ipv4(values: Ipv4Values = {}): PacketBuilder {
    return this.#with("ipv4", values)
  }

  /** An IPv6 header; from fd00::1 to fd00::2 without addresses. */
  ipv6(values: FieldsOf<"ipv6"> = {}): PacketBuilder {
    return this.#with("ipv6", values)
  }

  /** IPv6's fragment header. */
  fragment(values: FieldsOf<"fragment"> = {}): PacketBuilder {
    return this.#with("fragment", values)
  }

  /** A header of IPv6's destination options, of 8 bytes. */
  extension(values: FieldsOf<"extension"> = {}): PacketBuilder {
    return this.#with("extension", values)
  }

  /**
   * A TCP header; a window of 65535 and no flags without values.
   * @throws SkepError PACKETS_VALUE
   */
  tcp(values: TcpValues = {}): PacketBuilder {
    const { flags } = values
    return this.#with("tcp", typeof flags === "string" ? { ...values, flags: flagBits(flags) } : values)
  }

  /** A UDP header. */
  udp(values: FieldsOf<"udp"> = {}): PacketBuilder {
    return this.#with("udp", values)
  }

  /** An ICMP message; an echo request without a type. */
  icmp(values: FieldsOf<"icmp"> = {}): PacketBuilder {
    return this.#with("icmp", values)
  }

  /** An ICMPv6 message; an echo request without a type. */
  icmpv6(values: FieldsOf<"icmpv6"> = {}): PacketBuilder {
    return this.#with("icmpv6", values)
  }

  /** A GRE header; `hasKey: 1` makes room for a key. */
  gre(values: FieldsOf<"gre"> = {}): PacketBuilder {
    return this.#with("gre", values)
  }

  /** A VXLAN header, behind UDP and in front of Ethernet. */
  vxlan(values: FieldsOf<"vxlan"> = {}): PacketBuilder {
    return this.#with("vxlan", values)
  }

  /** What stands behind the headers: bytes, text, or a number of bytes 0, 1, 2, … */
  payload(what: Uint8Array | string | number): PacketBuilder {
    const bytes =
      typeof what === "number"
        ? Uint8Array.from({ length: what }, (_, i) => i)
        : typeof what === "string"
          ? new TextEncoder().encode(what)
          : what.slice()
    return new PacketBuilder(this.#layers, bytes)
  }

  /**
   * The packet's bytes.
   * @throws SkepError PACKETS_ADDRESS, PACKETS_VALUE
   */
  bytes(): Uint8Array {
    const options = this.#layers.map(({ protocol, values }) => protocols[protocol].options?.(values))
    const places: Place[] = []
    let size = 0
    for (const [i, { protocol }] of this.#layers.entries()) {
      const start = size
      size += protocols[protocol].minimum + (options[i]?.length ?? 0)
      places.push({ protocol, start, body: size })
    }
    const end = size + this.#payload.length
    const bytes = new Uint8Array(end)
    bytes.set(this.#payload, size)
    const buildings = places.map(
      ({ start, body }, i): Building => ({
        bytes,
        at: start,
        body,
        end,
        next: places[i + 1],
        outer: places[i - 1],
        network: places.slice(0, i).findLast(({ protocol }) => protocol === "ipv4" || protocol === "ipv6"),
      }),
    )
    for (const [i, { protocol, values }] of this.#layers.entries()) {
      const extra = options[i]
      if (extra !== undefined) bytes.set(extra, places[i].body - extra.length)
      // What options say about themselves (GRE's) is looked at when the header is completed.
      put(bytes, places[i], values)
      protocols[protocol].complete?.(buildings[i])
      put(bytes, places[i], values)
    }
    for (let i = places.length - 1; i >= 0; i--) {
      protocols[places[i].protocol].seal?.(buildings[i])
      put(bytes, places[i], this.#layers[i].values)
    }
    return bytes
  }

  #with(protocol: ProtocolName, values: object): PacketBuilder {
    return new PacketBuilder([...this.#layers, { protocol, values: values as Layer["values"] }], this.#payload)
  }
}

/** Puts the values that were given into a header. */
function put(bytes: Uint8Array, { protocol, start }: Place, values: Layer["values"]): void {
  const { fields } = protocols[protocol]
  for (const [name, value] of Object.entries(values)) {
    if (value === undefined || name === "options") continue
    const field = (fields as Record<string, { bits: number; write(b: Uint8Array, at: number, v: unknown): void }>)[name]
    if (field === undefined) throw wrongValue(`${protocol} has no field ${name}`, Object.keys(fields).join(", "))
    if (typeof value === "number" && !(Number.isInteger(value) && value >= 0 && value < 2 ** field.bits)) {
      throw wrongValue(`${protocol}.${name} cannot be ${value}`, `it has ${field.bits} bits`)
    }
    field.write(bytes, start, value)
  }
}

function flagBits(text: string): number {
  let bits = 0
  for (const name of text.split(/[\s,|]+/).filter(Boolean)) {
    const bit = TCP_FLAGS.indexOf(name.toLowerCase() as (typeof TCP_FLAGS)[number])
    if (bit < 0) throw wrongValue(`TCP has no flag '${name}'`, TCP_FLAGS.join(", "))
    bits |= 1 << bit
  }
  return bits
}

const wrongValue = (message: string, hint: string) => failed({ code: "PACKETS_VALUE", message, hint })

const start = new PacketBuilder()
/** Begins a packet with an Ethernet header; see {@link PacketBuilder}. */
export const ethernet: PacketBuilder["ethernet"] = values => start.ethernet(values)
/** Begins a packet with an IPv4 header. */
export const ipv4: PacketBuilder["ipv4"] = values => start.ipv4(values)
/** Begins a packet with an IPv6 header. */
export const ipv6: PacketBuilder["ipv6"] = values => start.ipv6(values)
