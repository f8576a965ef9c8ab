import { readFileSync } from "node:fs"

/** How deep response files may name others. */
const DEPTH = 20

/**
 * Puts the content of response files in place of their names:
 *
 *     cc -c @flags.txt a.c     with `-O2 -D'X=a b'` in flags.txt     cc -c -O2 "-DX=a b" a.c
 *
 * A file that is not there leaves the argument as it is, as compilers do.
 */
export function expandResponseFiles(args: readonly string[], depth = 0): string[] {
  return args.flatMap(arg => {
    if (!arg.startsWith("@") || depth >= DEPTH) return [arg]
    let text: string
    try {
      text = readFileSync(arg.slice(1), "utf8")
    } catch {
      return [arg]
    }
    return expandResponseFiles(splitWords(text), depth + 1)
  })
}

/** Words as a shell has them: quotes of both kinds and backslashes. */
export function splitWords(text: string): string[] {
  const words: string[] = []
  for (const [word] of text.matchAll(/(?:[^\s"'\\]|\\[\s\S]|"(?:[^"\\]|\\[\s\S])*"?|'[^']*'?)+/g)) {
    words.push(
      word.replace(/\\([\s\S])|"((?:[^"\\]|\\[\s\S])*)"?|'([^']*)'?/g, (_all, escaped, double, single) => {
        return escaped ?? single ?? double.replace(/\\([\s\S])/g, "$1")
      }),
    )
  }
  return words
}
