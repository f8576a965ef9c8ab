import { SkepError } from "../../base/index.ts"
import { CharArray } from "../../btf/index.ts"

/**
 * A key or value as one line of text, as BCC's `key_sprintf` writes it: numbers in hexadecimal, structs in braces, arrays in brackets, texts in quotes.
 *
 *     { 0x2a "bash" [ 0x1 0x2 ] }
 */
export function textOfValue(value: unknown): string {
  if (typeof value === "number" || typeof value === "bigint") return hexadecimal(value)
  if (typeof value === "boolean") return value ? "0x1" : "0x0"
  if (value instanceof CharArray) return JSON.stringify(value.text)
  if (ArrayBuffer.isView(value)) return list(Array.from(value as Uint8Array), "[", "]")
  if (Array.isArray(value)) return list(value, "[", "]")
  return list(Object.values(value as object), "{", "}")
}

const list = (values: readonly unknown[], open: string, close: string): string =>
  [open, ...values.map(textOfValue), close].join(" ")

const hexadecimal = (value: number | bigint): string =>
  value < 0 ? `-0x${(-value).toString(16)}` : `0x${value.toString(16)}`

/** Reads such a text; `like` is any value of the type. Numbers may be decimal, too. @throws SkepError BTF_VALUE_TYPE */
export function valueOfText(text: string, like: unknown): unknown {
  const words = text.match(/"(?:[^"\\]|\\.)*"|[{}[\]]|[^\s{}[\]"]+/g) ?? []
  let at = 0
  const bad = (want: string): SkepError =>
    new SkepError({
      code: "BTF_VALUE_TYPE",
      message: `${want} is missing in ${JSON.stringify(text)}${at < words.length ? ` before ${words[at]}` : ""}`,
      hint: `a value of this type looks like ${textOfValue(like)}`,
    })
  const take = (word: string): void => {
    if (words[at] !== word) throw bad(`'${word}'`)
    at++
  }
  const all = (values: readonly unknown[], open: string, close: string): unknown[] => {
    take(open)
    const read = values.map(one)
    take(close)
    return read
  }
  const one = (model: unknown): unknown => {
    if (model instanceof CharArray) {
      if (!words[at]?.startsWith('"')) throw bad("a text in quotes")
      return JSON.parse(words[at++])
    }
    if (ArrayBuffer.isView(model)) return Uint8Array.from(all(Array.from(model as Uint8Array), "[", "]") as number[])
    if (Array.isArray(model)) return all(model, "[", "]")
    if (typeof model === "object" && model !== null) {
      const values = all(Object.values(model), "{", "}")
      return Object.fromEntries(Object.keys(model).map((name, i) => [name, values[i]]))
    }
    const number = /^(-?)(0x[0-9a-f]+|\d+)$/i.exec(words[at] ?? "")
    if (number === null) throw bad("a number")
    at++
    const value = number[1] === "-" ? -BigInt(number[2]) : BigInt(number[2])
    return typeof model === "bigint" ? value : typeof model === "boolean" ? value !== 0n : Number(value)
  }
  const value = one(like)
  if (at < words.length) throw bad("the end")
  return value
}
