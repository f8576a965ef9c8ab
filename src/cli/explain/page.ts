import { existsSync, readdirSync, readFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { didYouMean } from "../../base/index.ts"
import { UsageError } from "../command.ts"

/** The pages of docs/diagnostics, beside the program. */
const PAGES = fileURLToPath(new URL("diagnostics/", import.meta.url))

/** What an error's code means. Throws UsageError for a code that there is not. */
export function pageOf(code: string): string {
  const path = `${PAGES}${code}.md`
  if (existsSync(path)) return readFileSync(path, "utf8")
  const codes = existsSync(PAGES) ? readdirSync(PAGES).map(name => name.replace(/\.md$/, "")) : []
  throw new UsageError(
    `there is no code '${code}'${didYouMean(code, codes)}`,
    "codes stand in brackets behind a message: [C_UNDECLARED]",
  )
}

/** True for an argument in the form of a code. */
export const isCode = (text: string): boolean => /^[A-Z][A-Z0-9]*(_[A-Z0-9]+)+$/.test(text)
