import { existsSync, readFileSync, writeFileSync } from "node:fs"
import { relative, resolve } from "node:path"
import { defineFlags, includeResolver, parseFlags, readSource, runningTarget } from "../bpf/index.ts"
import type { IncludeResolver } from "../c/index.ts"
import { Compilation } from "../compiler/index.ts"
import { embed, moduleScript, moduleTypes, nameOfFile } from "../gen/index.ts"
import { type Message, messagesOf, messagesOfError } from "./message.ts"
import { type BundlerOptions, typesPath } from "./options.ts"

/** What becomes of a C file that is imported. */
export interface Built {
  /** The module, in JavaScript; undefined where there are errors. */
  readonly code?: string
  readonly errors: readonly Message[]
  readonly warnings: readonly Message[]
  /** Paths of the files that it was made of. */
  readonly files: readonly string[]
}

/** Compiles a C file into a module whose default export is a `CompiledProgram`, and writes the module's types beside it. */
export function buildProgram(path: string, options: BundlerOptions): Built {
  const files = new Set([path])
  try {
    const compilation = compilationOf(path, options, files)
    const { object } = compilation
    const name = nameOfFile(path)
    const source = path.replace(/^.*[\\/]/, "")
    const embedded = embed(object)
    const types = typesPath(path, options)
    if (types !== undefined) writeTypes(types, moduleTypes(object, { name, source }))
    const warnings = messagesOf(compilation.diagnostics.list, "warning")
    return { code: moduleScript(object, { name, source, embedded }), errors: [], warnings, files: [...files] }
  } catch (error) {
    return { errors: messagesOfError(error), warnings: [], files: [...files] }
  }
}

/** `files` is told each file that is read. */
function compilationOf(path: string, options: BundlerOptions, files: Set<string>): Compilation {
  const { defines, cflags = [], includes = [], cpu = 3, countDrops = true } = options
  const flags = parseFlags([...defineFlags(defines), ...cflags])
  const find = includeResolver([...flags.includes, ...includes])
  const tell: IncludeResolver = (name, form, from) => {
    const file = find(name, form, from)
    if (file !== undefined) files.add(resolve(file.name))
    return file
  }
  const { text } = readSource(path)
  // Paths stand in the object: they are not to be those of the machine that it is built on.
  const name = relative(process.cwd(), path)
  const target = runningTarget()
  return new Compilation({ name, text, flags: flags.macros, resolve: tell, target, cpu, countDrops, core: true })
}

/** Leaves a file alone that is as it should be: whoever watches it would build for ever. */
function writeTypes(path: string, text: string): void {
  if (!existsSync(path) || readFileSync(path, "utf8") !== text) writeFileSync(path, text)
}
