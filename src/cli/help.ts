import type { Command } from "./command.ts"
import { COMMON, type OptionSpec } from "./options.ts"

/** How a command is used. */
export function commandHelp(name: string, command: Command): string {
  const options = Object.entries({ ...command.options, ...COMMON })
  const examples = command.examples ?? []
  return [
    `usage: skep ${[name, command.usage].filter(Boolean).join(" ")} [OPTION…]`,
    "",
    command.about,
    "",
    ...columns(options.map(([option, spec]): [string, string] => [optionHead(option, spec), optionText(spec)])),
    ...(command.lists ?? []).flatMap(([title, rows]) => ["", title, ...columns(rows)]),
    ...(examples.length > 0 ? ["", "examples:", ...columns(examples)] : []),
    "",
  ].join("\n")
}

function optionHead(name: string, { short, value }: OptionSpec): string {
  const long = value === undefined ? `--${name}` : `--${name} ${value}`
  return short === undefined ? `    ${long}` : `-${short}, ${long}`
}

function optionText({ about, choices }: OptionSpec): string {
  return choices === undefined ? about : `${about}: ${choices.join(", ")}`
}

/** Two columns, the first as wide as its widest entry. */
export function columns(rows: readonly (readonly [string, string])[]): string[] {
  const width = Math.max(...rows.map(([head]) => head.length))
  return rows.map(([head, text]) => `  ${head.padEnd(width)}  ${text}`)
}
