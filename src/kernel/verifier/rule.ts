import type { Fault } from "./fault.ts"

/** A refusal in C's terms. */
export interface Explanation {
  /** What the program does wrong. */
  readonly what: string
  readonly hint: string
  readonly missing?: { readonly feature: string; readonly minKernel: string }
}

/** The verifier's words, and what they mean. */
export type Rule = readonly [words: RegExp, explain: (match: RegExpExecArray, fault: Fault) => Explanation]
