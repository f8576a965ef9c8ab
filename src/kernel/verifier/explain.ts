import { CALL_RULES } from "./callRules.ts"
import { type Known, readFault } from "./fault.ts"
import { FLOW_RULES } from "./flowRules.ts"
import { MEMORY_RULES } from "./memoryRules.ts"
import { OTHER_RULES } from "./otherRules.ts"
import type { VerifierReport } from "./report.ts"
import type { Explanation } from "./rule.ts"

export interface RefusedLog extends Known {
  /** The log without reports. */
  readonly log: string
  /** The line that states the fault. */
  readonly reason: string
  readonly report?: VerifierReport
}

/** The first whose words are in the log counts. */
const RULES = [...MEMORY_RULES, ...CALL_RULES, ...FLOW_RULES, ...OTHER_RULES]

/**
 * What a refusal means in C's terms: from the verifier's line and what the log says of the instruction and its registers, or from the
 * report of kernels that write one. Undefined for words that are not known.
 *
 *     R0 invalid mem access 'map_value_or_null'
 *     ⇒ the pointer that a lookup in map 'counts' gave may be NULL where what it points to is read
 */
export function explainRefusal({ log, reason, report, ...known }: RefusedLog): Explanation | undefined {
  if (reason !== "") {
    const fault = readFault(log, reason, known)
    for (const [words, explain] of RULES) {
      const match = words.exec(fault.text)
      if (match !== null) return explain(match, fault)
    }
  }
  if (report === undefined) return undefined
  const what = [lowerFirst(report.problem), report.reason].filter(text => text !== "").join(": ")
  return { what: what.replace(/\.$/, ""), hint: report.suggestion || "the whole log is in the error's `log`" }
}

const lowerFirst = (text: string): string => text.slice(0, 1).toLowerCase() + text.slice(1)
