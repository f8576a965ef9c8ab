import type { Baseline } from "./corpus.ts"
import type { Failure, FunctionResult, ProgramResult } from "./measure.ts"

/** All that a run over a corpus found. */
export interface Run {
  /** The kernel's release. */
  readonly kernel: string
  readonly programs: readonly ProgramResult[]
}

/** Failures that are no defect of skep: the kernel at hand has no such thing. */
const UNFIT_CODES = new Set([
  "BCC_NO_TRACEPOINT",
  "BCC_NO_KERNEL_TYPE",
  "BCC_NO_KERNEL_MEMBER",
  "KERNEL_NO_FUNCTION",
  "KERNEL_NO_PERMISSION",
  "KERNEL_PROGRAM_TYPE",
])

/** Whether a failure tells of something that this kernel does not have or does not let this process do, or that no tool asks for. */
export function isUnfit({ failure: { code, message }, guessed }: Place): boolean {
  if (guessed) return true
  return UNFIT_CODES.has(code) || (code === "KERNEL_VERIFIER" && / may not call | has no helper /.test(message))
}

const part = (some: number, all: number): string =>
  `${some} of ${all} (${all === 0 ? "–" : ((100 * some) / all).toFixed(1)} %)`

/** Figures of a run, and what did not work, in lines. */
export function report({ kernel, programs }: Run, baseline?: ReadonlyMap<string, Baseline>): string {
  const compiled = programs.filter(program => program.failed === undefined)
  const functions = compiled.flatMap(program => program.functions)
  const accepted = functions.filter(fn => fn.refused === undefined)
  const failures = programs.flatMap(failuresOf)
  const unfit = failures.filter(isUnfit)
  const ours = failures.filter(place => !isUnfit(place))
  const unfitPrograms = unfit.filter(({ program }) => program).length
  const unfitFunctions = unfit.length - unfitPrograms
  const time = programs.reduce((sum, program) => sum + program.milliseconds, 0)
  const lines = [
    `kernel             ${kernel}`,
    `programs compiled  ${part(compiled.length, programs.length)}`,
    `  that fit         ${part(compiled.length, programs.length - unfitPrograms)}`,
    `functions accepted ${part(accepted.length, functions.length)}`,
    `  that fit         ${part(accepted.length, functions.length - unfitFunctions)}`,
    `instructions       ${functions.reduce((sum, fn) => sum + fn.insns, 0)}`,
    `verified           ${accepted.reduce((sum, fn) => sum + (fn.verified ?? 0), 0)}`,
    `speed              ${((1000 * programs.length) / time).toFixed(0)} programs/s, median ${median(programs.map(p => p.milliseconds)).toFixed(1)} ms`,
    ...(baseline === undefined ? [] : against(programs, baseline)),
    ...listed(`does not fit this kernel: ${unfit.length}`, unfit),
    ...listed(`skep's own: ${ours.length}`, ours),
  ]
  return `${lines.join("\n")}\n`
}

/** A failure, and the program or function that it happened to. */
export interface Place {
  readonly where: string
  readonly failure: Failure
  /** It did not compile. */
  readonly program?: true
  /** Nothing says what type of program it is. */
  readonly guessed?: true
}

function failuresOf({ id, failed, functions }: ProgramResult): Place[] {
  if (failed !== undefined) return [{ where: id, failure: failed, program: true }]
  return functions.flatMap(({ name, type, refused, guessed }) =>
    refused === undefined
      ? []
      : [{ where: `${id} ${name} (${guessed ? "never loaded" : type})`, failure: refused, guessed }],
  )
}

/** How many of the programs that fail alike are named. */
const NAMED = 8

/** Failures that are told in the same words, but for names of programs and places, are one line. */
function listed(title: string, places: readonly Place[]): string[] {
  const alike = new Map<string, string[]>()
  for (const { where, failure } of places) {
    const key = `${failure.code} ${failure.message
      .split("\n")[0]
      .replace(/^\S+\.c:\d+: /, "")
      .replace(/ \(\S+\.c:\d+: .*/, "")
      .replace(/\b(refused|loading) program \w+/, "$1 program …")}`
    alike.set(key, [...(alike.get(key) ?? []), where])
  }
  const lines = [...alike].flatMap(([what, where]) => [
    `  ${where.length} ${what}`,
    ...where.slice(0, NAMED).map(name => `      ${name}`),
    ...(where.length > NAMED ? [`      and ${where.length - NAMED} more`] : []),
  ])
  return ["", title, ...lines]
}

/** How many outliers are listed. */
const OUTLIERS = 20

/** Sums over the functions that both compilers have, and the functions in which skep needs most more. */
function against(programs: readonly ProgramResult[], baseline: ReadonlyMap<string, Baseline>): string[] {
  const pairs: { where: string; ours: FunctionResult; theirs: number }[] = []
  let compiled = 0
  let accepted = 0
  let tried = 0
  for (const { id } of programs) if (baseline.get(id)?.ok) compiled++
  for (const { id, functions } of programs) {
    for (const theirs of baseline.get(id)?.functions ?? []) {
      tried++
      if (theirs.load === "ok") accepted++
      // BCC 0.26 leaves the kernel itself out of the names of such functions.
      const ours = functions.find(fn => fn.name.replace(/^(k(?:ret)?func__)vmlinux__/, "$1") === theirs.name)
      if (ours !== undefined) pairs.push({ where: `${id} ${theirs.name}`, ours, theirs: theirs.insns })
    }
  }
  const ours = pairs.reduce((sum, pair) => sum + pair.ours.insns, 0)
  const theirs = pairs.reduce((sum, pair) => sum + pair.theirs, 0)
  const worst = pairs
    .map(pair => ({ ...pair, more: pair.ours.insns - pair.theirs }))
    .filter(({ more }) => more > 0)
    .sort((a, b) => b.more - a.more)
  return [
    "",
    `BCC: compiled ${compiled}, accepted ${part(accepted, tried)}`,
    `instructions of ${pairs.length} functions that both have: ${ours} to ${theirs} (${(ours / theirs).toFixed(3)}); larger than BCC's: ${worst.length}`,
    ...worst.slice(0, OUTLIERS).map(({ where, ours, theirs }) => `  ${where}: ${ours.insns} to ${theirs}`),
  ]
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[sorted.length >> 1] ?? 0
}
