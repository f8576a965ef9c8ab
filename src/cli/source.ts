import { cpuOfVersion, includeResolver, parseFlags, readSource, runningTarget, type Source } from "../bpf/index.ts"
import type { CompileOptions, CpuLevel } from "../compiler/index.ts"
import type { Options } from "./options.ts"

/** Options of commands that compile. */
export const SOURCE_OPTIONS = {
  define: { short: "D", value: "NAME[=VALUE]", multiple: true, about: "define a macro" },
  undefine: { short: "U", value: "NAME", multiple: true, about: "define no such macro" },
  include: { short: "I", value: "FOLDER", multiple: true, about: "look for included files there, too" },
} as const satisfies Options

export interface SourceValues {
  readonly define?: readonly string[]
  readonly undefine?: readonly string[]
  readonly include?: readonly string[]
}

/** The options as flags of a C compiler. */
export function sourceFlags({ define = [], undefine = [], include = [] }: SourceValues): string[] {
  return [...define.map(text => `-D${text}`), ...undefine.map(text => `-U${text}`), ...include.map(text => `-I${text}`)]
}

/** What to compile, for commands that load nothing: the kernel is asked nothing. */
export function sourceOptions(file: string, values: SourceValues, cpu: string | undefined): CompileOptions {
  const source: Source = readSource(file)
  const flags = parseFlags(sourceFlags(values))
  return {
    ...source,
    flags: flags.macros,
    resolve: includeResolver(flags.includes),
    target: runningTarget(),
    cpu: cpu === undefined ? cpuOfVersion() : (Number(cpu.slice(1)) as CpuLevel),
  }
}
