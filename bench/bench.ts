import { spawnSync } from "node:child_process"
import { existsSync, lstatSync, readdirSync } from "node:fs"
import { release } from "node:os"
import { join } from "node:path"
import { parseArgs } from "node:util"
import { againWithHeaders } from "./headers.ts"

/** What a child process said on its one line, and how long it took from its start to that line and its end, in milliseconds. */
interface Run {
  readonly ms: number
  readonly said: Readonly<Record<string, number | string>>
}

/** A row of the table: what was measured, for skep and for BCC; undefined where it could not be. */
interface Row {
  readonly what: string
  readonly unit: string
  readonly skep: number | undefined
  readonly bcc: number | undefined
}

const PYTHON = "/usr/bin/python3"
const TASK_SWITCH = "examples/task_switch.c"
const HELLO = "examples/hello_world.c"

/** Measures and prints the table; the exit status. */
export function main(args: readonly string[]): number {
  const options = { runs: { type: "string", default: "7" }, corpus: { type: "string" } } as const
  const { values } = parseArgs({ args: [...args], options })
  const runs = Math.max(1, Number(values.runs) || 7)
  const again = againWithHeaders()
  if (again !== undefined) return again
  const root = process.getuid?.() === 0
  const bcc = root && hasBcc()
  if (!root) console.log("not root: nothing is loaded\n")
  else if (!bcc) console.log("BCC is not installed (python3-bpfcc and linux-headers): no figures of it\n")

  const idle = time(repeat(runs, () => run(process.execPath, ["-e", "0"])))!
  const certificates = certificateTime(runs, idle)
  const loads = root ? repeat(runs, () => run(process.execPath, ["build/bench/load.mjs"])) : []
  const compiles = repeat(runs, () => run(process.execPath, ["build/bench/compile.mjs", TASK_SWITCH]))
  const command = repeat(runs, () => run(process.execPath, ["dist/skep.js", "compile", "-o", "-", TASK_SWITCH], true))
  const hello = run(process.execPath, ["build/bench/compile.mjs", HELLO])
  const bccRuns = (what: string, file: string, fn: string, times: number): Run[] =>
    bcc ? repeat(times, () => run(PYTHON, ["bench/peer.py", what, file, fn])) : []
  const bccLoads = bccRuns("load", TASK_SWITCH, "count_sched", runs)
  const bccCompiles = bccRuns("compile", TASK_SWITCH, "count_sched", Math.min(runs, 3))
  const bccHello = bccRuns("compile", HELLO, "hello", 1)

  const reached = loads[0]?.said.reached ?? "loaded"
  const rows: Row[] = [
    { what: `task_switch.c: process start to ${reached}`, unit: "ms", skep: time(loads), bcc: time(bccLoads) },
    { what: "  most memory", unit: "MB", skep: figure(loads, "rss"), bcc: figure(bccLoads, "rss") },
    {
      what: "compile alone, cold, in a new process",
      unit: "ms",
      skep: figure(compiles, "cold"),
      bcc: figure(bccCompiles, "cold"),
    },
    {
      what: "  again in the same process",
      unit: "ms",
      skep: figure(compiles, "warm"),
      bcc: figure(bccCompiles, "warm"),
    },
    { what: "skep compile, from start to end", unit: "ms", skep: time(command), bcc: undefined },
    { what: "  of which Node itself", unit: "ms", skep: idle, bcc: undefined },
    ...(certificates === undefined
      ? []
      : [{ what: "    of which NODE_EXTRA_CA_CERTS", unit: "ms", skep: certificates, bcc: undefined }]),
    {
      what: "instructions of count_sched",
      unit: "",
      skep: figure(compiles, "slots"),
      bcc: figure(bccCompiles, "slots"),
    },
    { what: "instructions of hello", unit: "", skep: figure([hello], "slots"), bcc: figure(bccHello, "slots") },
    { what: "installed", unit: "MB", skep: installedSize(), bcc: bcc ? bccSize() : undefined },
  ]
  console.log(`medians of ${runs} runs on ${process.platform} ${process.arch}, Node ${process.version}`)
  print(rows)
  if (root) maps(bcc)
  sizes()
  if (values.corpus !== undefined) corpus(values.corpus)
  return 0
}

const lines = (stdout: string): Record<string, never>[] =>
  stdout
    .trim()
    .split("\n")
    .map(line => JSON.parse(line))

/** What Node takes to read the certificates that this environment gives it at every start, in milliseconds; undefined where it gives none. */
function certificateTime(runs: number, idle: number): number | undefined {
  const { NODE_EXTRA_CA_CERTS, ...env } = process.env
  if (!NODE_EXTRA_CA_CERTS) return undefined
  return idle - time(repeat(runs, () => run(process.execPath, ["-e", "0"], false, env)))!
}

/** A table of a million entries, read whole. */
function maps(bcc: boolean): void {
  const entries = "1000000"
  console.log(`\na hash of ${entries} entries, structs of two numbers to structs of two`)
  const { said } = run(process.execPath, ["build/bench/maps.mjs", entries])
  const peer = bcc ? run(PYTHON, ["bench/peer_maps.py", entries]).said : {}
  const row = (what: string, skep: string, other?: string): Row => ({
    what,
    unit: "ms",
    skep: Number(said[skep]),
    bcc: other !== undefined && other in peer ? Number(peer[other]) : undefined,
  })
  print([
    row("entries() and items()", "typed", "items"),
    row("columns() and items_lookup_batch()", "columns", "batch"),
    row("readAndClear()", "taken"),
    row("setMany()", "filled"),
  ])
}

/** Compile time against size. */
function sizes(): void {
  console.log("\ncompile time against size, CPU time in ms")
  const { stdout } = spawnSync(process.execPath, ["build/bench/sizes.mjs"], { encoding: "utf8" })
  const body = lines(stdout).map(({ what, statements, ms, clang }) => [
    what,
    `${statements}`,
    Number(ms).toFixed(0),
    clang === undefined ? "–" : Number(clang).toFixed(0),
    clang === undefined ? "" : `${(clang / ms).toFixed(1)} ×`,
  ])
  table([["", "statements", "skep", "clang", "clang / skep"], ...body])
}

/** BCC's own programs, captured by npm run compat: how many a second in one process, and each in a process of its own. */
function corpus(folder: string): void {
  const { stdout } = spawnSync(process.execPath, ["build/bench/corpus.mjs", folder], { encoding: "utf8" })
  const [{ programs, warm, fresh, rss }] = lines(stdout)
  console.log(`\n${programs} of BCC's own programs`)
  table([
    ["programs a second in one warm process", Number(warm).toFixed(0)],
    ["a program in a process of its own, median", `${Number(fresh).toFixed(0)} ms`],
    ["  most memory, median", `${Number(rss).toFixed(0)} MB`],
  ])
}

function repeat(times: number, one: () => Run): Run[] {
  return Array.from({ length: times }, one)
}

function run(program: string, args: readonly string[], silent = false, env: NodeJS.ProcessEnv = process.env): Run {
  const start = performance.now()
  const { status, stdout, stderr, error } = spawnSync(program, args, { timeout: 120_000, maxBuffer: 1 << 26, env })
  const ms = performance.now() - start
  if (status !== 0) throw new Error(`${program} ${args.join(" ")} failed: ${error?.message ?? stderr}`)
  const text = String(stdout).trim()
  return { ms, said: silent || text === "" ? {} : JSON.parse(text.split("\n").at(-1)!) }
}

function median(numbers: readonly number[]): number {
  return [...numbers].sort((a, b) => a - b)[numbers.length >> 1]
}

const time = (runs: readonly Run[]): number | undefined => (runs.length === 0 ? undefined : median(runs.map(r => r.ms)))

const figure = (runs: readonly Run[], name: string): number | undefined =>
  runs.length === 0 ? undefined : median(runs.map(r => Number(r.said[name])))

/** Whether BCC is here, with the kernel headers that it compiles against. */
function hasBcc(): boolean {
  return (
    existsSync(PYTHON) &&
    existsSync(`/lib/modules/${release()}/build`) &&
    spawnSync(PYTHON, ["-c", "import bcc"]).status === 0
  )
}

/** Bytes below a path, in MB. */
function sizeOf(path: string): number {
  if (!existsSync(path)) return 0
  const stat = lstatSync(path)
  if (!stat.isDirectory()) return stat.size / 1e6
  return readdirSync(path).reduce((sum, name) => sum + sizeOf(join(path, name)), 0)
}

/** What an installed skep takes: dist/ without tests, and its one dependency. */
const installedSize = (): number =>
  ["dist", "README.md", "CHANGELOG.md", "LICENSE", "node_modules/koffi/", "node_modules/@koromix/"]
    .map(path => sizeOf(path))
    .reduce((a, b) => a + b)

/** What Debian's package manager says that BCC's packages take, with the headers it needs. */
function bccSize(): number {
  const packages = ["libbpfcc", "python3-bpfcc", "libllvm14", "libclang-cpp14"]
  const query = (field: string, names: readonly string[]): string[] => {
    const { stdout } = spawnSync("dpkg-query", ["-W", "-f", `\${${field}}\n`, ...names], { encoding: "utf8" })
    return stdout.split("\n").filter(Boolean)
  }
  const sizes = query("Installed-Size", [...packages, ...query("Package", ["linux-headers-*"])])
  return sizes.reduce((sum, kb) => sum + Number(kb), 0) / 1000
}

function print(rows: readonly Row[]): void {
  const cell = (value: number | undefined, unit: string): string => {
    if (value === undefined) return "–"
    return `${value < 100 && unit !== "" ? value.toFixed(1) : Math.round(value)}${unit && ` ${unit}`}`
  }
  const ratio = ({ skep, bcc }: Row): string => (skep && bcc ? `${(bcc / skep).toFixed(1)} ×` : "")
  const body = rows.map(row => [row.what, cell(row.skep, row.unit), cell(row.bcc, row.unit), ratio(row)])
  table([["", "skep", "BCC", "BCC / skep"], ...body])
}

function table(rows: readonly (readonly string[])[]): void {
  const widths = rows[0].map((_, i) => Math.max(...rows.map(line => line[i].length)))
  for (const line of rows) {
    console.log(line.map((text, i) => (i === 0 ? text.padEnd(widths[i]) : text.padStart(widths[i]))).join("   "))
  }
}
