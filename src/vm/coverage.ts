import type { BpfObject, Image } from "../object/index.ts"

/** Counters of an image: which instruction has which, and how often each was reached. */
export interface Counters {
  /** By index of an instruction: the number of its counter, −1 for none. */
  readonly at: Int32Array
  readonly counts: Float64Array
}

/** A function of a program, and how often it ran. */
export interface FunctionHits {
  /** Its name in C. */
  readonly name: string
  /** The file that it stands in, as messages name it. */
  readonly file: string
  /** Its first line that has code, from 1. */
  readonly line: number
  /** How often. */
  hits: number
}

/** One of the two ways on from a branch, and how often it was taken. */
export interface BranchHits {
  /** Where it stands, from 1. */
  readonly line: number
  /** Number of the branch among those of its file. */
  readonly branch: number
  /** 0 where its condition held, 1 where not. */
  readonly way: 0 | 1
  /** How often. */
  hits: number
}

/** How often the lines and functions of one file ran. */
export interface FileCoverage {
  /** As messages name it. */
  readonly file: string
  /** By line, from 1: only lines that have code. */
  readonly lines: ReadonlyMap<number, number>
  /** Its functions, in their order. */
  readonly functions: readonly FunctionHits[]
  /** Undefined where branches were not counted. */
  readonly branches?: readonly BranchHits[]
}

interface Counted {
  readonly image: Image
  readonly object: BpfObject
  readonly counters: Counters
}

/**
 * Counts how often lines of C run, in all programs of the machines that it is given to: where the code of a line begins, a counter is put into
 * the program. Lines that the optimiser left no code of are not there.
 */
export class Coverage {
  readonly #counted: Counted[] = []

  /** Counters for an image: at the beginning of each function and wherever code of another line begins. */
  count(image: Image, object: BpfObject): Counters {
    const at = new Int32Array(image.insns.length).fill(-1)
    let count = 0
    for (const { spec, first } of image.functions) {
      for (const insn of [0, ...spec.lineInfo.map(info => info.insn)])
        if (at[first + insn] < 0) at[first + insn] = count++
    }
    const counters = { at, counts: new Float64Array(count) }
    this.#counted.push({ image, object, counters })
    return counters
  }

  /** What was counted so far, by file and sorted by name. A line whose code is in several places counts where it ran most. */
  files(): FileCoverage[] {
    const lines = new Map<string, Map<number, number>>()
    const functions = new Map<string, FunctionHits>()
    // What one program did with a line, and then the sum over programs.
    for (const { image, object, counters } of this.#counted) {
      const here = new Map<string, Map<number, number>>()
      for (const { spec, first } of image.functions) {
        const hitsAt = (insn: number): number => counters.counts[counters.at[first + insn]]
        for (const { insn, line } of spec.lineInfo) {
          const source = object.lines[line]
          const file = entry(here, source.file)
          file.set(source.line, Math.max(file.get(source.line) ?? 0, hitsAt(insn)))
        }
        const source = object.lines[spec.lineInfo[0]?.line]
        if (source !== undefined) addFunction(functions, spec.name, source, hitsAt(0))
      }
      for (const [name, counts] of here) {
        const file = entry(lines, name)
        for (const [line, hits] of counts) file.set(line, (file.get(line) ?? 0) + hits)
      }
    }
    return [...lines].sort(byFirst).map(([file, counts]) => ({
      file,
      lines: new Map([...counts].sort(byFirst)),
      functions: [...functions.values()].filter(one => one.file === file).sort((a, b) => a.line - b.line),
    }))
  }
}

function addFunction(
  functions: Map<string, FunctionHits>,
  name: string,
  { file, line }: { readonly file: string; readonly line: number },
  hits: number,
): void {
  const key = `${file}\n${name}`
  const known = functions.get(key)
  if (known === undefined) functions.set(key, { name, file, line, hits })
  else known.hits += hits
}

function entry(files: Map<string, Map<number, number>>, file: string): Map<number, number> {
  let lines = files.get(file)
  if (lines === undefined) files.set(file, (lines = new Map()))
  return lines
}

const byFirst = <T extends string | number>([a]: readonly [T, unknown], [b]: readonly [T, unknown]): number =>
  a < b ? -1 : a > b ? 1 : 0
