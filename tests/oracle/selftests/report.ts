import type { Failure } from "./compile.ts"
import type { Verdict } from "./load.ts"

/** What became of one file of the selftests. */
export interface FileResult {
  readonly name: string
  readonly milliseconds: number
  readonly failed?: Failure
  /** Instruction slots of skep's object, and of clang's. */
  readonly slots?: number
  readonly clangSlots?: number
  /** What the kernel said to skep's programs, and to clang's. */
  readonly verdicts?: readonly Verdict[]
  readonly clangVerdicts?: readonly Verdict[]
}

/** Files larger than this (in clang's instructions) are made by unrolling on purpose, and are left out of the sum. */
const LARGE = 4000

const part = (some: number, all: number) => `${some} of ${all} (${((100 * some) / Math.max(all, 1)).toFixed(1)} %)`

/** Figures of a run, and what did not work by its reason, in lines. */
export function report(files: readonly FileResult[]): string {
  const compiled = files.filter(file => file.failed === undefined)
  const lines = [`compiled            ${part(compiled.length, files.length)}`]
  const clang = files.filter(file => file.clangSlots !== undefined)
  if (clang.length > 0) lines.push(`compiled by clang   ${part(clang.length, files.length)}`)
  const time = files.reduce((sum, file) => sum + file.milliseconds, 0)
  lines.push(
    `time                ${(time / 1000).toFixed(1)} s, median ${median(files.map(f => f.milliseconds)).toFixed(0)} ms`,
  )
  lines.push(...sizes(files), ...acceptance(files))
  const failures = files.flatMap(({ name, failed }) => (failed === undefined ? [] : [{ where: name, failed }]))
  return `${[...lines, "", "not compiled:", ...grouped(failures)].join("\n")}\n`
}

function sizes(files: readonly FileResult[]): string[] {
  const both = files.filter(file => file.slots && file.clangSlots)
  if (both.length === 0) return []
  const ratio = (file: FileResult) => (file.slots as number) / (file.clangSlots as number)
  const small = both.filter(file => (file.clangSlots as number) <= LARGE)
  const sum = (list: readonly FileResult[], key: "slots" | "clangSlots") => list.reduce((n, f) => n + (f[key] ?? 0), 0)
  const [ours, theirs] = [sum(small, "slots"), sum(small, "clangSlots")]
  const worst = [...both].sort((a, b) => ratio(b) - ratio(a)).slice(0, 15)
  return [
    `instructions        median file ${median(both.map(ratio)).toFixed(3)} of clang's; files of at most ${LARGE}: ${ours} against ${theirs} (${(ours / theirs).toFixed(3)})`,
    `  largest ratios    ${worst.map(file => `${file.name} ${file.slots}/${file.clangSlots}`).join(", ")}`,
  ]
}

/** Programs that the kernel takes when clang made them. */
function acceptance(files: readonly FileResult[]): string[] {
  let ours = 0
  let verified = 0
  let clangVerified = 0
  const refused: { where: string; failed: Failure }[] = []
  let all = 0
  for (const { name, verdicts = [], clangVerdicts = [], failed } of files) {
    const own = new Map(verdicts.map(verdict => [verdict.name, verdict]))
    for (const clang of clangVerdicts) {
      if (clang.refused !== undefined) continue
      all++
      const verdict = own.get(clang.name)
      if (verdict !== undefined && verdict.refused === undefined) {
        ours++
        verified += verdict.verified ?? 0
        clangVerified += clang.verified ?? 0
      } else {
        const why = verdict?.refused ?? failed ?? { code: "MISSING", message: "there is no such program" }
        refused.push({ where: `${name}:${clang.name}`, failed: why })
      }
    }
  }
  const total = files.reduce((sum, file) => sum + (file.verdicts?.length ?? 0), 0)
  const taken = files.reduce((sum, file) => sum + (file.verdicts?.filter(v => v.refused === undefined).length ?? 0), 0)
  if (all === 0) return total === 0 ? [] : [`accepted            ${part(taken, total)}`]
  return [
    `accepted            ${part(ours, all)} of the programs whose clang build the kernel takes; ${part(taken, total)} of all`,
    `verified            ${verified} against ${clangVerified} (${(verified / Math.max(clangVerified, 1)).toFixed(3)})`,
    ...(refused.length === 0 ? [] : ["refused, and clang's not:", ...grouped(refused)]),
  ]
}

/** Failures by their code and message, the most frequent first. */
function grouped(failures: readonly { readonly where: string; readonly failed: Failure }[]): string[] {
  const groups = new Map<string, string[]>()
  for (const { where, failed } of failures) {
    const key = `${failed.code} ${failed.message
      .replace(/^\S+:\d+: /, "")
      .split("\n")[0]
      .slice(0, 300)}`
    groups.set(key, [...(groups.get(key) ?? []), where])
  }
  const sorted = [...groups].sort((a, b) => b[1].length - a[1].length)
  return sorted.map(([key, names]) => `  ${names.length} × ${key}\n      ${names.slice(0, 8).join(" ")}`)
}

function median(numbers: readonly number[]): number {
  const sorted = [...numbers].sort((a, b) => a - b)
  return sorted.length === 0 ? 0 : sorted[Math.floor(sorted.length / 2)]
}
