import type { Fault } from "./fault.ts"

/** What kind of rule a refused program breaks. */
export type Category =
  /** A register holds another kind of thing than is wanted there. */
  | "register types"
  /** Memory is used that may not be there, or not in that way. */
  | "memory"
  /** Something is taken and not given back, or given back twice. */
  | "resource lifetime"
  /** A function is called that may not be, or with arguments that it does not take. */
  | "calls"
  /** Something is done where the program may not do it: under a lock, where it must not sleep. */
  | "execution context"
  /** Jumps, loops, ends, sizes, or the encoding of instructions. */
  | "program structure"
  /** The licence, or what this user may do. */
  | "policy"

/** A refusal in C's terms. */
export interface Explanation {
  /** What the program does wrong. */
  readonly what: string
  readonly hint: string
  readonly missing?: { readonly feature: string; readonly minKernel: string }
  readonly category: Category
}

/** The verifier's words, and what they mean; of which category, where it is another than that of the rules around it. */
export type Rule = readonly [
  words: RegExp,
  explain: (match: RegExpExecArray, fault: Fault) => Omit<Explanation, "category">,
  category?: Category,
]
