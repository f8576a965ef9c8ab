import { SkepError } from "../base/index.ts"
import { TestProgram, type TestProgramOptions, testProgram } from "./program.ts"

/** Why a program is refused, for people; undefined when the verifier takes all of its functions. */
export async function refusalOf(given: TestProgram | TestProgramOptions): Promise<string | undefined> {
  const own = given instanceof TestProgram ? undefined : await attempt(() => testProgram(given))
  if (own instanceof SkepError) return text(own)
  const tested = own ?? (given as TestProgram)
  try {
    for (const { name, type, autoload } of tested.bpf.programs) {
      if (autoload === false || type === undefined) continue
      const refused = await attempt(() => tested.program(name))
      if (refused instanceof SkepError) return text(refused)
    }
    return undefined
  } finally {
    own?.[Symbol.dispose]()
  }
}

/** What a call gives, or the error that it ends with. */
async function attempt<T>(call: () => T | Promise<T>): Promise<T | SkepError> {
  try {
    return await call()
  } catch (error) {
    if (error instanceof SkepError) return error
    throw error
  }
}

/** The error, the steps that lead to it, and what to do. */
function text({ code, message, parts }: SkepError): string {
  const notes = (parts.notes ?? []).map(note => note.message)
  const why = parts.why === undefined ? [] : [`why: ${parts.why}`]
  const hint = parts.hint === undefined ? [] : [`hint: ${parts.hint}`]
  return [`${message} [${code}]`, ...why, ...notes, ...hint].join("\n")
}
