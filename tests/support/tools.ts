import { spawnSync } from "node:child_process"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"

/** The first of these programs that can be run, or undefined. Tests skip by name when a tool is missing. */
export function findTool(...names: string[]): string | undefined {
  return names.find(name => spawnSync(name, ["--version"], { stdio: "ignore" }).error === undefined)
}

/** A program, from Debian's package of the name where it is missing and root can install it; undefined where it cannot be had. */
export function installedTool(name: string, debianPackage = name): string | undefined {
  if (findTool(name) === undefined && process.getuid?.() === 0) {
    spawnSync("apt-get", ["install", "-y", "-q", "--no-install-recommends", debianPackage], { stdio: "ignore" })
  }
  return findTool(name)
}

/** Runs a tool and returns its standard output; throws with its error output when it fails. */
export function runTool(tool: string, ...args: string[]): string {
  const run = spawnSync(tool, args, { encoding: "utf8", maxBuffer: 1 << 26 })
  if (run.error !== undefined) throw run.error
  if (run.status !== 0)
    throw new Error(`${tool} ${args.join(" ")} exits with ${run.status}:\n${run.stdout}${run.stderr}`)
  return run.stdout
}

/** Calls `use` with the path of a new empty folder and removes the folder afterwards. */
export function inTempDir<T>(use: (dir: string) => T): T {
  const dir = mkdtempSync(join(tmpdir(), "skep-"))
  try {
    return use(dir)
  } finally {
    rmSync(dir, { recursive: true, force: true })
  }
}

/** The same for what takes its time. */
export async function inTempDirAsync<T>(use: (dir: string) => Promise<T>): Promise<T> {
  const dir = mkdtempSync(join(tmpdir(), "skep-"))
  try {
    return await use(dir)
  } finally {
    rmSync(dir, { recursive: true, force: true })
  }
}
