import { Compilation } from "../../compiler/index.ts"
import { command, SUCCESS, UsageError } from "../command.ts"
import { SOURCE_OPTIONS, sourceOptions } from "../source.ts"
import { oneBelowTheOther, sideBySide } from "./layout.ts"
import { listFunction } from "./listing.ts"
import { isCode, pageOf } from "./page.ts"

export const explain = command({
  usage: "FILE.c:FUNCTION|CODE",
  about:
    "Shows a function's C, its SSA form after all passes, and its instructions side by side, line by line. " +
    "With the code of an error (C_UNDECLARED), says what it means and what to do.",
  positionals: [1, 1],
  options: {
    plain: { about: "one below the other, without columns and colours" },
    json: { about: "one JSON object" },
    width: { value: "COLUMNS", about: "of the whole; the terminal's otherwise, or 120" },
    cpu: {
      value: "LEVEL",
      choices: ["v1", "v2", "v3", "v4"],
      about: "instruction set; the running kernel's otherwise",
    },
    ...SOURCE_OPTIONS,
  },
  examples: [
    ["skep explain foo.c:do_count", "shows what became of each line of do_count"],
    ["skep explain C_NO_MEMBER", "says what the code means"],
  ],
  run(values, [what]) {
    if (isCode(what)) {
      process.stdout.write(pageOf(what))
      return SUCCESS
    }
    const { file, name } = splitTarget(what)
    const compilation = new Compilation(sourceOptions(file, values, values.cpu))
    const listing = listFunction(compilation, name ?? onlyFunction(compilation, file))
    for (const warning of compilation.warnings) process.stderr.write(`${warning}\n`)
    if (values.json) process.stdout.write(`${JSON.stringify(listing, undefined, 2)}\n`)
    else if (values.plain) process.stdout.write(oneBelowTheOther(listing))
    else process.stdout.write(sideBySide(listing, widthOf(values.width)))
    return SUCCESS
  },
})

function splitTarget(what: string): { readonly file: string; readonly name: string | undefined } {
  const [, file, name] = /^(.+?)(?::(\w+))?$/s.exec(what)!
  return { file, name }
}

function onlyFunction({ module }: Compilation, file: string): string {
  const names = module.functions.map(fn => fn.name)
  if (names.length === 1) return names[0]
  throw new UsageError(`'${file}' does not say which function`, `write ${file}:FUNCTION: ${names.join(", ")}`)
}

function widthOf(text: string | undefined): number {
  if (text === undefined) return process.stdout.columns ?? 120
  const width = Number(text)
  if (!(Number.isInteger(width) && width > 0)) throw new UsageError(`--width is a number of columns, not '${text}'`)
  return width
}
