import { type SpawnSyncOptions, spawnSync } from "node:child_process"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join, resolve } from "node:path"

/** How a run of the command line ended. */
export interface Ran {
  readonly status: number | null
  readonly signal: string | null
  readonly stdout: string
  readonly stderr: string
}

const program = resolve("dist/skep.js")
let folder: string | undefined

/** A folder that is gone when the test file has ended. */
export function scratch(): string {
  if (folder === undefined) {
    const made = mkdtempSync(join(tmpdir(), "skep-cli-"))
    process.on("exit", () => rmSync(made, { recursive: true, force: true }))
    folder = made
  }
  return folder
}

/** Writes a file to the scratch folder; its path. */
export function fileWith(name: string, text: string | Uint8Array): string {
  const path = join(scratch(), name)
  writeFileSync(path, text)
  return path
}

/** Runs the built command line to its end. */
export function skep(args: readonly string[], options: SpawnSyncOptions = {}): Ran {
  // The test runner tells its children by a variable; colours depend on others.
  const { NODE_TEST_CONTEXT: _, NO_COLOR: __, FORCE_COLOR: ___, ...env } = options.env ?? process.env
  const ran = spawnSync(process.execPath, [program, ...args], { timeout: 60_000, ...options, env, encoding: "utf8" })
  const { status, signal, stdout, stderr } = ran
  return { status, signal, stdout: String(stdout), stderr: String(stderr) }
}
