import { buildProgram } from "./build.ts"
import type { Message, Place } from "./message.ts"
import { type BundlerOptions, programsOf } from "./options.ts"

/** The parts of esbuild that the plugin uses: esbuild itself need not be installed. */
interface EsbuildBuild {
  onResolve(options: { filter: RegExp }, callback: () => { external: boolean }): void
  onLoad(options: { filter: RegExp }, callback: (args: { path: string }) => EsbuildLoaded): void
}

interface EsbuildLocation {
  file: string
  line: number
  /** In bytes, as is the length. */
  column: number
  length: number
  lineText: string
}

interface EsbuildMessage {
  text: string
  location?: EsbuildLocation
  notes: { text: string; location?: EsbuildLocation }[]
}

interface EsbuildLoaded {
  contents?: string
  loader?: "js"
  errors: EsbuildMessage[]
  warnings: EsbuildMessage[]
  watchFiles: string[]
}

/** A plugin of esbuild. */
export interface EsbuildPlugin {
  /** The plugin's name in messages. */
  name: string
  /** Called by esbuild when it starts. */
  setup(build: EsbuildBuild): void
}

/**
 * Makes `import prog from "./prog.bpf.c"` work in esbuild.
 *
 *     await build({ entryPoints: ["main.ts"], bundle: true, platform: "node", plugins: [skep.esbuild()] })
 */
export function esbuild(options: BundlerOptions = {}): EsbuildPlugin {
  return {
    name: "skep",
    setup(build) {
      if (options.external !== false) build.onResolve({ filter: /^(skep|koffi)$/ }, () => ({ external: true }))
      build.onLoad({ filter: programsOf(options) }, ({ path }) => {
        const { code, errors, warnings, files } = buildProgram(path, options)
        return {
          ...(code !== undefined && { contents: code, loader: "js" as const }),
          errors: errors.map(messageOf),
          warnings: warnings.map(messageOf),
          watchFiles: [...files],
        }
      })
    },
  }
}

const messageOf = ({ text, place, notes }: Message): EsbuildMessage => ({
  text,
  ...(place && { location: locationOf(place) }),
  notes: notes.map(note => ({ text: note.text, ...(note.place && { location: locationOf(note.place) }) })),
})

function locationOf({ column, length, lineText, ...place }: Place): EsbuildLocation {
  const before = lineText.slice(0, column)
  const marked = lineText.slice(column, column + length)
  return { ...place, lineText, column: Buffer.byteLength(before), length: Buffer.byteLength(marked) }
}
