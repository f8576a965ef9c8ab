import { didYouMean } from "../base/index.ts"
import { used } from "../cache/index.ts"
import { SUCCESS, USAGE, UsageError } from "./command.ts"
import { COMMANDS } from "./commands.ts"
import { COMMON, readArgs, type Values } from "./options.ts"

/** Runs a command line; the exit status. */
export async function dispatch(args: readonly string[], version: () => string): Promise<number> {
  const [first, ...rest] = args
  try {
    switch (first) {
      case undefined:
        process.stderr.write(await overview())
        return USAGE
      case "--version":
      case "-V":
      case "version":
        process.stdout.write(`skep ${version()}\n`)
        return SUCCESS
      case "--help":
      case "-h":
      case "help":
        return await help(rest[0])
      default:
        return await run(first, rest, version)
    }
  } catch (error) {
    const { reportError } = await import("./report.ts")
    return reportError(error, args)
  }
}

async function run(name: string, args: readonly string[], version: () => string): Promise<number> {
  const status = await runCommand(name, args, version)
  if (status === SUCCESS) used.add(name)
  return status
}

async function runCommand(name: string, args: readonly string[], version: () => string): Promise<number> {
  const entry = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined
  if (entry === undefined) throw unknownCommand(name)
  const command = await entry.load()
  if (command.raw !== undefined) return await command.raw(args, version)
  try {
    const { values, positionals } = readArgs(args, { ...command.options, ...COMMON })
    if (values.help) return await help(name)
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

function unknownCommand(name: string): UsageError {
  const what = name.startsWith("-") ? "option" : "command"
  return new UsageError(`unknown ${what} '${name}'${didYouMean(name, [...Object.keys(COMMANDS), "help", "--version"])}`)
}

async function help(name: string | undefined): Promise<number> {
  if (name === undefined) {
    process.stdout.write(await overview())
    return SUCCESS
  }
  if (!Object.hasOwn(COMMANDS, name)) throw unknownCommand(name)
  const { commandHelp } = await import("./help.ts")
  process.stdout.write(commandHelp(name, await COMMANDS[name].load()))
  return SUCCESS
}

async function overview(): Promise<string> {
  const { overviewHelp } = await import("./help.ts")
  return overviewHelp()
}
