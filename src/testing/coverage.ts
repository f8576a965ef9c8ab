import { writeFileSync } from "node:fs"
import { join, resolve } from "node:path"
import { Coverage, type FileCoverage } from "../vm/index.ts"
import { lcov } from "./lcov.ts"

/** Names the folder to which the processes of a test run write what they counted: `skep cover` sets it. */
export const COVERAGE_FOLDER = "SKEP_COVERAGE"

let counted: Coverage | undefined

/** What counts lines of the programs of this process, where `skep cover` asks for it; written when the process ends. */
export function coverage(): Coverage | undefined {
  const folder = process.env[COVERAGE_FOLDER]
  if (folder === undefined || folder === "") return undefined
  if (counted === undefined) {
    const mine = new Coverage()
    counted = mine
    process.once("exit", () => {
      const name = `${process.pid}-${Date.now()}.info`
      writeFileSync(join(folder, name), lcov(inFolder(mine.files())))
    })
  }
  return counted
}

/** With the whole paths of the files, so that processes may have run in several folders. */
const inFolder = (files: readonly FileCoverage[]): FileCoverage[] =>
  files.map(one => ({ ...one, file: resolve(one.file) }))
