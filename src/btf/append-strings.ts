import { concat, joinSections } from "./builder.ts"
import { wordBytes } from "./datasec.ts"
import { parseHeader } from "./header.ts"
import { StringBuilder } from "./string-builder.ts"

/** An encoded .BTF whose string section is to be lengthened; see {@link appendStrings}. */
export interface BtfStringAppender {
  /** Offset of a string, which is added when this appender has not added it yet. @throws SkepError BTF_BAD_NAME */
  string(text: string): number
  /** The .BTF with the strings added so far. */
  encode(): Uint8Array
}

/**
 * Adds strings to an encoded .BTF without touching its types: the file names and source lines that line info refers to.
 * Not for split BTF.
 * @throws SkepError as `Btf.parse` does
 */
export function appendStrings(btf: Uint8Array): BtfStringAppender {
  const { littleEndian, words, strings } = parseHeader(btf)
  const types = wordBytes(words, littleEndian)
  const added = new StringBuilder(strings.length)
  return {
    string: text => added.add(text),
    encode: () => joinSections(types, concat(strings, added.bytes()), littleEndian),
  }
}
