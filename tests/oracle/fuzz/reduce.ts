import { tokensOf } from "./seeds.ts"

/**
 * Leaves out of a text what it can while `stillFails` is true: pieces of tokens, from large ones to single ones, until nothing more can go or
 * `tries` are used up.
 */
export async function reduceText(
  text: string,
  stillFails: (text: string) => boolean | Promise<boolean>,
  tries: number,
): Promise<string> {
  let tokens = tokensOf(text)
  let left = tries
  for (let size = tokens.length >> 1; size > 0 && left > 0; ) {
    let shrunk = false
    for (let at = 0; at < tokens.length && left > 0; left--) {
      const without = [...tokens.slice(0, at), ...tokens.slice(at + size)]
      if (await stillFails(without.join(""))) {
        tokens = without
        shrunk = true
      } else at += size
    }
    if (size > 1) size >>= 1
    else if (!shrunk) break
  }
  return tokens.join("")
}
