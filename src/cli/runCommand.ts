import { used } from "../cache/index.ts"
import { type Command, SUCCESS, USAGE, UsageError } from "./command.ts"
import { commandHelp } from "./help.ts"
import { COMMON, readArgs, type Values } from "./options.ts"

/** Runs a command with the arguments behind its name; the exit status. */
export async function runCommand(
  name: string,
  command: Command,
  args: readonly string[],
  version: () => string,
): Promise<number> {
  const status = command.raw === undefined ? await parsed(name, command, args) : await command.raw(args, version)
  if (status === SUCCESS) used.add(name)
  return status
}

async function parsed(name: string, command: Command, args: readonly string[]): Promise<number> {
  try {
    const { values, positionals } = readArgs(args, { ...command.options, ...COMMON })
    if (values.help) {
      process.stdout.write(commandHelp(name, command))
      return SUCCESS
    }
    const [least, most] = command.positionals
    if (positionals.length < least) throw new UsageError(`it needs ${command.usage}`)
    if (positionals.length > most) throw new UsageError(`too many arguments: '${positionals[most]}'`)
    return await command.run(values as Values<typeof command.options>, positionals)
  } catch (error) {
    if (!(error instanceof UsageError)) throw error
    process.stderr.write(`skep ${name}: ${error.message}\n`)
    if (error.hint !== undefined) process.stderr.write(`hint: ${error.hint}\n`)
    process.stderr.write(`try: skep ${name} --help\n`)
    return USAGE
  }
}
