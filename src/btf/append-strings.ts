import { concat, joinSections } from "./builder.ts"
import { BTF_KIND, BTF_LINKAGES } from "./format.ts"
import { parseHeader } from "./header.ts"
import { scanTypes } from "./scan.ts"
import { StringBuilder } from "./string-builder.ts"

/** An encoded .BTF whose string section is to be lengthened; see {@link appendStrings}. */
export interface BtfStringAppender {
  /** Offset of a string, which is added when this appender has not added it yet. @throws SkepError BTF_BAD_NAME */
  string(text: string): number
  /** The .BTF with the strings added so far. */
  encode(): Uint8Array
}

/** What else is to be done to the types. */
export interface AppendOptions {
  /** Makes functions and variables that are `extern` global ones: the kernel's own reader knows nothing else. */
  readonly settleExterns?: boolean
}

/**
 * Adds strings to an encoded .BTF without touching its types: the file names and source lines that line info refers to.
 * Not for split BTF.
 * @throws SkepError as `Btf.parse` does
 */
export function appendStrings(btf: Uint8Array, options: AppendOptions = {}): BtfStringAppender {
  const { littleEndian, words: read, strings } = parseHeader(btf)
  // What was read may be a view of the bytes given.
  const words = options.settleExterns ? read.slice() : read
  if (options.settleExterns) settleExterns(words)
  const types = new Uint8Array(words.length * 4)
  const view = new DataView(types.buffer)
  for (let i = 0; i < words.length; i++) view.setUint32(i * 4, words[i], littleEndian)
  const added = new StringBuilder(strings.length)
  return {
    string: text => added.add(text),
    encode: () => joinSections(types, concat(strings, added.bytes()), littleEndian),
  }
}

/** The linkage of a function is in the low bits of its second word, that of a variable in the word behind its head. */
function settleExterns(words: Uint32Array): void {
  const { first, next, start } = scanTypes(words)
  const extern = BTF_LINKAGES.indexOf("extern")
  const global = BTF_LINKAGES.indexOf("global")
  for (let i = first[BTF_KIND.func]; i !== 0; i = next[i - 1]) {
    const at = start[i - 1] + 1
    if ((words[at] & 0xffff) === extern) words[at] = (words[at] & ~0xffff) | global
  }
  for (let i = first[BTF_KIND.var]; i !== 0; i = next[i - 1]) {
    const at = start[i - 1] + 3
    if (words[at] === extern) words[at] = global
  }
}
