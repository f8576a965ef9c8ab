import type { FileCoverage } from "../vm/index.ts"

/** Line coverage as lcov's tracefile, which genhtml, editors and services read. */
export function lcov(files: readonly FileCoverage[]): string {
  return files.map(record).join("")
}

/**
 *     SF:drop.c            the file
 *     FN:4,drop            a function, and the line at which its code begins
 *     FNDA:12,drop         how often it ran
 *     DA:5,12              a line, and how often it ran
 *     end_of_record
 */
function record({ file, lines, functions }: FileCoverage): string {
  const hit = (counts: Iterable<number>): number => [...counts].filter(count => count > 0).length
  return [
    "TN:",
    `SF:${file}`,
    ...functions.map(({ line, name }) => `FN:${line},${name}`),
    ...functions.map(({ hits, name }) => `FNDA:${hits},${name}`),
    `FNF:${functions.length}`,
    `FNH:${hit(functions.map(({ hits }) => hits))}`,
    ...[...lines].map(([line, hits]) => `DA:${line},${hits}`),
    `LF:${lines.size}`,
    `LH:${hit(lines.values())}`,
    "end_of_record",
    "",
  ].join("\n")
}

/** Reads a tracefile's lines and functions, of records that {@link lcov} wrote. */
export function parseLcov(text: string): FileCoverage[] {
  const files: FileCoverage[] = []
  for (const part of text.split("end_of_record")) {
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
    files.push({ file, lines, functions })
  }
  return files
}

/** The sums of several: of the processes of a test run. */
export function mergeCoverage(all: readonly FileCoverage[]): FileCoverage[] {
  const files = new Map<
    string,
    { lines: Map<number, number>; functions: Map<string, FileCoverage["functions"][number]> }
  >()
  for (const { file, lines, functions } of all) {
    let sum = files.get(file)
    if (sum === undefined) files.set(file, (sum = { lines: new Map(), functions: new Map() }))
    for (const [line, hits] of lines) sum.lines.set(line, (sum.lines.get(line) ?? 0) + hits)
    for (const one of functions) {
      const hits = (sum.functions.get(one.name)?.hits ?? 0) + one.hits
      sum.functions.set(one.name, { ...one, hits })
    }
  }
  return [...files]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([file, { lines, functions }]) => ({
      file,
      lines: new Map([...lines].sort(([a], [b]) => a - b)),
      functions: [...functions.values()].sort((a, b) => a.line - b.line),
    }))
}
