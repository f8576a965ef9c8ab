import { join } from "node:path"
import { type Bundle, loadCompiled } from "./loadCompiled.ts"

/** Name of the content of core.js, put in by the build. */
declare const SKEP_BUILD: string

// What `import … from "skep"` loads: dist/index.mjs gives its exports their names.
export const library: Bundle = loadCompiled(join(__dirname, "core.js"), SKEP_BUILD, require)
