import { UsageError } from "./command.ts"

/** `NAME=VALUE` texts of an option as a record. @throws UsageError */
export function settings(option: string, texts: readonly string[] | undefined): Record<string, string> | undefined {
  if (texts === undefined) return undefined
  return Object.fromEntries(
    texts.map(text => {
      const found = /^([^=]+)=(.*)$/s.exec(text)
      if (found === null) throw new UsageError(`--${option} is NAME=VALUE, and this is '${text}'`)
      return [found[1].trim(), found[2]]
    }),
  )
}

/**
 * Values of variables as they are written on a command line: numbers, `true` and `false`, JSON for arrays and structs; all else is text.
 *
 *     5   -1   0x10   true   [1,2]   {"pid":7}   bash
 */
export function variableValues(texts: Readonly<Record<string, string>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(texts).map(([name, text]) => [name, variableValue(text)]))
}

function variableValue(text: string): unknown {
  if (/^(0x[\da-f]+|-?\d+)$/i.test(text)) {
    const value = BigInt(text)
    return Number.isSafeInteger(Number(value)) ? Number(value) : value
  }
  if (text === "true" || text === "false") return text === "true"
  if (!/^[[{"]/.test(text)) return text
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}
