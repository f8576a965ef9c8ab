import { CALL_RULES } from "./callRules.ts"
import { type Known, readFault } from "./fault.ts"
import { FLOW_RULES } from "./flowRules.ts"
import { MEMORY_RULES } from "./memoryRules.ts"
import { OTHER_RULES } from "./otherRules.ts"
import type { VerifierReport } from "./report.ts"
import type { Category, Explanation, Rule } from "./rule.ts"

export interface RefusedLog extends Known {
  /** The log without reports. */
  readonly log: string
  /** The line that states the fault. */
  readonly reason: string
  readonly report?: VerifierReport
}

const within = (category: Category, rules: readonly Rule[]): readonly Required<Rule>[] =>
  rules.map(([words, explain, own]) => [words, explain, own ?? category])

/** The first whose words are in the log counts. */
const RULES = [
  ...within("memory", MEMORY_RULES),
  ...within("calls", CALL_RULES),
  ...within("program structure", FLOW_RULES),
  ...within("register types", OTHER_RULES),
]

/** The categories of kernels that report them, by their first word. */
const REPORTED: Readonly<Record<string, Category>> = {
  Memory: "memory",
  Register: "register types",
  Resource: "resource lifetime",
  Call: "calls",
  Execution: "execution context",
  Program: "program structure",
  Policy: "policy",
}

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
    for (const [words, explain, category] of RULES) {
      const match = words.exec(fault.text)
      if (match !== null) return { ...explain(match, fault), category }
    }
  }
  if (report === undefined) return undefined
  const what = [lowerFirst(report.problem), report.reason].filter(text => text !== "").join(": ")
  return {
    what: what.replace(/\.$/, ""),
    hint: report.suggestion || "the whole log is in the error's `log`",
    category: REPORTED[report.category.split(/\W/, 1)[0]] ?? "program structure",
  }
}

const lowerFirst = (text: string): string => text.slice(0, 1).toLowerCase() + text.slice(1)
