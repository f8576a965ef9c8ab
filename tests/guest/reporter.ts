import type { TestEvent } from "node:test/reporters"
import type { GuestTest } from "./report.ts"

/** A reporter for Node's test runner: one JSON object a line for each test that has none inside it, or that fails by itself. */
export default async function* reporter(events: AsyncIterable<TestEvent>): AsyncGenerator<string> {
  const path: { name: string; parent: boolean }[] = []
  for await (const { type, data } of events) {
    if (type === "test:start") {
      path.length = data.nesting
      if (path.length > 0) path.at(-1)!.parent = true
      path.push({ name: data.name, parent: false })
    } else if (type === "test:pass" || type === "test:fail") {
      const here = path[data.nesting]
      const error = type === "test:fail" ? data.details.error : undefined
      const inside = error && "failureType" in error && error.failureType === "subtestsFailed"
      const group = here?.parent || (data.details.type === "suite" && data.skip === undefined)
      if (group && (!error || inside)) continue
      const report: GuestTest = { type: "test", path: [...path.slice(0, data.nesting).map(p => p.name), data.name] }
      if (data.skip !== undefined) report.skip = data.skip
      if (data.todo !== undefined) report.todo = data.todo
      if (error) report.error = plainError(error.cause ?? error)
      yield `${JSON.stringify(report)}\n`
    }
  }
}

function plainError(error: unknown): { message: string; stack: string } {
  if (!(error instanceof Error)) return { message: String(error), stack: String(error) }
  return { message: error.message, stack: error.stack ?? error.message }
}
