import type { Options, Values } from "./options.ts"

/** How a command ended. */
export const SUCCESS = 0
export const FAILURE = 1
export const USAGE = 2

/** One word of the command line and what stands behind it. */
export interface Command<O extends Options = Options> {
  /** What follows the command's name, for its help: `FILE.c`. */
  readonly usage: string
  /** What it does, in a sentence or two. */
  readonly about: string
  readonly options: O
  /** Whole command lines that work, each with what it does. */
  readonly examples?: readonly (readonly [line: string, about: string])[]
  /** What options take, where it is more than a line: a title, and what there is. */
  readonly lists?: readonly (readonly [title: string, rows: readonly (readonly [form: string, about: string])[]])[]
  /** Number of positional arguments: least and most. */
  readonly positionals: readonly [number, number]
  run(values: Values<O>, positionals: readonly string[]): number | Promise<number>
  /** Takes the arguments as they are in place of `run`: for a command that reads another program's command line. */
  readonly raw?: (args: readonly string[], version: () => string) => number | Promise<number>
}

/** Gives a command's options their types. */
export function command<const O extends Options>(definition: Command<O>): Command {
  return definition as unknown as Command
}

/** The command line is wrong: one line, shown with a pointer to the help; the process ends with 2. */
export class UsageError extends Error {
  readonly hint: string | undefined

  constructor(message: string, hint?: string) {
    super(message)
    this.hint = hint
  }
}
