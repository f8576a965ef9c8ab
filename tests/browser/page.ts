import { needOf, type Outcome, runTests } from "./nodeTest.ts"

/** Outcomes of a file of tests, as the page tells them to its server. */
export interface FileOutcomes {
  readonly file: string
  readonly outcomes: readonly Outcome[]
  /** What of a computer the whole file needs, where it cannot even be read without. */
  readonly needs?: string
}

/** Runs the files one after another, and tells the server of each. */
export async function runPage(files: Readonly<Record<string, () => Promise<unknown>>>): Promise<void> {
  for (const [file, read] of Object.entries(files)) {
    const outcomes: Outcome[] = []
    let needs: string | undefined
    try {
      await runTests(read, outcome => outcomes.push(outcome))
    } catch (error) {
      needs = needOf(error)
      if (needs === undefined)
        outcomes.push({ name: file, state: "fail", why: String((error as Error).stack ?? error) })
    }
    await fetch("/done", { method: "POST", body: JSON.stringify({ file, outcomes, needs } satisfies FileOutcomes) })
  }
  await fetch("/end", { method: "POST" })
}
