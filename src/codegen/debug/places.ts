import type { Span } from "../../base/index.ts"
import type { SourcePlace } from "../../object/index.ts"

/** Places of declarations, and the files that they are in, each file once. */
export class PlaceTable {
  readonly files: string[] = []
  readonly #index = new Map<string, number>()

  of({ file, start }: Span): SourcePlace {
    const { name, line, column } = file.presumed(start)
    let index = this.#index.get(name)
    if (index === undefined) this.#index.set(name, (index = this.files.push(name) - 1))
    return { file: index, line, column }
  }
}
