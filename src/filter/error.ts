import { SkepError } from "../base/index.ts"

/** An instruction of a filter that the kernel would refuse. */
export function badFilter(message: string, hint?: string): SkepError {
  return new SkepError({ code: "FILTER_INVALID", message, hint })
}

/** Text of a filter that cannot be read: the line (from 1), and what is wrong. */
export function badText(line: number, message: string, hint?: string): SkepError {
  return new SkepError({ code: "FILTER_TEXT", message: `line ${line}: ${message}`, hint })
}
