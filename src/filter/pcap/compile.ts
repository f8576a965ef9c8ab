import { SkepError, SourceFile } from "../../base/index.ts"
import { checkClassic } from "../check.ts"
import type { ClassicInsn } from "../insn.ts"
import type { Expression } from "./ast.ts"
import { emit } from "./emit.ts"
import { Complaints } from "./error.ts"
import { Generator } from "./generate.ts"
import { Graph } from "./graph.ts"
import { groupTests } from "./group.ts"
import type { NamedHosts } from "./hosts.ts"
import { tokenize } from "./lexer.ts"
import { LINK_HEADERS, type LinkType } from "./link.ts"
import { Parser } from "./parser.ts"
import { Questions } from "./questions.ts"
import { threadJumps } from "./thread.ts"

/** How an expression is compiled. */
export interface CompileFilterOptions {
  /** What packets begin with; Ethernet (`EN10MB`) without it. */
  readonly linkType?: LinkType
  /** What the filter returns for a packet that it takes: how many bytes to keep, 262,144 without it. */
  readonly snapLength?: number
  /** The mask of the network, as a number, for `ip broadcast`; 0 without it. */
  readonly netmask?: number
  /** Addresses of hosts by the names that the expression has ({@link hostNames}): of IPv4, of IPv6, and for `ether host` and `gateway` of Ethernet. */
  readonly hosts?: ReadonlyMap<string, readonly string[]>
}

/** As many tokens as an expression may have. */
const MAX_TOKENS = 10_000
const SNAP_LENGTH = 262_144

/**
 * Compiles an expression of the language that tcpdump and Wireshark's capture filters have (pcap-filter(7)) to a classic
 * filter: `tcp port 80 and host 10.0.0.1`. An empty expression takes every packet.
 *
 * @throws SkepError FILTER_SYNTAX, FILTER_QUALIFIER, FILTER_RANGE, FILTER_NAME, FILTER_LINK, FILTER_TOO_LONG
 */
export function compileFilter(expression: string, options: CompileFilterOptions = {}): ClassicInsn[] {
  const { linkType = "EN10MB", snapLength = SNAP_LENGTH, netmask = 0, hosts = NO_HOSTS } = options
  const complaints = new Complaints(new SourceFile("filter", expression))
  const parsed = parse(complaints)
  const ask = new Questions()
  const graph = new Graph()
  const generator = new Generator(ask, complaints, { link: LINK_HEADERS[linkType], netmask, hosts })
  const whole = parsed === undefined ? graph.take : graph.of(generator.condition(parsed))
  const threaded = threadJumps(graph, whole)
  const insns = emit(threadJumps(graph, groupTests(graph, threaded)), snapLength)
  checkClassic(insns)
  return insns
}

const NO_HOSTS: NamedHosts = new Map()

/** The expression as a tree; undefined for an empty one. */
function parse(complaints: Complaints): Expression | undefined {
  const tokens = tokenize(complaints)
  if (tokens.length > MAX_TOKENS) {
    throw new SkepError({
      code: "FILTER_TOO_LONG",
      message: `the expression has more than ${MAX_TOKENS} words and signs`,
    })
  }
  return new Parser(tokens, complaints).parse()
}

/**
 * The names of hosts in an expression, each once: what {@link compileFilter} wants the addresses of.
 * @throws SkepError FILTER_SYNTAX, FILTER_TOO_LONG
 */
export function hostNames(expression: string): string[] {
  const names = new Set<string>()
  const look = (one: Expression): void => {
    if (one.kind === "not") look(one.operand)
    else if (one.kind === "and" || one.kind === "or") {
      look(one.left)
      look(one.right)
    } else if (one.kind === "id" && one.id.kind === "name" && HOST_KINDS.has(one.qualifiers.kind))
      names.add(one.id.text)
  }
  const parsed = parse(new Complaints(new SourceFile("filter", expression)))
  if (parsed !== undefined) look(parsed)
  return [...names]
}

const HOST_KINDS: ReadonlySet<string | undefined> = new Set([undefined, "host", "gateway"])
