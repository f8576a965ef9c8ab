import { spawnSync } from "node:child_process"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { SkepError } from "../../../src/base/index.ts"
import type { CpuLevel } from "../../../src/codegen/index.ts"
import { needsRoot } from "../../support/kernel.ts"
import { compileProgram, runObject } from "../program.ts"
import { ENTRY, wholeProgram } from "./header.ts"

const levels: readonly CpuLevel[] = [1, 3, 4]

const common = `--no-float --no-packed-struct --no-argc --concise --max-funcs 4 --max-block-depth 3 --max-block-size 3 --max-expr-complexity 6
  --max-array-dim 2 --max-array-len-per-dim 4 --max-struct-fields 5 --max-union-fields 3 --max-pointer-depth 1 --no-volatile-pointers`
/**
 * What the verifier follows best comes most often: it does not know again what comes from global data, be it a pointer or the counter of a loop.
 */
const shapes = [
  "--no-global-variables",
  "--no-global-variables --no-jumps --max-pointer-depth 2",
  "--no-global-variables --no-arrays --max-funcs 6",
  "--no-pointers",
]

/** The program of a seed, as csmith 2.3 writes it. */
function generated(seed: number): string | undefined {
  const args = `${common} ${shapes[seed % shapes.length]} --seed ${seed}`.split(/\s+/)
  const run = spawnSync("csmith", args, { encoding: "utf8", timeout: 10_000 })
  return run.status === 0 ? run.stdout : undefined
}

/** What the program gives when gcc compiles it; undefined when it does not end. */
function natively(text: string, folder: string): number | undefined {
  const main = `#undef printf\n#undef main\nint printf(const char *, ...);\nint main(void) { printf("%u", (unsigned) ${ENTRY}(0)); return 0; }\n`
  writeFileSync(join(folder, "program.c"), text.replace("#line 1\n", "#define main test_main\n") + main)
  const compiled = spawnSync("gcc", ["-w", "-O0", "-o", "program", "program.c"], { cwd: folder, encoding: "utf8" })
  if (compiled.status !== 0) throw new Error(`gcc: ${compiled.stderr}`)
  const run = spawnSync(join(folder, "program"), [], { encoding: "utf8", timeout: 2000 })
  return run.status === 0 ? Number(run.stdout) : undefined
}

type Outcome = "same" | "verifier" | "refused" | "endless" | "different" | "crash"

/**
 * csmith's programs, cut to what BPF can hold: compiled by skep and run in this machine's kernel at three levels, against gcc's.
 *
 *     SKEP_COUNT=1000 SKEP_SEED=1 npm run csmith         programs, and the first one's number
 */
export function main(): number {
  const first = Number(process.env.SKEP_SEED ?? 1)
  const count = Number(process.env.SKEP_COUNT ?? 300)
  if (needsRoot || spawnSync("csmith", ["--version"], { stdio: "ignore" }).status !== 0) {
    console.log(`csmith: not run: ${needsRoot || "the package csmith is not installed"}`)
    return 0
  }
  const folder = mkdtempSync(join(tmpdir(), "skep-csmith-"))
  const counts = new Map<Outcome, number>()
  const reasons = new Map<string, number>()
  const started = performance.now()
  try {
    for (let seed = first; seed < first + count; seed++) {
      const source = generated(seed)
      const { outcome, why } =
        source === undefined ? { outcome: "endless" as const, why: "" } : judge(source, seed, folder)
      counts.set(outcome, (counts.get(outcome) ?? 0) + 1)
      if (outcome === "different" || outcome === "crash") console.log(`program ${seed}: ${outcome}: ${why}`)
      else if (why !== "") reasons.set(why, (reasons.get(why) ?? 0) + 1)
      if ((seed - first + 1) % 100 === 0) console.log(`${seed - first + 1} of ${count}`)
    }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
  for (const [why, n] of [...reasons].sort((a, b) => b[1] - a[1])) console.log(`  ${n} ${why}`)
  const rate = (count / ((performance.now() - started) / 1000)).toFixed(1)
  const told = [...counts].map(([outcome, n]) => `${n} ${outcome}`).join(", ")
  console.log(`csmith: ${count} programs from ${first} on: ${told}, ${rate} a second`)
  return (counts.get("different") ?? 0) + (counts.get("crash") ?? 0) > 0 ? 1 : 0
}

function judge(source: string, seed: number, folder: string): { outcome: Outcome; why: string } {
  const text = wholeProgram(source, seed)
  const values: number[] = []
  try {
    for (const object of compileProgram({ name: "csmith.c", text, entry: ENTRY }, levels))
      values.push(runObject(object, ENTRY))
  } catch (e) {
    if (!(e instanceof SkepError) || e.hint?.includes("fault of skep"))
      return { outcome: "crash", why: String((e as Error).stack) }
    const why = `${e.code}: ${e.message
      .replace(/^.*refused program \w+: /, "")
      .replace(/ \(csmith.*$/, "")
      .replace(/-?\d+/g, "N")
      .replace(/'[^']*'/g, "'…'")
      .slice(0, 100)}`
    return { outcome: e.code.startsWith("KERNEL_") ? "verifier" : "refused", why }
  }
  const expected = natively(text, folder)
  if (expected === undefined) return { outcome: "endless", why: "" }
  const wrong = values.findIndex(value => value !== expected)
  if (wrong < 0) return { outcome: "same", why: "" }
  return { outcome: "different", why: `level ${levels[wrong]} gives ${values[wrong]}, gcc ${expected}` }
}
