import { existsSync } from "node:fs"
import { parseArgs } from "node:util"
import { readCorpus } from "../compat/corpus.ts"
import { measure, type Simulated } from "./measure.ts"

/**
 * Runs BCC's programs on the simulated kernel, with the workload `demo`: how many attach, run and see something.
 *
 *     npm run simulate -- --corpus DIR [--seconds 1] [--all] [words]
 *
 * `--all` shows every program, not only those that see nothing.
 */
export function main(args: readonly string[]): number {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      corpus: { type: "string", default: process.env.SKEP_CORPUS },
      seconds: { type: "string", default: "1" },
      all: { type: "boolean" },
    },
  })
  const { corpus, seconds, all } = values
  if (corpus === undefined || !existsSync(corpus)) {
    process.stderr.write("a corpus is needed: npm run compat captures one, --corpus says where it is\n")
    return 2
  }
  const results = readCorpus(corpus, positionals).map(program => {
    const result = measure(corpus, program, Number(seconds))
    if (all || result.reached !== "seen") process.stdout.write(line(result))
    return result
  })
  process.stdout.write(`${summary(results)}\n`)
  return 0
}

const ORDER: readonly Simulated["reached"][] = ["compiled", "loaded", "attached", "ran", "seen"]

function summary(results: readonly Simulated[]): string {
  const reached = (least: Simulated["reached"]): number =>
    results.filter(one => ORDER.indexOf(one.reached) >= ORDER.indexOf(least)).length
  const faults = results.filter(one => one.reached === "attached" && one.failed !== undefined).length
  const parts = ORDER.map(step => `${reached(step)} ${step}`)
  return `${results.length} programs: ${parts.join(", ")}; ${faults} ended by a fault; ${results.reduce((n, one) => n + one.runs, 0)} runs`
}

const line = ({ id, argv, reached, places, missing, runs, output, failed }: Simulated): string =>
  `${[id, ...argv].join(" ")}: ${reached}, ${places} places, ${runs} runs${output && `, ${output}`}${failed ? `\n    ${failed}` : ""}${missing
    .slice(0, 3)
    .map(text => `\n    missing: ${text}`)
    .join("")}\n`
