import { didYouMean } from "../../base/index.ts"
import * as o from "../../isa/index.ts"
import type { Id, Qualifiers } from "./ast.ts"
import { and, type Condition, not, or } from "./condition.ts"
import type { Place } from "./error.ts"
import { directed } from "./hosts.ts"
import { protocolName, SERVICES, type Service } from "./names.ts"
import { OVER_IP, type Protocols } from "./protocols.ts"
import type { Value } from "./value.ts"

/** Protocols that have ports, in the order in which they are asked for. */
const WITH_PORTS = ["sctp", "tcp", "udp"] as const
type WithPorts = (typeof WITH_PORTS)[number]

/** Ports from one to another, of a protocol where one is given. */
interface Range {
  readonly first: number
  readonly last: number
  readonly protocol?: WithPorts
}

/** Conditions about ports: `port`, `portrange`. */
export class Ports {
  readonly #protocols: Protocols

  constructor(protocols: Protocols) {
    this.#protocols = protocols
  }

  /** A packet's ports are what an id says. IPv6 is asked for first. */
  condition(qualifiers: Qualifiers, id: Id): Condition {
    const range = this.#range(qualifiers, id)
    const over6 = and(this.#protocols.ip6(id), this.#ports(range, qualifiers, 6))
    const over4 = and(this.#protocols.ip4(id), this.#ports(range, qualifiers, 4))
    return or(over6, over4)
  }

  #ports({ protocol, first, last }: Range, { direction }: Qualifiers, version: 4 | 6): Condition {
    const { layers } = this.#protocols
    const of = (name: WithPorts): Condition => {
      const number = OVER_IP[name]![0]
      return version === 4 ? this.#protocols.ip4Protocol(number) : this.#protocols.ip6Protocol(number)
    }
    const at = (which: "src" | "dst"): Condition => {
      const offset = which === "src" ? 0 : 2
      if (version === 6) return this.#inRange(layers.network + 40 + offset, undefined, first, last)
      return this.#inRange(layers.network + offset, layers.network, first, last)
    }
    const names = protocol === undefined ? WITH_PORTS : [protocol]
    const whole = version === 4 ? [this.#protocols.hasTransport()] : []
    return or(...names.map(name => and(of(name), ...whole, directed(direction, at))))
  }

  /** The port at an offset, behind the IPv4 header where one is given. */
  #inRange(offset: number, header: number | undefined, first: number, last: number): Condition {
    const { ask } = this.#protocols
    const base = header === undefined ? undefined : ask.values.headerLength(header)
    const port: Value = ask.values.load(2, offset, base)
    if (first === last) return ask.is(port, first)
    return and(ask.compare(o.BPF_JGE, port, first), not(ask.compare(o.BPF_JGT, port, last)))
  }

  #range({ protocol, kind }: Qualifiers, id: Id): Range {
    const named = this.#named(id, kind === "portrange")
    if (protocol === undefined) return named
    if (protocol !== "tcp" && protocol !== "udp" && protocol !== "sctp") {
      throw this.#protocols.complaints.error(
        "FILTER_QUALIFIER",
        id,
        `'${protocolName(protocol)}' has no ports`,
        `ports are those of tcp, udp and sctp: '${protocolName(protocol)} and port …'`,
      )
    }
    if (named.protocol !== undefined && named.protocol !== protocol) {
      throw this.#protocols.complaints.error(
        "FILTER_NAME",
        id,
        `this service is one of ${named.protocol}, not of ${protocol}`,
        `write '${named.protocol} port …', or the number`,
      )
    }
    return { ...named, protocol }
  }

  #named(id: Id, range: boolean): Range {
    if (id.kind === "number") return this.#number(id.value, id)
    if (id.kind !== "name") {
      throw this.#protocols.complaints.error(
        "FILTER_RANGE",
        id,
        "this is no port",
        "a port is a number or a service's name",
      )
    }
    const whole = this.#service(id.text)
    if (whole !== undefined) return { first: whole.port, last: whole.port, protocol: whole.protocol }
    const parts = range ? this.#parts(id.text) : undefined
    if (parts === undefined) {
      throw this.#protocols.complaints.error(
        "FILTER_NAME",
        id,
        `'${id.text}' is no service that is known${didYouMean(id.text, Object.keys(SERVICES))}`,
        range ? "a range is written '6000-6008'" : "write the number of the port",
      )
    }
    const [first, last] = parts
    this.#number(Math.max(first.port, last.port), id)
    return {
      first: Math.min(first.port, last.port),
      last: Math.max(first.port, last.port),
      protocol: first.protocol === last.protocol ? first.protocol : undefined,
    }
  }

  /** The ends of a range: names of services may have a `-` in them. */
  #parts(text: string): readonly [Service, Service] | undefined {
    for (let at = text.indexOf("-"); at >= 0; at = text.indexOf("-", at + 1)) {
      const first = this.#service(text.slice(0, at))
      const last = this.#service(text.slice(at + 1))
      if (first !== undefined && last !== undefined) return [first, last]
    }
    return undefined
  }

  #service(text: string): Service | undefined {
    if (/^\d+$/.test(text)) return { port: Number(text) }
    return Object.hasOwn(SERVICES, text) ? SERVICES[text] : undefined
  }

  #number(port: number, place: Place): Range {
    if (port <= 0xffff) return { first: port, last: port }
    throw this.#protocols.complaints.error("FILTER_RANGE", place, `there is no port ${port}: 65535 is the largest`)
  }
}
