import { readdirSync, readFileSync } from "node:fs"
import { basename, join } from "node:path"
import { readElf } from "../../src/object/index.ts"
import { readCorpus } from "../compat/corpus.ts"
import { Bench } from "../compat/measure.ts"
import { Compiler, selftestNames } from "../oracle/selftests/compile.ts"
import { Judge } from "../oracle/selftests/load.ts"
import { collectLoads } from "./collect.ts"
import type { Compared } from "./compare.ts"

type Show = (name: string) => void

/** The programs of the objects of a folder. Words choose files by parts of their names. */
export function runObjects(folder: string, words: readonly string[], show: Show): Compared[] {
  const judge = new Judge()
  const files = readdirSync(folder).filter(name => name.endsWith(".o"))
  const wanted = files.filter(name => words.length === 0 || words.some(word => name.includes(word)))
  return wanted.sort().flatMap(file => {
    const name = basename(file, ".o")
    show(name)
    return collectLoads(name, () => {
      try {
        judge.judge(readElf(readFileSync(join(folder, file)), file))
      } catch {
        // A file that is not taken as an object has no programs.
      }
    })
  })
}

/** The selftests' programs as skep compiles them. */
export function runCompiled(selftests: string, words: readonly string[], show: Show): Compared[] {
  const judge = new Judge()
  const compiler = new Compiler(selftests)
  return selftestNames(selftests, words).flatMap(name => {
    show(name)
    const { object } = compiler.compile(name)
    return object === undefined ? [] : collectLoads(name, () => judge.judge(object))
  })
}

/** The programs of BCC's tools, as skep compiles them. */
export function runCorpus(corpus: string, words: readonly string[], show: Show): Compared[] {
  const bench = new Bench({})
  return readCorpus(corpus, words).flatMap(program => {
    show(program.id)
    return collectLoads(program.id, () => bench.run(program, false))
  })
}
