import { type Verdict, type VerifierInput, verify } from "../../src/verifier/index.ts"
import { judge } from "./kernelLog.ts"
import type { Watched } from "./watched.ts"

/** How both verdicts on a program relate. */
export type Agreement =
  | "accepted"
  | "refused"
  /** We take what the kernel refuses. */
  | "wrong accept"
  /** We refuse what the kernel takes. */
  | "wrong refusal"
  /** Both take it, and its runs here go wrong, or differ from those in the kernel. */
  | "wrong result"
  /** The kernel said no before its verifier looked: it has no trampolines, a hook is not there. */
  | "not judged"
  /** Our verifier broke. */
  | "failed"

export interface Compared {
  readonly name: string
  /** The program type. */
  readonly type: string
  readonly agreement: Agreement
  /** The line that says why, of the kernel's log and of ours. */
  readonly theirs: string
  readonly ours: string
  /** Of what differs. */
  readonly ourLog: string
  readonly theirLog: string
  /** Instructions and states that ours and the kernel's walked over: where both go the same ways they are the same. */
  readonly counts: Counts
  readonly kernelCounts: Counts
  /** The time that ours took. */
  readonly milliseconds: number
}

type Counts = Verdict["counts"]
const NO_COUNTS: Counts = { processed: 0, maxStatesPerInsn: 0, totalStates: 0, peakStates: 0 }

/** The counts that a log ends with. */
function countsIn(log: string): Counts {
  const found = /processed (\d+) insns .*max_states_per_insn (\d+) total_states (\d+) peak_states (\d+)/.exec(log)
  if (found === null) return NO_COUNTS
  const [processed, maxStatesPerInsn, totalStates, peakStates] = found.slice(1).map(Number)
  return { processed, maxStatesPerInsn, totalStates, peakStates }
}

/** Log level of nothing but counts (`BPF_LOG_STATS`). */
const STATISTICS = 4

/** A kernel's verdict on a program, with the log of a refusal, or the counts of what it took. */
export interface Theirs {
  readonly accepted: boolean
  readonly told: string
}

/** What the running kernel said; it is asked once more for the log. */
export const theirVerdict = ({ accepted, load }: Watched): Theirs => ({
  accepted,
  told: judge({ ...load, logLevel: accepted ? STATISTICS : 1 }).log,
})

/** How a program that a kernel has judged is compared. */
export type Compare = (name: string, watched: Watched) => Compared

/** Our verdict next to the running kernel's. */
export const compare: Compare = (name, watched) => compareWith(name, watched.input, theirVerdict(watched))

/** Our verdict next to that of a kernel. */
export function compareWith(name: string, input: VerifierInput, { accepted, told }: Theirs): Compared {
  const start = performance.now()
  const { verdict, broken } = attempt({ ...input, logLevel: 0 })
  const milliseconds = performance.now() - start
  const log = accepted ? "" : told
  const how = agreement(verdict?.accepted, accepted, log)
  return {
    name,
    type: input.type,
    agreement: how,
    theirs: accepted ? "" : reason(log),
    ours: broken ?? verdict?.refusal?.message ?? "",
    ourLog: broken ?? (how.startsWith("wrong") ? attempt(input).verdict?.log : undefined) ?? "",
    theirLog: log,
    counts: verdict?.counts ?? NO_COUNTS,
    kernelCounts: countsIn(told),
    milliseconds,
  }
}

function agreement(ours: boolean | undefined, theirs: boolean, log: string): Agreement {
  if (!theirs && log === "") return "not judged"
  if (ours === undefined) return "failed"
  if (ours === theirs) return ours ? "accepted" : "refused"
  return ours ? "wrong accept" : "wrong refusal"
}

function attempt(input: VerifierInput): { verdict?: Verdict; broken?: string } {
  try {
    return { verdict: verify(input) }
  } catch (error) {
    return { broken: error instanceof Error ? (error.stack ?? error.message) : String(error) }
  }
}

/** The line of a log that says why: the last one before the figures that is not a step or a place. */
export function reason(log: string): string {
  const lines = log.split("\n").filter(line => line !== "")
  const isOther = (line: string) =>
    /^(processed \d+|verification time|stack depth|insns_|\d+: |; |from \d+|mark_precise|parent|arg#\d+ ref|Unreleased)/.test(
      line,
    )
  const found = lines.filter(line => !isOther(line)).at(-1)
  return found ?? lines.filter(line => !line.startsWith("processed")).at(-1) ?? ""
}
