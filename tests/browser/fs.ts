import { NeedsComputer } from "./nodeTest.ts"

/** What tests in a browser can do of `node:fs`: read the project's files, which the page's server has, at once. */

/** What is used here of the page's own XMLHttpRequest, which this project's types do not have. */
interface Request {
  readonly status: number
  readonly responseText: string
  open(method: "GET", url: string, async: false): void
  overrideMimeType(type: string): void
  send(): void
}
declare const XMLHttpRequest: new () => Request

function ask(path: unknown, what: "files" | "folders"): Request {
  const request = new XMLHttpRequest()
  request.open("GET", `/${what}/${String(path).replace(/^\.?\//, "")}`, false)
  // Bytes as characters of the same number: what a request that is waited for can give.
  request.overrideMimeType("text/plain; charset=x-user-defined")
  request.send()
  return request
}

export function readFileSync(path: unknown, encoding?: string | { encoding?: string }): Uint8Array | string {
  const request = ask(path, "files")
  if (request.status !== 200) throw new NeedsComputer(`the file ${String(path)}`)
  const bytes = Uint8Array.from([...request.responseText].map(character => character.charCodeAt(0) & 0xff))
  return encoding === undefined ? bytes : new TextDecoder().decode(bytes)
}

export const existsSync = (path: unknown): boolean => ask(path, "files").status === 200

export function readdirSync(path: unknown): string[] {
  const request = ask(path, "folders")
  if (request.status !== 200) throw new NeedsComputer(`the folder ${String(path)}`)
  return JSON.parse(request.responseText) as string[]
}
