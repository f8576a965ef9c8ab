import { SourceFile } from "../../base/index.ts"
import { type Decl, Diagnostics, type MacroProvider, type NameProvider, parse, preprocess } from "../../c/index.ts"

/**
 * Pieces of C that are parsed when a name of theirs is first asked for. A piece starts at the beginning of a line and goes to the next empty
 * line.
 */
export class SnippetFile {
  readonly #name: string
  readonly #text: string
  readonly #pattern: RegExp
  #index: Map<string, [start: number, end: number]> | undefined

  /** `pattern` (with flags `gm`) matches the beginning of each piece; its first group is the name. */
  constructor(name: string, text: string, pattern: RegExp) {
    this.#name = name
    this.#text = text
    this.#pattern = pattern
  }

  /** The text around a piece, blank but for the piece, so that places in it are those of the whole file. */
  get(name: string): SourceFile | undefined {
    const range = this.#ranges().get(name)
    if (range === undefined) return undefined
    const lines = this.#text.slice(0, range[0]).replace(/[^\n]/g, "")
    return new SourceFile(this.#name, lines + this.#text.slice(...range), true)
  }

  names(): Iterable<string> {
    return this.#ranges().keys()
  }

  #ranges(): Map<string, [number, number]> {
    if (this.#index !== undefined) return this.#index
    this.#index = new Map()
    for (const match of this.#text.matchAll(this.#pattern)) {
      const end = this.#text.indexOf("\n\n", match.index)
      this.#index.set(match[1], [match.index, end < 0 ? this.#text.length : end + 1])
    }
    return this.#index
  }
}

/** Parses C that skep made or has in its headers. `lenient`: what has an error is left out; otherwise it is a defect of skep, and thrown. */
export function parseSnippet(
  file: SourceFile,
  names: NameProvider,
  macros: MacroProvider,
  lenient = false,
): readonly Decl[] {
  const diagnostics = new Diagnostics(lenient ? Number.POSITIVE_INFINITY : undefined)
  const tokens = preprocess(file, { diagnostics, macros })
  const unit = parse(file.name, tokens, diagnostics, { names })
  if (!lenient) diagnostics.throwIfErrors()
  return unit.decls
}
