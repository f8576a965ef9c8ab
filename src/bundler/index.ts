import { esbuild } from "./esbuild.ts"
import { rollup, vite } from "./rollup.ts"

export { type EsbuildPlugin, esbuild } from "./esbuild.ts"
export type { BundlerOptions } from "./options.ts"
export { type RollupPlugin, rollup, type VitePlugin, vite } from "./rollup.ts"

/** Plugins with which bundlers compile C files that are imported: `import prog from "./prog.bpf.c"`. */
const skep: {
  readonly esbuild: typeof esbuild
  readonly rollup: typeof rollup
  readonly vite: typeof vite
} = { esbuild, rollup, vite }
export default skep
