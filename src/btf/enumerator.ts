import { join64 } from "./decode.ts"
import { BTF_KIND } from "./format.ts"

/** Value of the enumerator whose name is at an offset, in the `enum` or `enum64` at a word; undefined when it has none. A bigint in an `enum64`. */
export function enumeratorIn(words: Uint32Array, type: number, name: number): number | bigint | undefined {
  const info = words[type + 1]
  const wide = ((info >>> 24) & 31) === BTF_KIND.enum64
  const signed = info >>> 31 === 1
  const stride = wide ? 3 : 2
  let at = type + 3
  for (const end = at + (info & 0xffff) * stride; at < end; at += stride) {
    if (words[at] !== name) continue
    const low = words[at + 1]
    return wide ? join64(low, words[at + 2], signed) : signed ? low | 0 : low
  }
  return undefined
}
