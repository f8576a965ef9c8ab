import assert from "node:assert/strict"
import { spawnSync } from "node:child_process"
import { cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs"
import { join, resolve } from "node:path"
import { test } from "node:test"
import { pathToFileURL } from "node:url"
import { SkepError } from "../../src/base/index.ts"
import { includeResolver, runningTarget } from "../../src/bpf/index.ts"
import { generate } from "../../src/codegen/index.ts"
import { Compilation, type Target } from "../../src/compiler/index.ts"
import { parseModule } from "../../src/ir/index.ts"
import { assembleUnit } from "../../src/isa/index.ts"
import { projectFiles } from "../rules/files.ts"
import { scratch, skep } from "../support/cli.ts"
import { golden } from "../support/golden.ts"
import { needsRoot } from "../support/kernel.ts"

const FOLDER = "docs/diagnostics"

/** Rooms and what the index says of their codes. */
const ROOMS: Readonly<Record<string, string>> = {
  C: "The C language",
  BCC: "BCC's dialect",
  LIBBPF: "libbpf's dialect",
  IR: "What BPF cannot do, found when C becomes SSA form",
  OPT: "The optimiser",
  CODEGEN: "Instructions, registers and the stack",
  CORE: "CO-RE relocations",
  ISA: "Encoding and assembler text",
  BTF: "Type information, and values of maps",
  OBJECT: "Object files",
  FILTER: "Packet filters",
  SIM: "The simulated kernel",
  BROWSER: "Pages",
  RECORD: "Recordings",
  REPLAY: "Programs on a recording",
  SNAPSHOT: "The kernel that stands for one where there is none",
  MACHINE: "Programs and maps that are loaded",
  KERNEL: "The kernel",
  PACKETS: "Packets and captures",
  VM: "The embedded machine",
  NETLINK: "The network, by netlink",
  SYMBOLS: "The kernel's functions",
  BPF: "The TypeScript API",
  TEST: "Tests of programs",
  CLI: "The command line",
}

/** Names of macros and flags of BPF that look like codes. */
const NO_CODES = new Set(
  "BPF_ANY BPF_NO_PRESERVE_ACCESS_INDEX BPF_F_CURRENT_CPU BPF_F_TABLE BPF_HISTOGRAM BPF_LICENSE BPF_NOEXIST BPF_TABLE_SHARED".split(
    " ",
  ),
)

const CODE = new RegExp(`"((?:${Object.keys(ROOMS).join("|")})_[A-Z0-9_]+)"`, "g")

/** All codes in the sources. */
const codes = new Set(
  projectFiles()
    .filter(path => /^src\/.*\.ts$/.test(path) && !path.endsWith(".test.ts"))
    .flatMap(path => [...readFileSync(path, "utf8").matchAll(CODE)].map(([, code]) => code))
    .filter(code => !NO_CODES.has(code)),
)

interface Page {
  readonly code: string
  readonly text: string
  /** Blocks of code: what stands behind the three quotes, and the code. */
  readonly blocks: readonly { readonly info: string; readonly code: string }[]
}

const pages: Page[] = readdirSync(FOLDER)
  .filter(name => name !== "README.md")
  .sort()
  .map(name => {
    const text = readFileSync(join(FOLDER, name), "utf8")
    const blocks = [...text.matchAll(/^```(.*)\n([\s\S]*?)^```$/gm)].map(([, info, code]) => ({ info, code }))
    return { code: name.replace(/\.md$/, ""), text, blocks }
  })

const list = (names: Iterable<string>): string => [...names].join(" ")

test("every code has a page", () => {
  const have = new Set(pages.map(({ code }) => code))
  assert.equal(list([...codes].filter(code => !have.has(code))), "", `write ${FOLDER}/CODE.md, and run with --update`)
})

test("every page has a code", () =>
  assert.equal(list(pages.map(({ code }) => code).filter(code => !codes.has(code))), ""))

test("every page says what the code means and what to do", () => {
  for (const { code, text } of pages) {
    assert.match(text, new RegExp(`^# ${code}\\n\\n[A-Z\`].*(?:.|\n)*\\*\\*What to do\\.\\*\\* `), code)
    assert.ok(text.length < 2000, `${code} is long`)
  }
})

/** Codes of the compiler that no short program gives: mistakes of skep itself, limits, and what only damaged input or a traced program gives. */
const WITHOUT_EXAMPLE = new Set(
  pages.filter(({ text }) => /mistake in skep|Please report/.test(text)).map(({ code }) => code),
)

test("pages of the compiler's codes have an example", () => {
  const without = pages.filter(({ code, blocks }) => /^(C|BCC|LIBBPF|IR|CODEGEN)_/.test(code) && blocks.length === 0)
  const unexpected = without.map(({ code }) => code).filter(code => !WITHOUT_EXAMPLE.has(code))
  assert.equal(list(unexpected), "")
})

/** What a program gives: the code of its first error, and the codes of its warnings. */
function codesOf(
  text: string,
  kernelVersion?: number,
): { readonly error: string | undefined; readonly warnings: readonly string[] } {
  const resolve = includeResolver([])
  const running = runningTarget()
  const target: Target = kernelVersion ? Object.create(running, { kernelVersion: { value: kernelVersion } }) : running
  const compilation = new Compilation({ name: "example.c", text, target, cpu: 3, resolve })
  let error: string | undefined
  try {
    void compilation.object
  } catch (thrown) {
    assert.ok(thrown instanceof SkepError, String(thrown))
    error = thrown.code
  }
  return { error, warnings: compilation.diagnostics.list.filter(d => d.severity === "warning").map(d => d.code) }
}

for (const { code, blocks } of pages) {
  for (const block of blocks.filter(({ info }) => info === "c")) {
    test(`${code}: the example gives the code`, () => {
      const { error, warnings } = codesOf(block.code)
      assert.equal(error ?? list(new Set(warnings)), code)
    })
  }
  for (const block of blocks) {
    // A program for a kernel of another version than the one that runs.
    const [, major, minor] = /^c linux-(\d+)\.(\d+)$/.exec(block.info) ?? []
    if (major === undefined) continue
    test(`${code}: the example gives the code for Linux ${major}.${minor}`, () =>
      assert.equal(codesOf(block.code, (Number(major) << 16) | (Number(minor) << 8)).error, code))
  }
  for (const block of blocks.filter(({ info }) => info === "ir")) {
    test(`${code}: the example gives the code`, () =>
      assert.throws(() => generate(parseModule(block.code), { cpu: 3 }), { code }))
  }
  for (const block of blocks.filter(({ info }) => info === "asm")) {
    test(`${code}: the example gives the code`, () => assert.throws(() => assembleUnit(block.code), { code }))
  }
}

const withCommand = pages.filter(({ blocks }) => blocks.some(({ info }) => info === "sh"))
for (const { code, blocks } of withCommand) {
  test(`${code}: the command gives the code`, { skip: code.startsWith("KERNEL_") && needsRoot }, () => {
    const cwd = scratch()
    cpSync("examples", join(cwd, "examples"), { recursive: true })
    cpSync("README.md", join(cwd, "README.md"))
    for (const { info, code: text } of blocks) {
      if (info.startsWith("c ")) writeFileSync(join(cwd, info.slice(2)), text)
    }
    writeFileSync(join(cwd, "a.c"), "")
    const [line] = blocks.filter(({ info }) => info === "sh")
    const { stderr } = skep(line.code.trim().split(" ").slice(1), { cwd })
    assert.match(stderr, new RegExp(`\\[${code}\\]`))
  })
}

test("the TypeScript gives the codes", { skip: needsRoot }, () => {
  mkdirSync("build/docs", { recursive: true })
  const examples = pages.flatMap(({ code, blocks }) =>
    blocks.filter(({ info }) => info === "ts").map(block => ({ code, text: block.code })),
  )
  assert.ok(examples.length > 4)
  const calls = examples.map(
    ({ text }) =>
      `await (async () => {\n${text}})().then(() => "nothing", (error: { code?: string }) => error.code ?? String(error)),\n`,
  )
  const script = `import { BPF } from ${JSON.stringify(pathToFileURL(resolve("dist/index.mjs")).href)}\nconsole.log([\n${calls.join("")}].join(" "))\n`
  const plain = script.replaceAll(": { code?: string }", "").replaceAll(' as "a:b"', "").replaceAll("using ", "const ")
  writeFileSync("build/docs/diagnostics.mjs", plain)
  const { stdout, stderr } = spawnSync(process.execPath, ["build/docs/diagnostics.mjs"], { encoding: "utf8" })
  assert.equal(stdout.trim(), list(examples.map(({ code }) => code)), stderr)
})

test("the index has every page", () => {
  const rooms = Object.entries(ROOMS).map(([room, title]) => {
    const rows = pages
      .filter(({ code }) => code.startsWith(`${room}_`))
      .map(
        ({ code, text }) =>
          `- [${code}](${code}.md): ${/^# .*\n\n((?:.|\n)*?)\n\n/.exec(text)![1].replaceAll("\n", " ")}`,
      )
    return `## ${title}\n\n${rows.join("\n")}\n`
  })
  const head =
    "# Codes of errors and warnings\n\nEach message of skep ends with a code in brackets. `skep explain CODE` shows its page: what it means, why, and what to do.\n"
  golden(`${FOLDER}/README.md`, [head, ...rooms].join("\n"))
})

test("skep explain prints a page, and knows the nearest code", () => {
  const { status, stdout } = skep(["explain", "C_NO_MEMBER"])
  assert.deepEqual([status, stdout], [0, readFileSync(`${FOLDER}/C_NO_MEMBER.md`, "utf8")])
  const wrong = skep(["explain", "C_NO_MEMBR"])
  assert.deepEqual([wrong.status, /did you mean 'C_NO_MEMBER'\?/.test(wrong.stderr)], [2, true])
})
