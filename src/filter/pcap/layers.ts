import { and, type Condition, or } from "./condition.ts"
import type { Complaints, Place } from "./error.ts"
import { type LinkHeader, pppAt } from "./link.ts"
import type { Questions } from "./questions.ts"

const VLAN_TYPES = [0x8100, 0x88a8, 0x9100]
const MPLS = 0x8847
const PPPOE_DISCOVERY = 0x8863
const PPPOE_SESSION = 0x8864
const IP = 0x0800
const IP6 = 0x86dd

/**
 * Where the headers of a packet are, while an expression is read from left to right: `vlan`, `mpls` and `pppoes` move
 * the headers of everything that stands behind them.
 */
export class Layers {
  readonly #ask: Questions
  readonly #complaints: Complaints
  #link: LinkHeader
  /** Where the link header would have to begin for its type and its payload to be where they are. */
  #start = 0
  /** Where the link header that `ether[0]` is about begins. */
  #first = 0
  /** Labels of MPLS between link and network header. */
  #labels = 0

  constructor(ask: Questions, link: LinkHeader, complaints: Complaints) {
    this.#ask = ask
    this.#link = link
    this.#complaints = complaints
  }

  get link(): LinkHeader {
    return this.#link
  }

  /** First byte of the link header. */
  get linkHeader(): number {
    return this.#first
  }

  /** First byte of the network header. */
  get network(): number {
    return this.#start + this.#link.size + 4 * this.#labels
  }

  /** Whether a label of MPLS stands in front of the network header. */
  get labelled(): boolean {
    return this.#labels > 0
  }

  /** An EtherType, or a service access point of 802.2, is what is in the packet. */
  protocol(type: number, place: Place): Condition {
    if (this.#labels === 0) return this.#link.protocol(this.#ask, this.#start, type)
    if (type !== IP && type !== IP6) {
      const hint = "behind a label, MPLS does not say what a packet holds: only ip and ip6 can be told"
      throw this.#complaints.error("FILTER_LINK", place, "this protocol cannot be told behind a label of MPLS", hint)
    }
    const version = type === IP ? 0x40 : 0x60
    return and(this.#ask.equals(1, this.network - 2, 1, 1), this.#ask.equals(1, this.network, version, 0xf0))
  }

  /** A tag, of an id where one is given. */
  vlan(id: number | undefined, place: Place): Condition {
    this.#limit(id, 4095, "VLAN id", place)
    if (this.#labels > 0) throw this.#complaints.error("FILTER_LINK", place, "there is no vlan behind a label of MPLS")
    if (!this.#link.addresses) throw this.#unsupported("vlan", place)
    const tagged = or(...VLAN_TYPES.map(type => this.protocol(type, place)))
    const wanted = id === undefined ? tagged : and(tagged, this.#ask.equals(2, this.network, id, 0xfff))
    this.#start += 4
    return wanted
  }

  /** One more label, of a number where one is given. */
  mpls(label: number | undefined, place: Place): Condition {
    this.#limit(label, 0xfffff, "label", place)
    const more = this.#labels > 0 ? this.#ask.equals(1, this.network - 2, 0, 1) : this.#firstLabel(place)
    const wanted =
      label === undefined ? more : and(more, this.#ask.equals(4, this.network, (label << 12) >>> 0, 0xffff_f000))
    this.#labels++
    return wanted
  }

  #firstLabel(place: Place): Condition {
    if (!this.#link.addresses && this.#link.name !== "PPP") throw this.#unsupported("mpls", place)
    return this.protocol(MPLS, place)
  }

  pppoeDiscovery(place: Place): Condition {
    return this.protocol(PPPOE_DISCOVERY, place)
  }

  /** A packet of a session; what follows is about the PPP in it. */
  pppoeSession(session: number | undefined, place: Place): Condition {
    this.#limit(session, 0xffff, "session", place)
    const inSession = this.protocol(PPPOE_SESSION, place)
    const wanted =
      session === undefined ? inSession : and(inSession, this.#ask.equals(4, this.network, session, 0xffff))
    this.#start = this.network + 6
    this.#first = this.#start
    this.#labels = 0
    this.#link = pppAt(0, 2)
    return wanted
  }

  #limit(number: number | undefined, most: number, what: string, place: Place): void {
    if (number === undefined || number <= most) return
    throw this.#complaints.error("FILTER_RANGE", place, `${number} is no ${what}: ${most} is the largest`)
  }

  #unsupported(what: string, place: Place): Error {
    return this.#complaints.error("FILTER_LINK", place, `there is no ${what} over ${this.#link.name}`)
  }
}
