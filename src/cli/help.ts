import type { Command } from "./command.ts"
import { COMMANDS } from "./commands.ts"
import { COMMON, type OptionSpec } from "./options.ts"

export function overviewHelp(): string {
  const commands = Object.entries(COMMANDS).map(([name, { about }]): [string, string] => [name, about])
  return [
    "skep: write BPF programs in C, run them in the Linux kernel.",
    "",
    "usage: skep COMMAND [ARGUMENT…]",
    "",
    ...columns([...commands, ["help COMMAND", "how a command is used"], ["--version", "which skep this is"]]),
    "",
  ].join("\n")
}

export function commandHelp(name: string, command: Command): string {
  const options = Object.entries({ ...command.options, ...COMMON })
  const examples = command.examples ?? []
  return [
    `usage: skep ${[name, command.usage].filter(Boolean).join(" ")} [OPTION…]`,
    "",
    command.about,
    "",
    ...columns(options.map(([option, spec]): [string, string] => [optionHead(option, spec), optionText(spec)])),
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

function columns(rows: readonly (readonly [string, string])[]): string[] {
  const width = Math.max(...rows.map(([head]) => head.length))
  return rows.map(([head, text]) => `  ${head.padEnd(width)}  ${text}`)
}
