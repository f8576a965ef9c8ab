import { SkepError } from "../../src/base/index.ts"
import {
  type ClassicInsn,
  compileFilter,
  disassembleClassic,
  type FilterInput,
  type LinkType,
  linkTypeOf,
  runClassic,
} from "../../src/filter/index.ts"
import { randomPacket } from "./filterPackets.ts"
import type { Libpcap } from "./libpcap.ts"
import { Random } from "./random.ts"

/** What came of one expression. */
export type Comparison =
  | { readonly kind: "same"; readonly ours: number; readonly theirs: number }
  /** Both refuse it. */
  | { readonly kind: "refused" }
  | { readonly kind: "different"; readonly why: string }

/** What libpcap says of an expression that no packet can meet. */
const REJECTS_ALL = "expression rejects all packets"

/**
 * Compiles an expression with libpcap and with skep, and runs both filters over packets. A packet that is cut off may be
 * taken by one of them where the other drops it as a test reads behind its end: the packet has to be one that is taken
 * whatever was cut off, or one that libpcap's optimised filter takes.
 */
export function compareFilters(pcap: Libpcap, text: string, { link = 1, packets = 60, seed = 1 } = {}): Comparison {
  const plain = pcap.compile(text, { link, optimize: false })
  const theirs = pcap.compile(text, { link })
  const ours = ourFilter(text, linkTypeOf(link)!)
  if (typeof plain === "string" || ours instanceof SkepError) {
    if (typeof plain === "string" && ours instanceof SkepError) return { kind: "refused" }
    const why = typeof plain === "string" ? `libpcap: ${plain}` : `skep: ${(ours as SkepError).message}`
    return { kind: "different", why: `only one takes ${text}: ${why}` }
  }
  const random = new Random(seed)
  for (let i = 0; i < packets; i++) {
    const data = randomPacket(random, link)
    const length = data.length + (random.chance(0.3) ? random.below(100) : 0)
    const input = { data, length, metadata: { packetType: i % 5, ifindex: i % 4 } }
    const verdict = runClassic(ours, input)
    const wanted = runClassic(plain, input)
    if (verdict === wanted || (wanted === 0 && takenAnyhow(plain, input, random))) continue
    if (typeof theirs !== "string" && verdict === runClassic(theirs, input)) continue
    const hex = Buffer.from(data).toString("hex")
    const why = `${text}\ngives ${verdict} and libpcap ${wanted} for ${hex} (${length})\n`
    return { kind: "different", why: `${why}${disassembleClassic(ours)}\n${disassembleClassic(plain)}` }
  }
  if (typeof theirs !== "string") return { kind: "same", ours: ours.length, theirs: theirs.length }
  if (theirs === REJECTS_ALL) return { kind: "same", ours: 1, theirs: 1 }
  return { kind: "different", why: `libpcap does not optimise ${text}: ${theirs}` }
}

/** Whether a packet is taken with whatever behind its end. */
function takenAnyhow(filter: readonly ClassicInsn[], input: FilterInput, random: Random): boolean {
  return Array.from({ length: 8 }).every(() => {
    const data = Uint8Array.from({ length: 400 }, (_, i) => input.data[i] ?? random.below(256))
    return runClassic(filter, { ...input, data }) !== 0
  })
}

function ourFilter(text: string, linkType: LinkType): ClassicInsn[] | SkepError {
  try {
    return compileFilter(text, { linkType })
  } catch (error) {
    if (error instanceof SkepError) return error
    throw error
  }
}
