import type { Place } from "./error.ts"
import type { Protocol } from "./names.ts"

/** Which of a packet's addresses or ports is meant. */
export type Direction = "src" | "dst" | "either" | "both"
/** What a name or number stands for. */
export type AddressKind = "host" | "net" | "port" | "portrange" | "proto" | "protochain" | "gateway"

/** The words in front of a name, number or address: `tcp src port`. They hold for the next one, too, in `port 80 or 443`. */
export interface Qualifiers {
  readonly protocol?: Protocol
  readonly direction?: Direction
  readonly kind?: AddressKind
}

/** A name, number or address behind qualifiers. */
export type Id = Place &
  (
    | { readonly kind: "number"; readonly value: number }
    /** An IPv4 address, whole or in part. */
    | { readonly kind: "dotted"; readonly text: string }
    /** A network by the length of its prefix. */
    | { readonly kind: "prefix"; readonly text: string; readonly bits: number }
    | { readonly kind: "mask"; readonly text: string; readonly mask: string }
    | { readonly kind: "ipv6"; readonly words: readonly number[]; readonly bits?: number }
    | { readonly kind: "mac"; readonly bytes: readonly number[] }
    | { readonly kind: "name"; readonly text: string }
  )

/** An expression that gives a number. */
export type Arithmetic = Place &
  (
    | { readonly kind: "number"; readonly value: number }
    | { readonly kind: "length" }
    /** `tcp[index:size]` */
    | { readonly kind: "load"; readonly protocol: Protocol; readonly index: Arithmetic; readonly size: number }
    | { readonly kind: "negate"; readonly operand: Arithmetic }
    | { readonly kind: "binary"; readonly op: ArithmeticOp; readonly left: Arithmetic; readonly right: Arithmetic }
  )
export type ArithmeticOp = "+" | "-" | "*" | "/" | "%" | "&" | "|" | "^" | "<<" | ">>"
export type Relation = "=" | "!=" | "<" | "<=" | ">" | ">="

/** A filter expression. */
export type Expression = Place &
  (
    | { readonly kind: "and" | "or"; readonly left: Expression; readonly right: Expression }
    | { readonly kind: "not"; readonly operand: Expression }
    | { readonly kind: "protocol"; readonly protocol: Protocol }
    | { readonly kind: "id"; readonly qualifiers: Qualifiers; readonly id: Id }
    | { readonly kind: "relation"; readonly op: Relation; readonly left: Arithmetic; readonly right: Arithmetic }
    | { readonly kind: "broadcast" | "multicast"; readonly protocol?: Protocol }
    /** `less N`: at most N bytes; `greater N`: at least. */
    | { readonly kind: "less" | "greater"; readonly length: number }
    | { readonly kind: "inbound" | "outbound" }
    | { readonly kind: "ifindex"; readonly index: number }
    | { readonly kind: Encapsulation; readonly number?: number }
  )

/** What moves the headers of all that follows to the right. */
export type Encapsulation = "vlan" | "mpls" | "pppoed" | "pppoes"
