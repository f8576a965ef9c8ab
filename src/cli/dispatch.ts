import { didYouMean } from "../base/index.ts"
import { SUCCESS, USAGE, UsageError } from "./command.ts"
import { COMMANDS } from "./commands.ts"
import { runCommand } from "./runCommand.ts"

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
  const entry = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined
  if (entry === undefined) throw unknownCommand(name)
  return await runCommand(name, await entry.load(), args, version)
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
  const { overviewHelp } = await import("./overview.ts")
  return overviewHelp()
}
