import assert from "node:assert/strict"
import { spawnSync } from "node:child_process"
import { test } from "node:test"

test("docs/reference is what the docstrings say, and every export and member has one", () => {
  const args = process.env.SKEP_UPDATE === "1" ? [] : ["--check"]
  const { status, stdout, stderr } = spawnSync(process.execPath, ["scripts/docs.mjs", ...args], { encoding: "utf8" })
  assert.equal(status, 0, `${stdout}${stderr}`)
})
