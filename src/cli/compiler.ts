// The bundle of the commands that compile and load nothing: it is read in less time than all of skep. All that it needs is imported, nothing lazily.
import { ccCommand } from "./cc/command.ts"
import { runCc } from "./cc/driver.ts"
import type { Command } from "./command.ts"
import { compileCommand } from "./compile.ts"
import type { dispatch } from "./dispatch.ts"
import { reportError } from "./report.ts"
import { runCommand } from "./runCommand.ts"

export { used } from "../cache/index.ts"

/** The commands of this bundle. */
const COMMANDS: Readonly<Record<string, Command>> = { compile: compileCommand, cc: ccCommand(runCc) }

const run: typeof dispatch = async ([name, ...args], version) => {
  try {
    return await runCommand(name, COMMANDS[name], args, version)
  } catch (error) {
    return reportError(error, [name, ...args])
  }
}

/** As that of all of skep, for these commands. */
export const commandLine = async (): Promise<typeof dispatch> => run
