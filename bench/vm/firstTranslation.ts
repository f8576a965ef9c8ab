import { spawnSync } from "node:child_process"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"

/** Milliseconds that the first translation of a process takes: skep's part, and what V8 makes of the module. */
export interface First {
  readonly own: number
  readonly module: number
  readonly instance: number
}

/** Runs a bundle with the code that V8 kept of it, or keeps that, as skep starts. */
const WITH_KEPT_CODE = `
const { Script } = require("node:vm"), { existsSync, readFileSync, writeFileSync } = require("node:fs")
const [file, kept] = process.argv.slice(1)
const script = new Script(readFileSync(file, "latin1"), { filename: file, ...(existsSync(kept) && { cachedData: readFileSync(kept) }) })
script.runInThisContext()
if (!existsSync(kept)) writeFileSync(kept, script.createCachedData())
`
const RUNS = 11

/** Translates a program in processes of their own. */
export function firstTranslations(keptCode: boolean): readonly First[] {
  const bundle = new URL("../../build/bench/firstProgram.js", import.meta.url).pathname
  const dir = mkdtempSync(join(tmpdir(), "skep-bench-"))
  try {
    const args = keptCode ? ["-e", WITH_KEPT_CODE, bundle, join(dir, "code")] : [bundle]
    const run = (): First => JSON.parse(spawnSync(process.execPath, args, { encoding: "utf8" }).stdout)
    if (keptCode) run()
    return Array.from({ length: RUNS }, run)
  } finally {
    rmSync(dir, { recursive: true, force: true })
  }
}
