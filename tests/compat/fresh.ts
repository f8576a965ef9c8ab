import { spawnSync } from "node:child_process"
import { readFileSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import type { Baseline, CorpusProgram } from "./corpus.ts"
import { median } from "./report.ts"

/** What a compilation in a process of its own took. */
interface Fresh {
  readonly seconds: number
  readonly megabytes: number
}

/** Compiles each program by the command line, one process after the other, and tells the times and sizes beside BCC's. */
export function freshReport(
  programs: readonly CorpusProgram[],
  baseline: ReadonlyMap<string, Baseline> | undefined,
  dir: string,
): string {
  const found = programs.map(program => compileFresh(program, dir)).filter(result => result !== undefined)
  const theirs = [...(baseline?.values() ?? [])].filter(program => program.ok)
  const figures = (seconds: readonly number[], megabytes: readonly number[]): string =>
    `median ${median(seconds).toFixed(3)} s, ${median(megabytes).toFixed(0)} MB; most ${Math.max(...seconds).toFixed(2)} s, ${Math.max(...megabytes).toFixed(0)} MB`
  const lines = [
    `${found.length} fresh processes: ${figures(
      found.map(one => one.seconds),
      found.map(one => one.megabytes),
    )}`,
  ]
  if (theirs.length > 0) {
    const text = figures(
      theirs.map(one => one.compile_s ?? 0),
      theirs.map(one => one.rss_mb ?? 0),
    )
    lines.push(`BCC's ${theirs.length}, without the start of Python: ${text}`)
  }
  return `\n${lines.join("\n")}\n`
}

/** Undefined for a program that does not compile. */
function compileFresh(program: CorpusProgram, dir: string): Fresh | undefined {
  const source = join(dir, "fresh.c")
  const usage = join(dir, "usage.txt")
  const hook = join(dir, "usage.mjs")
  writeFileSync(source, program.text)
  writeFileSync(
    hook,
    `import { writeFileSync } from "node:fs"
process.on("exit", () => writeFileSync(${JSON.stringify(usage)}, String(process.resourceUsage().maxRSS)))`,
  )
  rmSync(usage, { force: true })
  const flags = program.cflags.filter(flag => /^-[DUI]/.test(flag))
  const args = ["--import", hook, "dist/skep.js", "compile", source, "-o", join(dir, "fresh.o"), ...flags]
  const start = performance.now()
  const { status } = spawnSync(process.execPath, args, { stdio: "ignore" })
  const seconds = (performance.now() - start) / 1000
  return status === 0 ? { seconds, megabytes: Number(readFileSync(usage, "utf8")) / 1024 } : undefined
}
