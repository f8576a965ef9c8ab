import { readFileSync } from "node:fs"
import { dirname } from "node:path"
import { constants, Script } from "node:vm"
import { keep, readKept } from "../cache/index.ts"

/** What a bundle exports beside its own: the parts of it that this process used, see the cache room. */
export interface Bundle {
  readonly used: ReadonlySet<string>
}

/** Bytes before the code: which parts had been used when it was made, as JSON. */
const HEADER = 1024

/**
 * Loads a CommonJS bundle, whose text is the function that Node would make of it, with the code that V8 made of it in an earlier process, so that starting is reading a file instead of compiling. `build` names the bundle's content; `require` is that of a file beside it.
 *
 * The first process that uses a part keeps the code when it ends. V8 refuses code of another version or with other flags; that, and whatever
 * goes wrong, means compiling as usual.
 */
export function loadCompiled<T extends Bundle>(file: string, build: string, require: NodeJS.Require): T {
  const name = `code-${build}-${process.arch}-${engine()}`
  const kept = readKept(name)
  const parts = kept === undefined ? undefined : partsOf(kept)
  const script = new Script(readFileSync(file, "latin1"), {
    filename: file,
    ...(parts !== undefined && { cachedData: kept!.subarray(HEADER) }),
    importModuleDynamically: constants.USE_MAIN_CONTEXT_DEFAULT_LOADER,
  })
  const module = { exports: {} as T }
  script.runInThisContext()(module.exports, require, module, file, dirname(file))
  const known = script.cachedDataRejected === false ? parts! : []
  const { used } = module.exports
  process.once("exit", () => {
    if ([...used].every(part => known.includes(part))) return
    const header = JSON.stringify([...new Set([...known, ...used])]).padEnd(HEADER)
    if (header.length === HEADER) keep(name, Buffer.concat([Buffer.from(header, "latin1"), script.createCachedData()]))
  })
  return module.exports
}

/** The version of V8 and a number for the flags it may have been given. What `node:v8` has for this takes 2 ms to load. */
function engine(): string {
  const words = [...process.execArgv, ...(process.env.NODE_OPTIONS ?? "").split(" ")].filter(word =>
    word.startsWith("--"),
  )
  let hash = 0
  for (const character of words.join(" ")) hash = (Math.imul(hash, 31) + character.charCodeAt(0)) >>> 0
  return `${process.versions.v8}-${hash.toString(16)}`
}

function partsOf(kept: Buffer): string[] | undefined {
  try {
    return JSON.parse(kept.toString("latin1", 0, HEADER))
  } catch {
    return undefined
  }
}
