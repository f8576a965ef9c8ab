import { spawn } from "node:child_process"
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join, relative } from "node:path"
import { SkepError } from "../base/index.ts"
import { COVERAGE_FOLDER, lcov, mergeCoverage, parseLcov } from "../testing/index.ts"
import type { FileCoverage } from "../vm/index.ts"
import { command, FAILURE, UsageError } from "./command.ts"
import { columns } from "./help.ts"
import { note } from "./style.ts"

const OUT = "lcov.info"

export const cover = command({
  usage: "-- COMMAND…",
  about:
    "Runs tests that use skep/test, counts which lines, functions and branches of their C programs ran, and writes that as lcov does. Programs run where " +
    "the tests run them: on the embedded machine, or with SKEP_MACHINE=kernel in the kernel.",
  positionals: [1, 10_000],
  options: {
    out: { short: "o", value: "FILE", about: `where to write it; ${OUT} without it` },
    lines: { about: "show the lines that did not run" },
  },
  examples: [
    ["skep cover -- node --test", "writes lcov.info"],
    ["skep cover --lines -- npx vitest run", "also shows the lines that no test reached"],
  ],
  async run({ out = OUT, lines }, [program, ...args]) {
    const folder = mkdtempSync(join(tmpdir(), "skep-cover-"))
    try {
      const status = await runCommand(program, args, folder)
      const texts = readdirSync(folder).map(name => readFileSync(join(folder, name), "utf8"))
      // Text that stands in a test has no file to show lines of.
      const files = mergeCoverage(texts.flatMap(parseLcov)).filter(({ file }) => existsSync(file))
      write(out, lcov(files))
      for (const line of summary(files, lines === true)) note(line)
      return status
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  },
})

/** Runs a command to its end with what makes skep/test count; its exit status. */
function runCommand(program: string, args: readonly string[], folder: string): Promise<number> {
  const env = { ...process.env, [COVERAGE_FOLDER]: folder }
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: "inherit", env })
    child.once("error", () => reject(new UsageError(`${program} cannot be run`)))
    child.once("close", status => resolve(status ?? FAILURE))
  })
}

function write(out: string, text: string): void {
  try {
    if (out === "-") process.stdout.write(text)
    else writeFileSync(out, text)
  } catch (cause) {
    throw new SkepError({ code: "CLI_OUTPUT", message: `${out} cannot be written: ${(cause as Error).message}`, cause })
  }
}

/** A line for each file, and where asked the lines that did not run. */
function summary(files: readonly FileCoverage[], missed: boolean): string[] {
  if (files.length === 0) return ["no program in a file ran"]
  const rows = files.map(({ file, lines, branches }): [string, string] => {
    const not = [...lines].filter(([, hits]) => hits === 0).map(([line]) => line)
    const ran = `${part(lines.size - not.length, lines.size).padStart(5)} of ${lines.size} lines`
    const taken = branches?.filter(({ hits }) => hits > 0).length ?? 0
    const ways = branches?.length ? `, ${part(taken, branches.length)} of ${branches.length} branches` : ""
    const where = missed && not.length > 0 ? `  not run: ${ranges(not)}` : ""
    return [relative(process.cwd(), file), `${ran}${ways}${where}`]
  })
  return columns(rows)
}

/** `92 %`: never 100 where something is missing. */
const part = (some: number, all: number): string => `${all === 0 ? 100 : Math.floor((100 * some) / all)} %`

/** `3, 7–9` */
function ranges(lines: readonly number[]): string {
  const parts: [number, number][] = []
  for (const line of lines) {
    const last = parts[parts.length - 1]
    if (last !== undefined && last[1] === line - 1) last[1] = line
    else parts.push([line, line])
  }
  return parts.map(([first, last]) => (first === last ? `${first}` : `${first}–${last}`)).join(", ")
}
