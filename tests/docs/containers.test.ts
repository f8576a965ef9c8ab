import assert from "node:assert/strict"
import { spawnSync } from "node:child_process"
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { resolve } from "node:path"
import { after, test } from "node:test"
import { build } from "esbuild"
import { mounts } from "../../src/kernel/index.ts"
import { needsRoot } from "../support/kernel.ts"

const [cgroup2] = needsRoot ? [] : mounts("cgroup2")
const skip = needsRoot || (cgroup2 === undefined && "no cgroup2 is mounted")
const folder = `build/docs/containers-${process.pid}`
const pin = `skep-example-${process.pid}`

after(() => {
  rmSync(folder, { recursive: true, force: true })
  if (!skip) rmSync(`${mounts("bpf")[0] ?? "/sys/fs/bpf"}/${pin}`, { force: true })
})

const examples = [...readFileSync("docs/containers.md", "utf8").matchAll(/^```ts\n([\s\S]*?)^```/gm)].map(
  ([, code]) => code,
)

/** What the page's example prints. */
async function run(example: string): Promise<string> {
  mkdirSync(folder, { recursive: true })
  const own = example.replace('"skep-example"', `"${pin}"`).replace("/sys/fs/cgroup", cgroup2 ?? "")
  writeFileSync(
    `${folder}/example.ts`,
    `import { setTimeout as sleep } from "node:timers/promises"\nvoid sleep\n${own}`,
  )
  await build({
    entryPoints: [`${folder}/example.ts`],
    outfile: `${folder}/example.mjs`,
    bundle: true,
    format: "esm",
    platform: "node",
    target: "node20",
    packages: "external",
    alias: { skep: resolve("src/index.ts") },
    loader: { ".h": "text", ".c": "text" },
    logLevel: "warning",
  })
  // Something ends now and then, as long as the example waits for it.
  const command = `while sleep 0.05; do :; done & "$0" "$1"; status=$?; kill $!; exit $status`
  const child = spawnSync("sh", ["-c", command, process.execPath, `${folder}/example.mjs`], {
    encoding: "utf8",
    timeout: 30_000,
  })
  assert.equal(child.status, 0, child.stderr)
  return child.stdout
}

for (const [i, printed] of [/^\d+ \S/, /^\d+n\n$/, /^\d+ true\ntrue\n$/].entries()) {
  test(`the example ${i + 1} of docs/containers.md runs`, { skip }, async () => {
    assert.match(await run(examples[i]), printed)
  })
}

test("every example of the page is run", () => assert.equal(examples.length, 3))
