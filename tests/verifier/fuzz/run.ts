import { decodeInsns, disassemble } from "../../../src/isa/index.ts"
import type { Compared } from "../compare.ts"
import { type Fuzzed, Fuzzer, type Ran } from "./fuzz.ts"

export interface FuzzRun {
  readonly results: readonly Compared[]
  /** How many programs were run where. */
  readonly ran: Readonly<Record<Ran, number>>
  /** Programs that kernel and machine disagree on, made small; one for each pair of reasons. */
  readonly found: readonly Fuzzed[]
}

const differs = (compared: Compared): boolean =>
  (compared.agreement.startsWith("wrong") && !isKernelsFault(compared)) || compared.agreement === "failed"

/** Linux takes reads in front of a tracepoint's record: `tp_prog_is_valid_access` compares the offset as if it had no sign. We do not. */
const isKernelsFault = ({ type, agreement, ours }: Compared): boolean =>
  type === "tracepoint" && agreement === "wrong refusal" && ours.startsWith("invalid bpf_context access off=-")

/** Instructions walked over above which a program is shown as it is: each step of making it small takes as long again. */
const LONG = 20_000
const kindOf = ({ agreement, ours, theirs }: Compared): string =>
  `${agreement}: ${(ours || theirs).split("\n")[0].replace(/-?\d+|0x[0-9a-f]+/g, "N")}`

/** Tries the programs of some seeds, until `until` says stop. */
export function fuzz(firstSeed: number, count: number, until: (tried: number) => boolean = () => false): FuzzRun {
  using fuzzer = new Fuzzer()
  const results: Compared[] = []
  const ran = { both: 0, here: 0, nowhere: 0 }
  const found = new Map<string, Fuzzed>()
  for (let tried = 0; tried < count && !until(tried); tried++) {
    const one = fuzzer.run(firstSeed + tried)
    if (one === undefined) continue
    results.push(one.compared)
    ran[one.ran]++
    const kind = kindOf(one.compared)
    if (differs(one.compared) && !found.has(kind))
      found.set(kind, one.compared.counts.processed > LONG ? one : fuzzer.reduced(one))
  }
  return { results, ran, found: [...found.values()] }
}

/** A finding to read: the program, what each says. */
export function describe({ type, insns, compared }: Fuzzed): string {
  const { agreement, name, ours, theirs } = compared
  const text = listing(insns)
  return `${agreement} · ${type} · ${name}\n${text}\n  kernel: ${theirs || "accepted"}\n  ours: ${ours || "accepted"}\n`
}

function listing(insns: Uint8Array): string {
  try {
    return disassemble(decodeInsns(insns), { syntax: "kernel" })
  } catch {
    return Buffer.from(insns)
      .toString("hex")
      .replace(/(.{16})/g, "  $1\n")
  }
}
