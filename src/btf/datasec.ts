import { Btf } from "./btf.ts"
import { joinSections } from "./builder.ts"
import { parseHeader } from "./header.ts"
import { scanTypes } from "./scan.ts"

/** Where the variables of a section are. */
export interface SectionPlaces {
  readonly size: number
  /** Undefined for a variable that is not in the section: it stays where BTF says. */
  offset(variable: string): number | undefined
}

/**
 * Sets the sizes of an encoded .BTF's data sections and the offsets of the variables in them, in rising order as the
 * kernel asks. `place` knows the sections; one it does not know is left alone.
 * @throws SkepError as `Btf.parse` does
 */
export function placeVariables(bytes: Uint8Array, place: (section: string) => SectionPlaces | undefined): Uint8Array {
  const btf = Btf.parse(bytes)
  const { littleEndian, words, strings } = parseHeader(bytes)
  const { start } = scanTypes(words)
  const placed = words.slice()
  let changed = false
  for (const id of btf.ids("datasec")) {
    const section = btf.type(id)
    const places = place(section.name)
    if (section.kind !== "datasec" || places === undefined) continue
    const vars = section.vars.map(entry => ({ ...entry, offset: places.offset(btf.name(entry.type)) ?? entry.offset }))
    vars.sort((a, b) => a.offset - b.offset)
    let at = start[id - 1] + 2
    placed[at++] = places.size
    for (const { type, offset, size } of vars) {
      placed[at++] = type
      placed[at++] = offset
      placed[at++] = size
    }
    changed = true
  }
  return changed ? joinSections(wordBytes(placed, littleEndian), strings, littleEndian) : bytes
}

/** The bytes of a type section. */
export function wordBytes(words: Uint32Array | readonly number[], littleEndian: boolean): Uint8Array {
  const bytes = new Uint8Array(words.length * 4)
  const view = new DataView(bytes.buffer)
  for (let i = 0; i < words.length; i++) view.setUint32(i * 4, words[i], littleEndian)
  return bytes
}
