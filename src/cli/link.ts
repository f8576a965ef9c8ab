import { writeFileSync } from "node:fs"
import { SkepError } from "../base/index.ts"
import { readBytes } from "../bpf/index.ts"
import { linkObjects, readElf, writeElf } from "../object/index.ts"
import { command, SUCCESS, UsageError } from "./command.ts"

export const link = command({
  usage: "FILE.o… -o FILE.o",
  about:
    "Makes one object of several: what one declares extern is what another defines, weak definitions give way to others. " +
    "Objects of clang's are taken, too.",
  positionals: [1, Number.POSITIVE_INFINITY],
  options: {
    output: { short: "o", value: "FILE.o", about: "where to write; - is the standard output" },
    partial: { short: "r", about: "leave what no object defines to a later linking" },
    debug: { short: "g", about: "write DWARF, for tools that show source" },
  },
  examples: [["skep link a.o b.o -o both.o", "writes both.o"]],
  run({ output, partial, debug }, files) {
    if (output === undefined) throw new UsageError("it does not say where to write", "-o FILE.o")
    const objects = files.map(file => readElf(readBytes(file), file))
    const linked = linkObjects(objects, { name: output, ...(partial && { partial }) })
    const bytes = writeElf(linked, debug ? { debug: { producer: "skep link", directory: process.cwd() } } : {})
    if (output === "-") process.stdout.write(bytes)
    else writeObject(output, bytes)
    return SUCCESS
  },
})

function writeObject(path: string, bytes: Uint8Array): void {
  try {
    writeFileSync(path, bytes)
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    const hint = "give another place with -o; -o - is the standard output"
    throw new SkepError({ code: "CLI_OUTPUT", message: `cannot write ${path}: ${why}`, hint, cause })
  }
}
