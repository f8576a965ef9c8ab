import assert from "node:assert/strict"
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs"
import { dirname } from "node:path"

/** Compares text with a stored file; `npm run test:unit -- --update` writes the file anew. Paths are from the top folder. */
export function golden(path: string, actual: string): void {
  if (process.env.SKEP_UPDATE === "1") {
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, actual)
    return
  }
  assert.ok(existsSync(path), `${path} does not exist: run npm run test:unit -- --update`)
  assert.equal(
    actual,
    readFileSync(path, "utf8"),
    `${path} differs: run npm run test:unit -- --update if that is meant`,
  )
}
