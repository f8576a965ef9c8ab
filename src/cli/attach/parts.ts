import { UsageError } from "../command.ts"

/** `/EXPRESSION/` without its slashes; undefined for anything else. */
export const expressionOf = (event: string): string | undefined => /^\/(.+)\/$/.exec(event)?.[1]

/** `NAME+OFFSET`. Throws UsageError where no number stands behind the plus. */
export function splitOffset(event: string): [name: string, offset: number | undefined] {
  const at = event.indexOf("+")
  if (at < 0) return [event, undefined]
  const offset = Number(event.slice(at + 1))
  if (!Number.isInteger(offset) || offset < 0) throw new UsageError(`'${event}' has no number behind the +`)
  return [event.slice(0, at), offset]
}

/** A word of a list. Throws UsageError that names the list. */
export function oneOf<const W extends string>(word: string, words: readonly W[], what: string): W {
  const found = words.find(known => known === word)
  if (found !== undefined) return found
  throw new UsageError(`'${word}' is no ${what}`, `it is one of ${words.join(", ")}`)
}

/** `A:B` at the last colon where what follows it is one of the words; else all is A. */
export function splitWord<const W extends string>(
  event: string,
  words: readonly W[],
): [head: string, word: W | undefined] {
  const at = event.lastIndexOf(":")
  const word = words.find(known => at > 0 && known === event.slice(at + 1))
  return word === undefined ? [event, undefined] : [event.slice(0, at), word]
}
