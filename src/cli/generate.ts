import { writeFileSync } from "node:fs"
import { SkepError } from "../base/index.ts"
import { readBytes } from "../bpf/index.ts"
import { type CompileOptions, compile } from "../compiler/index.ts"
import { isTypeName, nameOfFile } from "../gen/index.ts"
import { type BpfObject, readElf } from "../object/index.ts"
import { UsageError } from "./command.ts"
import type { Options } from "./options.ts"
import { SOURCE_OPTIONS, type SourceValues, sourceOptions } from "./source.ts"

/** The name that options ask for, or that of the file. */
export function generatedName(file: string, given: string | undefined): string {
  const name = given ?? nameOfFile(file)
  if (isTypeName(name)) return name
  throw new UsageError(`'${name}' cannot be the name of a type`, "it begins with a capital letter: --name Prog")
}

/** The instruction set that kernels since 5.1 take: what is generated is to run on others than this one. */
const PORTABLE_CPU = "v3"

/** Options of commands that generate. */
export const GENERATE_OPTIONS = {
  name: { value: "NAME", about: "what it is called; as the file otherwise: task_switch.c gives TaskSwitch" },
  cpu: { value: "LEVEL", choices: ["v1", "v2", "v3", "v4"], about: "instruction set; v3 (Linux 5.1) otherwise" },
  ...SOURCE_OPTIONS,
} as const satisfies Options

interface GenerateValues extends SourceValues {
  readonly cpu?: string
}

/** What stands in an object file, or is compiled from a C file; warnings go to the standard error output. */
export function objectOfFile(
  file: string,
  values: GenerateValues,
  more: Pick<CompileOptions, "countDrops" | "core"> = {},
): BpfObject {
  if (file.endsWith(".o")) return readElf(readBytes(file), file)
  const { object, warnings } = compile({ ...sourceOptions(file, values, values.cpu ?? PORTABLE_CPU), ...more })
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
