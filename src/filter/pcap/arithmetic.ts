import * as o from "../../isa/index.ts"
import type { Arithmetic, ArithmeticOp, Relation } from "./ast.ts"
import { and, type Condition, compare, not } from "./condition.ts"
import type { ExpressionCode, Place } from "./error.ts"
import { type Protocol, protocolName } from "./names.ts"
import { OVER_IP, type Protocols } from "./protocols.ts"
import type { Value } from "./value.ts"

const OPERATIONS: Readonly<Record<ArithmeticOp, number>> = {
  "+": o.BPF_ADD,
  "-": o.BPF_SUB,
  "*": o.BPF_MUL,
  "/": o.BPF_DIV,
  "%": o.BPF_MOD,
  "&": o.BPF_AND,
  "|": o.BPF_OR,
  "^": o.BPF_XOR,
  "<<": o.BPF_LSH,
  ">>": o.BPF_RSH,
}

/** Comparisons, and whether the opposite is meant. */
const RELATIONS: Readonly<Record<Relation, readonly [op: number, opposite: boolean]>> = {
  "=": [o.BPF_JEQ, false],
  "!=": [o.BPF_JEQ, true],
  ">": [o.BPF_JGT, false],
  "<=": [o.BPF_JGT, true],
  ">=": [o.BPF_JGE, false],
  "<": [o.BPF_JGE, true],
}

/** Protocols whose header is the network header, or what else stands behind the link header. */
const NETWORK = new Set<Protocol>(["ip", "ip6", "arp", "rarp", "atalk", "decnet", "lat", "sca", "mopdl", "moprc"])
/** Protocols behind an IPv4 header. */
const TRANSPORT = new Set<Protocol>(["tcp", "udp", "sctp", "icmp", "igmp", "igrp", "pim", "vrrp", "carp"])
const IP6_HEADER = 40

/** A number, and what has to hold of a packet for it to be there. */
interface Operand {
  readonly value: Value
  readonly given: readonly Condition[]
}

/** Conditions of numbers: `tcp[13] & 2 != 0`. */
export class Numbers {
  readonly #protocols: Protocols

  constructor(protocols: Protocols) {
    this.#protocols = protocols
  }

  relation(op: Relation, left: Arithmetic, right: Arithmetic): Condition {
    const a = this.#operand(left)
    const b = this.#operand(right)
    const [operation, opposite] = RELATIONS[op]
    const test = compare(this.#values, operation, a.value, b.value)
    return and(...a.given, ...b.given, opposite ? not(test) : test)
  }

  get #values() {
    return this.#protocols.ask.values
  }

  #operand(expression: Arithmetic): Operand {
    switch (expression.kind) {
      case "number":
        return { value: this.#values.constant(expression.value), given: [] }
      case "length":
        return { value: this.#values.length(), given: [] }
      case "negate": {
        const { value, given } = this.#operand(expression.operand)
        return { value: this.#values.negate(value), given }
      }
      case "binary":
        return this.#binary(expression)
      case "load":
        return this.#load(expression.protocol, this.#operand(expression.index), expression.size, expression)
    }
  }

  #binary({ op, left, right }: Arithmetic & { readonly kind: "binary" }): Operand {
    const a = this.#operand(left)
    const b = this.#operand(right)
    if (b.value.kind === "const") {
      if ((op === "/" || op === "%") && b.value.k === 0)
        throw this.#error("FILTER_RANGE", right, "this divides by zero")
      if ((op === "<<" || op === ">>") && b.value.k > 31) {
        throw this.#error("FILTER_RANGE", right, "numbers have 32 bits, and this shifts them all out")
      }
    }
    // As in libpcap, the packet has to be of the protocol that the left operand reads; the right one only needs the bytes.
    return { value: this.#values.binary(OPERATIONS[op], a.value, b.value), given: a.given }
  }

  #load(protocol: Protocol, index: Operand, size: number, place: Place): Operand {
    const { layers } = this.#protocols
    const at = (offset: number, base = index.value): Value => this.#values.load(size, offset, base)
    if (protocol === "link") return { value: at(layers.linkHeader), given: index.given }
    if (NETWORK.has(protocol)) {
      return { value: at(layers.network), given: [...index.given, this.#protocols.of(protocol, place)] }
    }
    if (protocol === "icmp6") {
      const isIcmp6 = and(this.#protocols.ip6(place), this.#protocols.ip6Protocol(OVER_IP.icmp6![0]))
      return { value: at(layers.network + IP6_HEADER), given: [...index.given, isIcmp6] }
    }
    if (!TRANSPORT.has(protocol)) {
      const name = protocolName(protocol)
      throw this.#error(
        "FILTER_QUALIFIER",
        place,
        `bytes of '${name}' cannot be asked for`,
        "count them from 'ip' or 'ether'",
      )
    }
    const base = this.#values.binary(o.BPF_ADD, this.#values.headerLength(layers.network), index.value)
    const given = [
      this.#protocols.ip4(place),
      ...index.given,
      this.#protocols.of(protocol, place),
      this.#protocols.hasTransport(),
    ]
    return { value: at(layers.network, base), given }
  }

  #error(code: ExpressionCode, place: Place, message: string, hint?: string): Error {
    return this.#protocols.complaints.error(code, place, message, hint)
  }
}
