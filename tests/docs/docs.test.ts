import assert from "node:assert/strict"
import { spawnSync } from "node:child_process"
import { mkdirSync, readFileSync, writeFileSync } from "node:fs"
import { test } from "node:test"
import { COMMANDS } from "../../src/cli/commands.ts"
import { COMMON } from "../../src/cli/options.ts"
import { skep } from "../support/cli.ts"
import { needsRoot } from "../support/kernel.ts"

const pages = [
  "README.md",
  "docs/api.md",
  "docs/events.md",
  "docs/maps.md",
  "docs/cli.md",
  "docs/symbols.md",
  "docs/attach.md",
  "docs/network.md",
  "docs/filter.md",
  "docs/links.md",
  "docs/host.md",
  "docs/robustness.md",
  "docs/containers.md",
  "docs/libbpf.md",
  "docs/simulation.md",
  "CHANGELOG.md",
]

/** What the blocks of code leave to the reader. */
const AROUND = `import { setTimeout as sleep } from "node:timers/promises"
import { BPF } from "skep"
declare const packet: Uint8Array
`

const blocks = pages.flatMap(page =>
  [...readFileSync(page, "utf8").matchAll(/^```ts\n([\s\S]*?)^```/gm)].map(([, code]) => ({ page, code })),
)

test("the TypeScript in the documents type-checks", () => {
  mkdirSync("build/docs", { recursive: true })
  const files = blocks.map(({ page, code }, i) => {
    const own = code.replace(/^import \{ BPF(?:, (.*))? \} from "skep"\n/m, (_, others) =>
      others === undefined ? "" : `import { ${others} } from "skep"\n`,
    )
    const given = /\bb = /.test(own) || !/\bb\./.test(own) ? "" : "declare const b: BPF\n"
    const name = `${page.replace(/\W/g, "-")}-${i}.ts`
    writeFileSync(`build/docs/${name}`, `${AROUND}${given}${own}\nvoid [packet, sleep]\nexport {}\n`)
    return name
  })
  assert.ok(files.length > 5)
  const paths = { skep: ["../../src/index.ts"] }
  const compilerOptions = { paths, rootDir: "../..", noUnusedLocals: false }
  const config = {
    extends: "../../tsconfig.json",
    compilerOptions,
    files: [...files, "../../src/globals.d.ts"],
    include: [],
  }
  writeFileSync("build/docs/tsconfig.json", JSON.stringify(config))
  const tsc = spawnSync(process.execPath, ["node_modules/typescript/bin/tsc", "--noEmit", "-p", "build/docs"])
  assert.equal(tsc.status, 0, String(tsc.stdout))
})

test("the README's program runs", { skip: needsRoot }, () => {
  const [, text] = /const prog = `\n([\s\S]*?)`/.exec(blocks[0].code)!
  writeFileSync("build/docs/readme.c", text.replaceAll("\\\\", "\\"))
  const args = ["run", "--no-trace", "--attach", "raw_tracepoint:task_rename=hello", "--duration", "0.1"]
  const { status, stderr } = skep([...args, "build/docs/readme.c"])
  assert.equal(status, 0, stderr)
})

test("options and commands in the documents exist", async () => {
  // What stands behind npm run are options of the project's scripts, and behind skep cover those of another program.
  const others = /(npm run [\w:-]+|skep cover[^`\n]*) -- [^`\n]*/g
  const text = pages.map(page => readFileSync(page, "utf8").replaceAll(others, "")).join("\n")
  // Some are of Node.
  const known = new Set(["--version", "--perf-basic-prof", "--test", ...Object.keys(COMMON).map(name => `--${name}`)])
  for (const { load } of Object.values(COMMANDS)) {
    for (const name of Object.keys((await load()).options)) known.add(`--${name}`)
  }
  const named = new Set([...text.matchAll(/(?<=[\s`|])--[a-z][\w-]*/g)].map(([option]) => option))
  assert.deepEqual(
    [...named].filter(option => !known.has(option)),
    [],
  )
  const commands = [...text.matchAll(/(?:`|^ {4,6}|^#+ )(?:sudo )?(?:\.\/)?skep ([a-z]+)/gm)].map(([, word]) => word)
  assert.ok(commands.length > 10)
  assert.deepEqual(
    commands.filter(word => !Object.hasOwn(COMMANDS, word) && word !== "help"),
    [],
  )
})
