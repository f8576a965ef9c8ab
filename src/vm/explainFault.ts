import { SkepError } from "../base/index.ts"
import { type BpfObject, findLine, type Image, poisonAt } from "../object/index.ts"
import type { CodeImage } from "./code.ts"
import { Fault } from "./fault.ts"

/** Where the instructions of an image come from. */
interface Source {
  readonly program: string
  readonly object: BpfObject
  readonly image: Image
}

const sources = new WeakMap<CodeImage, Source>()

/** Remembers where an image comes from, for what happens in it. */
export function rememberSource(image: CodeImage, source: Source): void {
  sources.set(image, source)
}

/** A fault as an error that says in which program and at which line it happened; other errors as they are. */
export function explainFault(error: unknown): unknown {
  if (!(error instanceof Fault)) return error
  const { code, message, hint, place } = error
  const source = place && sources.get(place.image)
  if (place === undefined || source === undefined) return new SkepError({ code, message, hint, cause: error })
  const found = findLine(source.image, place.slot)
  const line = found?.line && source.object.lines[found.line.line]
  const where = line === undefined ? `instruction ${place.slot}` : `${line.file}:${line.line}`
  return new SkepError({
    code,
    message: `${source.program}, ${where}: ${poisonAt(source.image, place.slot) ?? message}`,
    why: line && `the line is: ${line.text.trim()}`,
    hint,
    cause: error,
  })
}
