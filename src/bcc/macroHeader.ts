import { SourceFile } from "../base/index.ts"
import type { MacroText } from "../c/index.ts"

/** The macros of one shim header, found by a scan for `#define` when one of them is first asked for. */
export class MacroHeader {
  readonly file: SourceFile
  #index: Map<string, MacroText> | undefined

  constructor(name: string, text: string) {
    this.file = new SourceFile(name, text, true)
  }

  get(name: string): MacroText | undefined {
    this.#index ??= this.#scan()
    return this.#index.get(name)
  }

  has(name: string): boolean {
    return this.get(name) !== undefined
  }

  #scan(): Map<string, MacroText> {
    const { file } = this
    const { text } = file
    const index = new Map<string, MacroText>()
    const mark = "#define "
    for (let at = text.indexOf(mark); at >= 0; at = text.indexOf(mark, at + 1)) {
      const start = at + mark.length
      let end = text.indexOf("\n", start)
      while (text.charCodeAt(end - 1) === 92) end = text.indexOf("\n", end + 1)
      let nameEnd = start
      while (isWord(text.charCodeAt(nameEnd))) nameEnd++
      index.set(text.slice(start, nameEnd), { file, start, end })
      at = end
    }
    return index
  }
}

const isWord = (c: number) => (c >= 97 && c <= 122) || (c >= 65 && c <= 90) || (c >= 48 && c <= 57) || c === 95
