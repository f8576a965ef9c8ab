import assert from "node:assert/strict"
import { spawnSync } from "node:child_process"
import { mkdirSync, writeFileSync } from "node:fs"
import { join, relative } from "node:path"

/** Type-checks texts, by the names of their files, as a user's project that imports skep. What is to be an error stands under `@ts-expect-error`. */
export function typeChecks(folder: string, files: Readonly<Record<string, string>>, options: object = {}): void {
  const dir = join("build", folder)
  mkdirSync(dir, { recursive: true })
  for (const [name, text] of Object.entries(files)) writeFileSync(join(dir, name), text)
  const up = relative(dir, ".")
  const compilerOptions = {
    paths: {
      skep: [`${up}/src/index.ts`],
      "skep/browser": [`${up}/src/index.ts`],
      "skep/bundler": [`${up}/src/bundler/index.ts`],
      "skep/test": [`${up}/src/testing/index.ts`],
    },
    rootDir: up,
    noUnusedLocals: false,
    noUnusedParameters: false,
    ...options,
  }
  const roots = Object.keys(files).filter(name => /\.ts$/.test(name))
  const config = {
    extends: `${up}/tsconfig.json`,
    compilerOptions,
    files: [...roots, `${up}/src/globals.d.ts`],
    include: [],
  }
  writeFileSync(join(dir, "tsconfig.json"), JSON.stringify(config))
  const { status, stdout } = spawnSync(process.execPath, ["node_modules/typescript/bin/tsc", "--noEmit", "-p", dir])
  assert.equal(status, 0, String(stdout))
}
