import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { release, tmpdir } from "node:os"
import { join } from "node:path"
import { parseArgs } from "node:util"
import { capturedCorpus } from "./capture.ts"
import { type Baseline, type CorpusProgram, readBaseline, readCorpus } from "./corpus.ts"
import { freshReport } from "./fresh.ts"
import { Bench } from "./measure.ts"
import { type Run, report } from "./report.ts"

/**
 * Compiles every program of a corpus and tries its functions in the running kernel.
 *
 *     main.mjs [--corpus DIR] [--json FILE] [--no-load] [--check] [--core] [--fresh] [--only WORD]…
 *
 * `--check` runs the checks of the compiler's stages. `--core` leaves the places of the kernel's members to the loader. `--fresh` also compiles each in a process of its own, by dist/skep.js. `--only` takes the
 * programs whose names contain a word. Without a corpus one is captured; `--only-capture` does only that, and tells where it is.
 */
export function main(args: readonly string[]): number {
  const { values } = parseArgs({
    args: [...args],
    options: {
      corpus: { type: "string" },
      json: { type: "string" },
      only: { type: "string", multiple: true },
      "no-load": { type: "boolean" },
      fresh: { type: "boolean" },
      check: { type: "boolean" },
      core: { type: "boolean" },
      "only-capture": { type: "boolean" },
    },
  })
  const corpus = values.corpus ?? capturedCorpus()
  if (values["only-capture"]) {
    process.stdout.write(`${corpus}\n`)
    return 0
  }
  const programs = readCorpus(corpus, values.only)
  const found: Run = {
    kernel: release(),
    programs: runAll(programs, new Bench({ check: values.check, core: values.core }), values["no-load"] === true),
  }
  const baseline: Map<string, Baseline> | undefined = readBaseline(corpus)
  process.stdout.write(report(found, baseline))
  if (values.fresh) {
    const dir = mkdtempSync(join(tmpdir(), "skep-compat-"))
    process.stdout.write(freshReport(programs, baseline, dir))
    rmSync(dir, { recursive: true })
  }
  if (values.json !== undefined) writeFileSync(values.json, JSON.stringify(found))
  return 0
}

function runAll(programs: readonly CorpusProgram[], bench: Bench, onlyCompile: boolean) {
  let shown = performance.now()
  return programs.map((program, i) => {
    const result = bench.run(program, onlyCompile)
    if (performance.now() - shown > 5000) {
      shown = performance.now()
      process.stderr.write(`${i + 1} of ${programs.length}\n`)
    }
    return result
  })
}
