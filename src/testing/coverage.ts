import { randomUUID } from "node:crypto"
import { writeFileSync } from "node:fs"
import { join, resolve } from "node:path"
import { Coverage, type FileCoverage } from "../vm/index.ts"
import { lcov, mergeCoverage } from "./lcov.ts"

/** Names the folder to which the processes of a test run write what they counted: `skep cover` sets it. */
export const COVERAGE_FOLDER = "SKEP_COVERAGE"

/** Most of a process's time that goes into writing counts while tests run: one part of so many. */
const SHARE = 20

/** What programs under test did in one process, or in one of its threads. */
class Counts {
  /** Of objects that were compiled before: counted by their instructions. */
  readonly instructions = new Coverage()
  readonly #path: string
  readonly #running = new Set<() => readonly FileCoverage[]>()
  #ended: FileCoverage[] = []
  #due = false
  #next = 0

  constructor(folder: string) {
    this.#path = join(folder, `${randomUUID()}.info`)
    process.once("exit", () => this.#write())
  }

  /** Adds a program whose counts can be asked for; the call that is given back takes it out, and keeps what it counted. */
  add(counts: () => readonly FileCoverage[]): () => void {
    this.#running.add(counts)
    return () => {
      if (!this.#running.delete(counts)) return
      this.#ended = mergeCoverage([...this.#ended, ...counts()])
      this.changed()
    }
  }

  /**
   * Has the counts written soon: test runners end the processes and threads of their tests by force, and nothing runs at their end then.
   */
  changed(): void {
    if (this.#due) return
    this.#due = true
    setTimeout(() => this.#write(), Math.max(0, this.#next - performance.now())).unref()
  }

  #write(): void {
    const begin = performance.now()
    this.#due = false
    const all = [...this.#ended, ...[...this.#running].flatMap(counts => counts()), ...this.instructions.files()]
    // With the whole paths of the files, so that processes may have run in several folders.
    writeFileSync(this.#path, lcov(mergeCoverage(all).map(one => ({ ...one, file: resolve(one.file) }))))
    const end = performance.now()
    this.#next = end + SHARE * (end - begin)
  }
}

let counted: Counts | undefined

/** What counts for this process, where `skep cover` asks for it. */
export function counts(): Counts | undefined {
  const folder = process.env[COVERAGE_FOLDER]
  if (folder === undefined || folder === "") return undefined
  counted ??= new Counts(folder)
  return counted
}
