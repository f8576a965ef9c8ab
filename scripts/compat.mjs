// Compiles BCC's own programs and tries every function of theirs in the kernel: npm run compat [-- OPTIONS]. See tests/compat/.
//   --corpus DIR   programs captured before (or SKEP_CORPUS); without it they are captured from Debian's bpfcc-tools
//   --guest        in the booted kernel, too
//   --only WORD    only the programs whose names contain the word; may be repeated
//   --no-load      compiles only
//   --check        with the validity checks of every stage of the compiler
//   --core         with the places of the kernel's members left to the loader, as skep gen does
//   --fresh        compiles each in a process of its own as well: time and memory
//   --json FILE    the results of the running kernel, as JSON
import { spawnSync } from "node:child_process"
import { parseArgs } from "node:util"
import { build } from "esbuild"
import { buildDist } from "./build.mjs"

const { values } = parseArgs({
  options: {
    corpus: { type: "string", default: process.env.SKEP_CORPUS },
    guest: { type: "boolean" },
    only: { type: "string", multiple: true, default: [] },
    "no-load": { type: "boolean" },
    fresh: { type: "boolean" },
    check: { type: "boolean" },
    core: { type: "boolean" },
    json: { type: "string" },
  },
})
const out = "build/compat"
await build({
  entryPoints: { compat: "tests/compat/run.ts" },
  outdir: out,
  outExtension: { ".js": ".mjs" },
  bundle: true,
  splitting: false,
  format: "esm",
  platform: "node",
  target: "node20",
  external: ["koffi"],
  loader: { ".h": "text", ".c": "text" },
  logLevel: "warning",
})
const program = `${out}/compat.mjs`
if (values.corpus === undefined) {
  const { status, stdout } = spawnSync(process.execPath, [program, "--only-capture"], {
    stdio: ["inherit", "pipe", "inherit"],
    encoding: "utf8",
  })
  if (status !== 0) process.exit(status ?? 1)
  values.corpus = stdout.trim().split("\n").at(-1)
}
const args = [program, "--corpus", values.corpus, ...values.only.flatMap(word => ["--only", word])]
if (values["no-load"]) args.push("--no-load")
if (values.check) args.push("--check")
if (values.core) args.push("--core")
if (values.fresh) await buildDist({ types: false })
const here = [...args, ...(values.fresh ? ["--fresh"] : []), ...(values.json ? ["--json", values.json] : [])]

let { status } = spawnSync(process.execPath, here, { stdio: "inherit" })
if (values.guest) {
  const guest = ["scripts/guest.mjs", "--", "node", ...args]
  status = spawnSync(process.execPath, guest, { stdio: "inherit" }).status || status
}
process.exitCode = status ?? 1
