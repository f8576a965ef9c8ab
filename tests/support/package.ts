import assert from "node:assert/strict"
import { spawnSync } from "node:child_process"
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { after } from "node:test"

/** Runs a program to its end; what it prints. Fails with all of it where the program does. */
export function run(cwd: string, program: string, ...args: string[]): string {
  const { status, stdout, stderr, error } = spawnSync(program, args, { cwd, encoding: "utf8" })
  assert.equal(status, 0, error?.message ?? `${program} ${args.join(" ")}\n${stdout}${stderr}`)
  return stdout
}

/** skep as somebody gets it. */
export interface InstalledPackage {
  /** A folder with a package of its own, in whose node_modules skep is. */
  readonly app: string
  /** The paths of the files that were packed. */
  readonly packed: readonly string[]
  /** npm's run, and where it could not reach its registry, why tests are skipped. */
  readonly install: { readonly status: number | null; readonly stderr: string }
  readonly options: { readonly skip?: string }
}

/** Packs skep and installs it into an empty folder, with other packages by their names; the folder goes when the test file has ended. */
export function installPackage(...others: string[]): InstalledPackage {
  const folder = mkdtempSync(join(tmpdir(), "skep-package-"))
  after(() => rmSync(folder, { recursive: true, force: true }))
  const [pack] = JSON.parse(run(".", "npm", "pack", "--ignore-scripts", "--json", "--pack-destination", folder))
  const packed: string[] = pack.files.map((file: { path: string }) => file.path)
  const app = join(folder, "app")
  mkdirSync(app)
  writeFileSync(join(app, "package.json"), '{ "name": "app", "private": true, "type": "module" }')
  const args = ["install", "--prefer-offline", "--no-audit", "--no-fund", "--loglevel=error"]
  const install = spawnSync("npm", [...args, join(folder, pack.filename), ...others], { cwd: app, encoding: "utf8" })
  const offline = /\b(ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ETIMEDOUT|ENETUNREACH|ENOTCACHED)\b/.exec(install.stderr)?.[1]
  return { app, packed, install, options: offline ? { skip: `npm cannot reach its registry: ${offline}` } : {} }
}
