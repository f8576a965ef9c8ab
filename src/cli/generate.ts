import { writeFileSync } from "node:fs"
import { SkepError } from "../base/index.ts"
import { readBytes } from "../bpf/index.ts"
import { compile } from "../compiler/index.ts"
import { isTypeName, nameOfFile } from "../gen/index.ts"
import { type BpfObject, readElf } from "../object/index.ts"
import { UsageError } from "./command.ts"
import { type SourceValues, sourceOptions } from "./source.ts"

/** The name that options ask for, or that of the file. */
export function generatedName(file: string, given: string | undefined): string {
  const name = given ?? nameOfFile(file)
  if (isTypeName(name)) return name
  throw new UsageError(`'${name}' cannot be the name of a type`, "it begins with a capital letter: --name Prog")
}

/** What stands in an object file, or is compiled from a C file; warnings go to the standard error output. */
export function objectOfFile(file: string, values: SourceValues): BpfObject {
  if (file.endsWith(".o")) return readElf(readBytes(file), file)
  const { object, warnings } = compile(sourceOptions(file, values, undefined))
  for (const warning of warnings) process.stderr.write(`${warning}\n`)
  return object
}

/** Writes a text or bytes to a file, or to the standard output. @throws SkepError CLI_OUTPUT */
export function writeOutput(path: string | undefined, output: string | Uint8Array): void {
  if (path === undefined || path === "-") {
    process.stdout.write(output)
    return
  }
  try {
    writeFileSync(path, output)
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    const hint = "give another place with -o; -o - is the standard output"
    throw new SkepError({ code: "CLI_OUTPUT", message: `cannot write ${path}: ${why}`, hint, cause })
  }
}
