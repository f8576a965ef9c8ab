import { didYouMean } from "../../base/index.ts"
import { ArithmeticParser } from "./arithmeticParser.ts"
import type { AddressKind, Direction, Expression, Id, Qualifiers } from "./ast.ts"
import type { Complaints, Place } from "./error.ts"
import type { Token } from "./lexer.ts"
import { KEYWORDS, protocolName, protocolOf } from "./names.ts"

const DIRECTIONS = new Set(["src", "dst"])
const KINDS = new Set<string>(["host", "net", "port", "portrange", "proto", "protochain", "gateway"])
const ENCAPSULATIONS = new Set(["vlan", "mpls", "pppoed", "pppoes"])
const COMPARISON = new Set(["=", "==", "!=", "<", "<=", ">", ">="])

/** A parsed part and the qualifiers that a bare name behind it takes over; none behind what has none. */
interface Parsed {
  readonly expression: Expression
  readonly qualifiers?: Qualifiers
}

/**
 * The language of pcap filters. `and` and `or` bind alike, from left to right.
 *
 *     expression: term { ("and" | "or") (term | ids) }
 *     term:       "not" term | "(" expression ")" | relation | qualifiers ids | protocol
 *               | [protocol] ("broadcast" | "multicast") | ("less" | "greater") N
 *               | "inbound" | "outbound" | "ifindex" N | ("vlan" | "mpls" | "pppoes") [N] | "pppoed"
 *     qualifiers: [protocol] [direction] [kind]         at least a direction or a kind
 *     direction:  "src" | "dst" | "src" "or" "dst" | "src" "and" "dst"
 *     kind:       "host" | "net" | "port" | "portrange" | "proto"
 *     ids:        id | "(" ids { ("and" | "or") ids } ")" | "not" ids
 *     relation:   arithmetic ("=" | "!=" | "<" | "<=" | ">" | ">=") arithmetic
 *
 * Ids without qualifiers take those of what stands in front of them: `tcp port 80 or 443`.
 */
export class Parser extends ArithmeticParser {
  constructor(tokens: readonly Token[], complaints: Complaints) {
    super(tokens, complaints)
  }

  /** The whole expression; undefined for an empty one, which takes every packet. */
  parse(): Expression | undefined {
    if (this.peek().kind === "end") return undefined
    const { expression } = this.#expression(undefined)
    if (this.peek().kind !== "end") throw this.unexpected("'and', 'or' or the end")
    return expression
  }

  #expression(inherited: Qualifiers | undefined): Parsed {
    let parsed = this.#term(inherited)
    for (;;) {
      const kind = this.takeWord("and", "&&") ? "and" : this.takeWord("or", "||") ? "or" : undefined
      if (kind === undefined) return parsed
      const right = this.#term(parsed.qualifiers)
      const { start } = parsed.expression
      const { end } = right.expression
      const expression: Expression = { kind, left: parsed.expression, right: right.expression, start, end }
      parsed = { expression, qualifiers: right.qualifiers }
    }
  }

  #term(inherited: Qualifiers | undefined): Parsed {
    const { start } = this.peek()
    if (this.takeWord("not", "!")) {
      const { expression: operand, qualifiers } = this.nested(() => this.#term(inherited))
      return { expression: { kind: "not", operand, start, end: operand.end }, qualifiers }
    }
    const relation = this.relation()
    if (relation !== undefined) return { expression: relation }
    if (this.takeSign("(")) {
      const parsed = this.nested(() => this.#expression(inherited))
      this.expectSign(")")
      return parsed
    }
    return this.#primitive(inherited, start)
  }

  #primitive(inherited: Qualifiers | undefined, start: number): Parsed {
    const token = this.peek()
    const word = token.kind === "word" && !token.escaped ? token.text : undefined
    const done = (expression: WithoutPlace): Parsed => {
      return { expression: { ...expression, start, end: this.lastEnd() } as Expression }
    }
    if (word === "less" || word === "greater") {
      this.next()
      return done({ kind: word, length: this.expectNumber("a length in bytes") })
    }
    if (word === "inbound" || word === "outbound") {
      this.next()
      return done({ kind: word })
    }
    if (word === "ifindex") {
      this.next()
      return done({ kind: word, index: this.expectNumber("the index of a device") })
    }
    if (word !== undefined && ENCAPSULATIONS.has(word)) {
      this.next()
      const kind = word as "vlan"
      return done(word === "pppoed" ? { kind } : { kind, number: this.takeNumber() })
    }
    return this.#qualified(inherited, start, done)
  }

  #qualified(inherited: Qualifiers | undefined, start: number, done: (expression: WithoutPlace) => Parsed): Parsed {
    const protocol = this.takeProtocol()
    for (const kind of ["broadcast", "multicast"] as const) {
      if (this.takeWord(kind)) return done({ kind, protocol })
    }
    const direction = this.#direction()
    const kind = this.#kind()
    if (direction === undefined && kind === undefined) {
      if (protocol !== undefined) {
        if (this.#startsId()) throw this.#noKind(protocol)
        return done({ kind: "protocol", protocol })
      }
      // A name that takes over qualifiers, and no misspelt word in front of a name.
      const misspelt = this.peek().kind === "word" && this.#startsId(1)
      if (inherited === undefined || misspelt) throw this.#noMeaning()
      return { expression: this.#id(inherited), qualifiers: inherited }
    }
    const qualifiers = { protocol, direction, kind }
    const expression = this.#ids(qualifiers)
    return { expression: { ...expression, start }, qualifiers }
  }

  #direction(): Direction | undefined {
    const first = this.peek()
    if (first.kind !== "word" || first.escaped || !DIRECTIONS.has(first.text)) return undefined
    this.next()
    const and = this.peek()
    const second = this.peek(1)
    const joined = (and.kind === "word" || and.kind === "sign") && ["or", "and", "||", "&&"].includes(and.text)
    const other = second.kind === "word" && DIRECTIONS.has(second.text) && second.text !== first.text
    if (joined && other) {
      this.next()
      this.next()
      return and.text === "or" || and.text === "||" ? "either" : "both"
    }
    return first.text as Direction
  }

  #kind(): AddressKind | undefined {
    const token = this.peek()
    if (token.kind !== "word" || token.escaped || !KINDS.has(token.text)) return undefined
    this.next()
    return token.text as AddressKind
  }

  #ids(qualifiers: Qualifiers): Expression {
    const { start } = this.peek()
    if (this.takeWord("not", "!")) {
      const operand = this.nested(() => this.#ids(qualifiers))
      return { kind: "not", operand, start, end: operand.end }
    }
    if (!this.takeSign("(")) return this.#id(qualifiers)
    let left = this.nested(() => this.#ids(qualifiers))
    while (!this.takeSign(")")) {
      const kind = this.takeWord("and", "&&") ? "and" : this.takeWord("or", "||") ? "or" : undefined
      if (kind === undefined) throw this.unexpected("'and', 'or' or ')'")
      const right = this.nested(() => this.#ids(qualifiers))
      left = { kind, left, right, start: left.start, end: right.end }
    }
    return left
  }

  #id(qualifiers: Qualifiers): Expression {
    const id = this.#readId(qualifiers)
    return { kind: "id", qualifiers, id, start: id.start, end: id.end }
  }

  #startsId(ahead = 0): boolean {
    const token = this.peek(ahead)
    if (token.kind === "number" || token.kind === "dotted" || token.kind === "ipv6" || token.kind === "mac") return true
    return token.kind === "word" && (token.escaped || !KEYWORDS.includes(token.text))
  }

  #readId({ kind }: Qualifiers): Id {
    const token = this.peek()
    const { start } = token
    const place = (): Place => ({ start, end: this.lastEnd() })
    // `ip proto tcp`: the name of a protocol needs no `\` where nothing else can stand.
    const isName = token.kind === "word" && (kind === "proto" || kind === "protochain" || this.#startsId())
    if (token.kind !== "word" && !this.#startsId()) throw this.unexpected("a name, a number or an address")
    if (token.kind === "word" && !isName) throw this.unexpected("a name, a number or an address")
    this.next()
    switch (token.kind) {
      case "word":
        return { kind: "name", text: token.text, ...place() }
      case "mac":
        return { kind: "mac", bytes: token.bytes, ...place() }
      case "ipv6":
        if (!this.takeSign("/")) return { kind: "ipv6", words: token.words, ...place() }
        return { kind: "ipv6", words: token.words, bits: this.expectNumber("the length of a prefix"), ...place() }
      default: {
        const { text } = token
        if (this.takeSign("/")) {
          return { kind: "prefix", text, bits: this.expectNumber("the length of a prefix"), ...place() }
        }
        if (this.takeWord("mask")) {
          const mask = this.next()
          if (mask.kind !== "dotted" && mask.kind !== "number") throw this.unexpected("a mask", mask)
          return { kind: "mask", text, mask: mask.text, ...place() }
        }
        if (token.kind === "number") return { kind: "number", value: token.value, ...place() }
        return { kind: "dotted", text, ...place() }
      }
    }
  }

  #noKind(protocol: Parameters<typeof protocolName>[0]): Error {
    const { text } = this.peek()
    const name = protocolName(protocol)
    const kind = this.peek().kind === "number" || protocol === "tcp" || protocol === "udp" ? "port" : "host"
    return this.unexpected("'and', 'or' or the end", this.peek(), `say what '${text}' is: '${name} ${kind} ${text}'`)
  }

  #noMeaning(): Error {
    const token = this.peek()
    if (token.kind === "end" || token.kind === "sign") return this.unexpected("a primitive, like 'tcp port 80'")
    if (token.kind === "word" && !token.escaped) {
      const text = `'${token.text}' is no word of a filter${didYouMean(token.text, KEYWORDS)}`
      const hint = KEYWORDS.includes(token.text)
        ? `'${token.text}' cannot stand here; a name that is spelled so is written '\\${token.text}'`
        : "the name of a host wants 'host' in front of it, that of a service 'port'"
      const message = KEYWORDS.includes(token.text) ? `'${token.text}' stands in the wrong place` : text
      return this.complaints.error("FILTER_SYNTAX", token, message, hint)
    }
    const kind = token.kind === "number" ? "port" : token.kind === "mac" ? "ether host" : "host"
    return this.complaints.error(
      "FILTER_SYNTAX",
      token,
      `it is not said what '${token.text}' is`,
      `write '${kind} ${token.text}'`,
    )
  }

  /** An arithmetic relation, if one stands here. */
  protected relation(): Expression | undefined {
    const { start } = this.peek()
    const left = this.attempt(
      () => this.arithmetic(),
      token => token.kind === "sign" && COMPARISON.has(token.text),
    )
    if (left === undefined) return undefined
    const sign = this.next().text
    const op = (sign === "==" ? "=" : sign) as "="
    const right = this.arithmetic()
    return { kind: "relation", op, left, right, start, end: right.end }
  }

  protected takeProtocol() {
    const token = this.peek()
    const protocol = token.kind === "word" && !token.escaped ? protocolOf(token.text) : undefined
    if (protocol !== undefined) this.next()
    return protocol
  }
}

type WithoutPlace = Expression extends infer E ? (E extends Place ? Omit<E, "start" | "end"> : never) : never
