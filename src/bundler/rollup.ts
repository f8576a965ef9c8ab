import { resolve } from "node:path"
import { buildProgram } from "./build.ts"
import type { Message } from "./message.ts"
import { type BundlerOptions, pathOfId, programsOf } from "./options.ts"

/** The parts of Rollup that the plugin uses: Rollup itself need not be installed. */
interface RollupContext {
  addWatchFile(path: string): void
  warn(log: RollupLog): void
  error(log: RollupLog): never
}

interface RollupLog {
  message: string
  pluginCode: string
  id: string
  loc?: { file: string; line: number; column: number }
  frame: string
}

/** A plugin of Rollup, and of what takes its plugins. */
export interface RollupPlugin {
  /** The plugin's name in messages. */
  name: string
  /** Called by Rollup for each import: skep itself stays outside of the bundle. */
  resolveId(source: string): { id: string; external: true } | null
  /** Called by Rollup for each module: programs are compiled. */
  load(this: RollupContext, id: string): { code: string; map: { mappings: "" }; moduleSideEffects: boolean } | null
}

/** A plugin of Vite. */
export interface VitePlugin extends RollupPlugin {
  /** Before Vite's own plugins, which do not know C. */
  enforce: "pre"
}

/**
 * Makes `import prog from "./prog.bpf.c"` work in Rollup and Rolldown.
 *
 *     export default { input: "main.js", plugins: [skep.rollup()] }
 */
export function rollup(options: BundlerOptions = {}): RollupPlugin {
  return {
    name: "skep",
    resolveId(source) {
      return options.external !== false && /^(skep|koffi)$/.test(source) ? { id: source, external: true } : null
    },
    load(id) {
      const path = pathOfId(id)
      if (!programsOf(options).test(path)) return null
      const { code, errors, warnings, files } = buildProgram(path, options)
      for (const file of files) this.addWatchFile(file)
      for (const warning of warnings) this.warn(logOf(warning, path))
      if (code === undefined) return this.error(logOfAll(errors, path))
      return { code, map: { mappings: "" }, moduleSideEffects: false }
    },
  }
}

/**
 * Makes `import prog from "./prog.bpf.c"` work in Vite, in what it builds for Node and in its tests.
 *
 *     export default defineConfig({ plugins: [skep.vite()], build: { ssr: "main.ts" } })
 */
export function vite(options: BundlerOptions = {}): VitePlugin {
  return { ...rollup(options), enforce: "pre" }
}

function logOf({ text, code, place, frame }: Message, id: string): RollupLog {
  if (place === undefined) return { message: text, pluginCode: code, id, frame }
  const { line, column } = place
  const file = resolve(place.file)
  return { message: text, pluginCode: code, id: file, loc: { file, line, column }, frame }
}

/** The first error; the others stand behind its frame. */
function logOfAll([first, ...others]: readonly Message[], id: string): RollupLog {
  const log = logOf(first, id)
  const more = others.map(({ text, place, frame }) => {
    const where = place === undefined ? "" : `${place.file}:${place.line}:${place.column + 1}: `
    return `${where}${text}\n${frame}`
  })
  return { ...log, frame: [log.frame, ...more].join("\n\n") }
}
