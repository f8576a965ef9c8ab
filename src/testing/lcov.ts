import type { BranchHits, FileCoverage, FunctionHits } from "../vm/index.ts"

/** Line coverage as lcov's tracefile, which genhtml, editors and services read. */
export function lcov(files: readonly FileCoverage[]): string {
  return files.map(record).join("")
}

/**
 *     SF:drop.c            the file
 *     FN:4,drop            a function, and the line at which it begins
 *     FNDA:12,drop         how often it ran
 *     BRDA:5,0,1,3         a branch: its line, its number, the way (0 where the condition held), and how often it was taken; - where the line did not run
 *     DA:5,12              a line, and how often it ran
 *     end_of_record
 */
function record({ file, lines, functions, branches }: FileCoverage): string {
  const hit = (counts: Iterable<number>): number => [...counts].filter(count => count > 0).length
  const taken = (line: number, hits: number): string => (lines.get(line) === 0 ? "-" : `${hits}`)
  return [
    "TN:",
    `SF:${file}`,
    ...functions.map(({ line, name }) => `FN:${line},${name}`),
    ...functions.map(({ hits, name }) => `FNDA:${hits},${name}`),
    `FNF:${functions.length}`,
    `FNH:${hit(functions.map(({ hits }) => hits))}`,
    ...(branches === undefined
      ? []
      : [
          ...branches.map(({ line, branch, way, hits }) => `BRDA:${line},${branch},${way},${taken(line, hits)}`),
          `BRF:${branches.length}`,
          `BRH:${hit(branches.map(({ hits }) => hits))}`,
        ]),
    ...[...lines].map(([line, hits]) => `DA:${line},${hits}`),
    `LF:${lines.size}`,
    `LH:${hit(lines.values())}`,
    "end_of_record",
    "",
  ].join("\n")
}

/** Reads a tracefile's lines, functions and branches, of records that {@link lcov} wrote; what is of another form is left out. */
export function parseLcov(text: string): FileCoverage[] {
  const files: FileCoverage[] = []
  for (const part of text.split(/^end_of_record$/m)) {
    const file = /^SF:(.*)$/m.exec(part)?.[1]
    if (file === undefined) continue
    const lines = new Map(
      [...part.matchAll(/^DA:(\d+),(\d+)$/gm)].map(([, line, hits]) => [Number(line), Number(hits)]),
    )
    const starts = new Map([...part.matchAll(/^FN:(\d+),(.*)$/gm)].map(([, line, name]) => [name, Number(line)]))
    const functions = [...part.matchAll(/^FNDA:(\d+),(.*)$/gm)].map(([, hits, name]) => ({
      name,
      file,
      line: starts.get(name) ?? 0,
      hits: Number(hits),
    }))
    const branches = [...part.matchAll(/^BRDA:(\d+),(\d+),([01]),(\d+|-)$/gm)].map(
      ([, line, branch, way, taken]): BranchHits => ({
        line: Number(line),
        branch: Number(branch),
        way: way === "0" ? 0 : 1,
        hits: taken === "-" ? 0 : Number(taken),
      }),
    )
    files.push({ file, lines, functions, ...(/^BRF:/m.test(part) && { branches }) })
  }
  return files
}

/** The sums of what was counted of one file. */
class FileSum {
  readonly #lines = new Map<number, number>()
  readonly #functions = new Map<string, FunctionHits>()
  readonly #branches = new Map<string, BranchHits>()
  #branchesKnown = false

  add({ lines, functions, branches }: FileCoverage): void {
    for (const [line, hits] of lines) this.#lines.set(line, (this.#lines.get(line) ?? 0) + hits)
    for (const one of functions) addHits(this.#functions, one.name, one)
    for (const one of branches ?? []) addHits(this.#branches, `${one.line}:${one.branch}:${one.way}`, one)
    this.#branchesKnown ||= branches !== undefined
  }

  result(file: string): FileCoverage {
    const branches = [...this.#branches.values()].sort((a, b) => a.branch - b.branch || a.way - b.way)
    return {
      file,
      lines: new Map([...this.#lines].sort(([a], [b]) => a - b)),
      functions: [...this.#functions.values()].sort((a, b) => a.line - b.line),
      ...(this.#branchesKnown && { branches }),
    }
  }
}

function addHits<T extends { hits: number }>(sums: Map<string, T>, key: string, one: T): void {
  sums.set(key, { ...one, hits: (sums.get(key)?.hits ?? 0) + one.hits })
}

/** The sums of several: of the processes of a test run. */
export function mergeCoverage(all: readonly FileCoverage[]): FileCoverage[] {
  const files = new Map<string, FileSum>()
  for (const one of all) {
    let sum = files.get(one.file)
    if (sum === undefined) files.set(one.file, (sum = new FileSum()))
    sum.add(one)
  }
  return [...files].sort(([a], [b]) => (a < b ? -1 : 1)).map(([file, sum]) => sum.result(file))
}
