import { COMMANDS } from "./commands.ts"
import { columns } from "./help.ts"

/** What skep prints without a command. */
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
