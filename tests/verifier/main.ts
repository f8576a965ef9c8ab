import { writeFileSync } from "node:fs"
import { parseArgs } from "node:util"
import { capturedCorpus } from "../compat/capture.ts"
import { clangObjects, selftestsFolder } from "../oracle/selftests/suite.ts"
import { needsRoot } from "../support/kernel.ts"
import { runOlder, verdictsOfCases } from "./cases/older.ts"
import { runCases } from "./cases/run.ts"
import type { Compared } from "./compare.ts"
import { describe, fuzz } from "./fuzz/run.ts"
import { runCompiled, runCorpus, runObjects } from "./programs.ts"
import { differences, report } from "./report.ts"

/**
 * Gives programs to the running kernel and to skep's own verifier, and compares the verdicts:
 *
 *     npm run verifier -- cases    [words]   test_verifier.c of the kernel's selftests
 *     npm run verifier -- objects  [words]   the selftests' programs, built by clang
 *     npm run verifier -- compiled [words]   the same, compiled by skep
 *     npm run verifier -- corpus   [words]   the programs of BCC's tools, compiled by skep
 *     npm run verifier -- fuzz               random and changed programs: SKEP_COUNT of them (20,000), from SKEP_SEED on; those that
 *                                            both take are run in the kernel and on the embedded machine; each kind of difference made small
 *
 * With `--kernel 6.1` the cases are judged by that kernel, booted, and by our verifier with its rules (`verdicts` is what runs there).
 * Words choose by parts of names; of cases also by program type. `--list` names what differs and why, `--logs` adds both logs; `--json FILE` keeps all.
 * `--dir` is `tools/testing/selftests/bpf` of a kernel's source (without it Debian's), `--objects` a folder of objects, `--corpus` one of BCC's programs.
 */
export async function main(args: readonly string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      dir: { type: "string" },
      objects: { type: "string" },
      corpus: { type: "string" },
      clang: { type: "string", default: "clang-19" },
      list: { type: "boolean" },
      logs: { type: "boolean" },
      json: { type: "string" },
      kernel: { type: "string" },
    },
  })
  if (needsRoot) {
    console.log(`verifier: not run: ${needsRoot}`)
    return 0
  }
  const [which = "cases", ...words] = positionals
  const show = (name: string): boolean => process.stderr.write(`\r\x1b[K${name}`)
  const folder = (): string => values.dir ?? selftestsFolder()
  const runs: Readonly<Record<string, () => Compared[]>> = {
    cases: () => (values.kernel ? runOlder(values.kernel, folder(), words, show) : runCases(folder(), words, show)),
    objects: () => runObjects(values.objects ?? clangObjects(folder(), values.clang, words), words, show),
    compiled: () => runCompiled(folder(), words, show),
    fuzz: () => fuzzed(Number(process.env.SKEP_COUNT ?? 20_000), show),
    corpus: () => runCorpus(values.corpus ?? capturedCorpus(), words, show),
  }
  if (which === "verdicts") {
    console.log(verdictsOfCases(folder(), words, () => {}))
    return 0
  }
  const run = runs[which]
  if (run === undefined) throw new Error(`no such comparison: ${which}; there are ${Object.keys(runs).join(", ")}`)
  const results = run()
  show("")
  if (values.list || values.logs) console.log(differences(results, values.logs === true))
  process.stdout.write(report(results))
  if (values.json !== undefined) writeFileSync(values.json, JSON.stringify(results))
  return 0
}

function fuzzed(count: number, show: (text: string) => void): Compared[] {
  const { results, ran, found } = fuzz(Number(process.env.SKEP_SEED ?? 1), count, tried => {
    if (tried % 100 === 0) show(`${tried}`)
    return false
  })
  show("")
  for (const one of found) console.log(describe(one))
  console.log(`${ran.both} programs run in the kernel and here, ${ran.here} here alone\n`)
  return [...results]
}
