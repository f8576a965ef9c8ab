import { type ElfImage, textAt } from "./image.ts"

const HIDDEN = 0x8000
/** Steps along a chain of records above this are damage. */
const MOST_RECORDS = 4096

/**
 * Names of the versions of an image's dynamic symbols, by the symbol's index: `@@GLIBC_2.14` for the version that new programs are bound to,
 * `@GLIBC_2.2.5` for one that is kept for old ones; undefined where there is none.
 *
 *     .gnu.version    u16 a symbol: number of the version, 0x8000 when it is not the default
 *     .gnu.version_d  version u16, flags u16, index u16, count u16, hash u32, aux u32, next u32; aux: name u32, next u32
 */
export function symbolVersions(image: ElfImage): (index: number) => string | undefined {
  const numbers = image.read(image.section(".gnu.version"))
  const definitions = image.section(".gnu.version_d")
  if (numbers.length === 0 || definitions === undefined) return () => undefined
  const bytes = image.read(definitions)
  const names = image.read(image.sections[definitions.link])
  const view = image.view(bytes)
  const byNumber = new Map<number, string>()
  for (let at = 0, n = 0; at + 20 <= bytes.length && n < MOST_RECORDS; n++) {
    byNumber.set(view.u16(at + 4), textAt(names, view.u32(at + view.u32(at + 12))))
    const next = view.u32(at + 16)
    if (next === 0) break
    at += next
  }
  const number = image.view(numbers)
  return index => {
    const version = number.u16(index * 2)
    // 0 is local and 1 the file itself.
    if ((version & ~HIDDEN) < 2) return undefined
    const name = byNumber.get(version & ~HIDDEN)
    return name && `${version & HIDDEN ? "@" : "@@"}${name}`
  }
}
