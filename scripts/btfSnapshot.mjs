// Makes data/linux.snapshot, the types, tracepoints and configuration of a kernel that skep compiles for where there is no kernel:
//   npm run btf-snapshot                                    of the running kernel, as root
//   npm run btf-snapshot -- --btf FILE --release 6.18.0 --config FILE --events FOLDER
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs"
import { release } from "node:os"
import { parseArgs } from "node:util"
import { deflateRawSync, gunzipSync } from "node:zlib"
import { build } from "esbuild"

const { values } = parseArgs({
  options: {
    btf: { type: "string", default: "/sys/kernel/btf/vmlinux" },
    release: { type: "string", default: release() },
    config: { type: "string", default: "/proc/config.gz" },
    events: { type: "string", default: "/sys/kernel/tracing/events" },
    out: { type: "string", default: "data/linux.snapshot" },
  },
})

const bundle = "build/snapshot.mjs"
await build({
  stdin: {
    contents: 'export * from "./src/snapshot/index.ts"; export { Btf } from "./src/btf/index.ts"',
    resolveDir: ".",
  },
  bundle: true,
  format: "esm",
  platform: "node",
  outfile: bundle,
  logLevel: "warning",
})
const { Btf, CATEGORIES, makeSnapshot, openSnapshot } = await import(new URL(`../${bundle}`, import.meta.url))

function formatsOf(events) {
  const formats = new Map()
  for (const category of CATEGORIES) {
    const folder = `${events}/${category}`
    if (!existsSync(folder)) continue
    for (const event of readdirSync(folder).sort()) {
      const file = `${folder}/${event}/format`
      if (existsSync(file)) formats.set(`${category}:${event}`, readFileSync(file, "utf8"))
    }
  }
  if (formats.size === 0) throw new Error(`there are no tracepoints in ${events}: mount tracefs, or be root`)
  return formats
}

const numbers = values.release.match(/^(\d+)\.(\d+)(?:\.(\d+))?/)
const [major, minor, patch] = numbers.slice(1).map(n => Number(n ?? 0))
const config = readFileSync(values.config)
const input = {
  release: numbers[0],
  version: (major << 16) | (minor << 8) | Math.min(patch, 255),
  btf: Btf.parse(readFileSync(values.btf)),
  formats: formatsOf(values.events),
  config: (values.config.endsWith(".gz") ? gunzipSync(config) : config).toString("utf8"),
}
const bytes = makeSnapshot(input, rest => deflateRawSync(rest, { level: 9, memLevel: 9 }))
const { btf, formats, config: options } = openSnapshot(bytes)
mkdirSync("data", { recursive: true })
writeFileSync(values.out, bytes)
console.log(
  `${values.out}: ${bytes.length} bytes; Linux ${input.release}, ${btf.count} types, ${formats.size} tracepoints, ${options.size} options`,
)
