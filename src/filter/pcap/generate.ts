import { didYouMean } from "../../base/index.ts"
import * as o from "../../isa/index.ts"
import { Numbers } from "./arithmetic.ts"
import type { Expression, Id, Qualifiers } from "./ast.ts"
import { and, type Condition, not, or } from "./condition.ts"
import type { Complaints, ExpressionCode, Place } from "./error.ts"
import { Hosts, type NamedHosts } from "./hosts.ts"
import { Layers } from "./layers.ts"
import type { LinkHeader } from "./link.ts"
import { ETHER_TYPES, IP_PROTOCOLS, type Protocol, protocolName } from "./names.ts"
import { Ports } from "./ports.ts"
import { Protocols } from "./protocols.ts"
import type { Questions } from "./questions.ts"

/** The type of a packet that this host sends (PACKET_OUTGOING). */
const OUTGOING = 4
const BROADCAST = [255, 255, 255, 255, 255, 255]

export interface GenerateOptions {
  readonly link: LinkHeader
  /** The mask of the network, for `ip broadcast`. */
  readonly netmask: number
  /** What names of hosts stand for. */
  readonly hosts: NamedHosts
}

/** Makes the condition that an expression stands for; its parts are read from left to right, as layers move. */
export class Generator {
  readonly #ask: Questions
  readonly #complaints: Complaints
  readonly #netmask: number
  readonly #layers: Layers
  readonly #protocols: Protocols
  readonly #hosts: Hosts
  readonly #ports: Ports
  readonly #numbers: Numbers

  constructor(ask: Questions, complaints: Complaints, { link, netmask, hosts }: GenerateOptions) {
    this.#ask = ask
    this.#complaints = complaints
    this.#netmask = netmask
    this.#layers = new Layers(ask, link, complaints)
    this.#protocols = new Protocols(ask, this.#layers, complaints)
    this.#hosts = new Hosts(this.#protocols, hosts)
    this.#ports = new Ports(this.#protocols)
    this.#numbers = new Numbers(this.#protocols)
  }

  condition(expression: Expression): Condition {
    switch (expression.kind) {
      case "and":
      case "or": {
        const left = this.condition(expression.left)
        const right = this.condition(expression.right)
        return expression.kind === "and" ? and(left, right) : or(left, right)
      }
      case "not":
        return not(this.condition(expression.operand))
      case "protocol":
        return this.#protocols.of(expression.protocol, expression)
      case "id":
        return this.#id(expression.qualifiers, expression.id)
      case "relation":
        return this.#numbers.relation(expression.op, expression.left, expression.right)
      case "broadcast":
        return this.#broadcast(expression.protocol, expression)
      case "multicast":
        return this.#multicast(expression.protocol, expression)
      case "less":
        return not(this.#ask.compare(o.BPF_JGT, this.#ask.values.length(), expression.length))
      case "greater":
        return this.#ask.compare(o.BPF_JGE, this.#ask.values.length(), expression.length)
      case "inbound":
        return not(this.#outgoing())
      case "outbound":
        return this.#outgoing()
      case "ifindex":
        return this.#ifindex(expression.index)
      case "vlan":
        return this.#layers.vlan(expression.number, expression)
      case "mpls":
        return this.#layers.mpls(expression.number, expression)
      case "pppoed":
        return this.#layers.pppoeDiscovery(expression)
      case "pppoes":
        return this.#layers.pppoeSession(expression.number, expression)
    }
  }

  #id(qualifiers: Qualifiers, id: Id): Condition {
    switch (qualifiers.kind) {
      case "port":
      case "portrange":
        return this.#ports.condition(qualifiers, id)
      case "proto":
        return this.#proto(qualifiers, id)
      case "protochain":
        throw this.#error(
          "FILTER_QUALIFIER",
          id,
          "protochain is not supported: it wants a loop, which no kernel takes in a classic filter",
          "ask for the headers that are expected: 'ip6 proto 0 and ip6[40] = 6'",
        )
      case "gateway":
        return this.#hosts.gateway(qualifiers, id)
      default:
        return this.#hosts.condition(qualifiers, id)
    }
  }

  /** `ip proto 6`, `ether proto arp`, `proto udp` */
  #proto({ protocol, direction }: Qualifiers, id: Id): Condition {
    if (direction !== undefined) {
      throw this.#error(
        "FILTER_QUALIFIER",
        id,
        "a protocol has no source and no destination",
        `leave '${direction}' out`,
      )
    }
    switch (protocol) {
      case undefined:
        return this.#protocols.overIp(this.#number(id, IP_PROTOCOLS), id)
      case "ip":
        return this.#protocols.overIp4(this.#number(id, IP_PROTOCOLS), id)
      case "ip6":
        return this.#protocols.overIp6(this.#number(id, IP_PROTOCOLS), id)
      case "link":
        return this.#layers.protocol(this.#number(id, ETHER_TYPES), id)
      default: {
        const name = protocolName(protocol)
        throw this.#error(
          "FILTER_QUALIFIER",
          id,
          `'${name}' holds no protocols by number`,
          "write 'ip proto', 'ip6 proto' or 'ether proto'",
        )
      }
    }
  }

  #number(id: Id, names: Readonly<Record<string, number>>): number {
    if (id.kind === "number") return id.value
    if (id.kind === "name" && Object.hasOwn(names, id.text)) return names[id.text]
    const text =
      id.kind === "name"
        ? `'${id.text}' is no protocol that is known${didYouMean(id.text, Object.keys(names))}`
        : "this is no protocol"
    throw this.#error("FILTER_NAME", id, text, "write its number")
  }

  #broadcast(protocol: Protocol | undefined, place: Place): Condition {
    const { network, linkHeader } = this.#layers
    if (protocol === undefined || protocol === "link") {
      this.#needAddresses("broadcast", place)
      return this.#hosts.macAt(linkHeader, BROADCAST)
    }
    if (protocol !== "ip") throw this.#onlyFor("broadcast", "ether and ip", place)
    const host = ~this.#netmask >>> 0
    const destination = network + 16
    return and(
      this.#protocols.ip4(place),
      or(this.#ask.equals(4, destination, 0, host), this.#ask.equals(4, destination, host, host)),
    )
  }

  #multicast(protocol: Protocol | undefined, place: Place): Condition {
    const { network, linkHeader } = this.#layers
    switch (protocol) {
      case undefined:
      case "link":
        this.#needAddresses("multicast", place)
        return this.#ask.anySet(1, linkHeader, 1)
      case "ip":
        return and(this.#protocols.ip4(place), this.#ask.atLeast(1, network + 16, 0xe0))
      case "ip6":
        return and(this.#protocols.ip6(place), this.#ask.equals(1, network + 24, 0xff))
      default:
        throw this.#onlyFor("multicast", "ether, ip and ip6", place)
    }
  }

  #needAddresses(what: string, place: Place): void {
    const { link } = this.#layers
    if (link.addresses) return
    throw this.#error(
      "FILTER_LINK",
      place,
      `there is no ${what} over ${link.name}`,
      `'ip ${what}' asks for the address of IP`,
    )
  }

  #onlyFor(what: string, protocols: string, place: Place): Error {
    return this.#error("FILTER_QUALIFIER", place, `${what} is of ${protocols} only`)
  }

  #outgoing(): Condition {
    const { packetType } = this.#layers.link
    const value = packetType === undefined ? this.#ask.metadata("packetType", 2) : this.#ask.values.load(...packetType)
    return this.#ask.is(value, OUTGOING)
  }

  #ifindex(index: number): Condition {
    const { ifindex } = this.#layers.link
    const value = ifindex === undefined ? this.#ask.metadata("ifindex", 4) : this.#ask.values.load(...ifindex)
    return this.#ask.is(value, index)
  }

  #error(code: ExpressionCode, place: Place, message: string, hint?: string): Error {
    return this.#complaints.error(code, place, message, hint)
  }
}
