import { parseArgs } from "node:util"
import { didYouMean } from "../base/index.ts"
import { UsageError } from "./command.ts"

/** One option. With `value` it takes one, and that is what help calls it. */
export interface OptionSpec {
  readonly short?: string
  readonly value?: string
  readonly multiple?: boolean
  /** How often it is given is what counts: `-ddd` is 3. */
  readonly counted?: true
  /** The only values there are. */
  readonly choices?: readonly string[]
  readonly about: string
}
export type Options = Readonly<Record<string, OptionSpec>>

/** What was given: a string or strings for options that take values, true for those that do not, or how often. */
export type Values<O extends Options> = {
  readonly [name in keyof O]: O[name] extends { readonly value: string }
    ? O[name] extends { readonly multiple: true }
      ? readonly string[] | undefined
      : string | undefined
    : O[name] extends { readonly counted: true }
      ? number | undefined
      : true | undefined
}

/** Options that every command has. */
export const COMMON = {
  help: { short: "h", about: "show this help" },
} as const satisfies Options

export interface ParsedArgs {
  readonly values: Readonly<Record<string, string | string[] | number | true | undefined>>
  readonly positionals: readonly string[]
}

/** Reads a command's arguments. Throws UsageError. */
export function readArgs(args: readonly string[], options: Options): ParsedArgs {
  const config = Object.fromEntries(
    Object.entries(options).map(([name, { short, value, multiple }]) => {
      const type: "string" | "boolean" = value === undefined ? "boolean" : "string"
      return [name, { type, ...(short && { short }), ...(multiple && { multiple }) }]
    }),
  )
  const { tokens } = parseArgs({ args: [...args], options: config, strict: false, tokens: true })
  const values: Record<string, string | string[] | number | true | undefined> = {}
  const positionals: string[] = []
  for (const token of tokens) {
    if (token.kind === "positional") positionals.push(token.value)
    if (token.kind !== "option") continue
    const { name, rawName, value } = token
    const spec = Object.hasOwn(options, name) ? options[name] : undefined
    if (spec === undefined) {
      const known = Object.keys(options).map(option => `--${option}`)
      throw new UsageError(`unknown option '${rawName}'${didYouMean(rawName, known)}`)
    }
    if (spec.value === undefined) {
      if (value !== undefined) throw new UsageError(`option ${rawName} takes no value`)
      values[name] = spec.counted ? ((values[name] as number | undefined) ?? 0) + 1 : true
      continue
    }
    if (value === undefined || value === "") throw new UsageError(`option ${rawName} needs a value: ${spec.value}`)
    if (spec.choices !== undefined && !spec.choices.includes(value)) {
      const all = spec.choices.join(", ")
      throw new UsageError(`${rawName} cannot be '${value}'${didYouMean(value, spec.choices)}`, `it is one of ${all}`)
    }
    if (spec.multiple) values[name] = [...((values[name] as string[] | undefined) ?? []), value]
    else values[name] = value
  }
  return { values, positionals }
}
