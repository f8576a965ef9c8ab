// What a test run prints: a line for each file as it ends, each failure in full when it happens and by name at the end,
// skipped tests by name with the reason, and the test runner's own figures last.
import { inspect } from "node:util"

const source = file => file.replace(/^.*?build\/test\/(.*)\.js$/, "$1.ts").replace(`${process.cwd()}/`, "")

const indent = text => text.replace(/^(?=.)/gm, "    ")

export default async function* reporter(events) {
  const path = []
  const failed = []
  const skipped = new Map()
  const output = new Map()
  const summary = []
  for await (const { type, data } of events) {
    if (type === "test:start") {
      path.length = data.nesting
      path.push(data.name)
    } else if (type === "test:stdout" || type === "test:stderr") {
      output.set(data.file, (output.get(data.file) ?? "") + data.message)
    } else if (type === "test:complete" && data.nesting === 0 && data.name === data.file) {
      const seconds = (data.details.duration_ms / 1000).toFixed(1)
      yield `${data.details.passed === false ? "✖" : "✔"} ${source(data.file)} (${seconds} s)\n`
    } else if (type === "test:pass" && data.skip !== undefined) {
      const reason = typeof data.skip === "string" ? data.skip : "no reason given"
      const names = skipped.get(reason) ?? []
      skipped.set(reason, [...names, fullName(path, data)])
    } else if (type === "test:fail" && data.todo === undefined) {
      const { error } = data.details
      if (error?.failureType === "subtestsFailed") continue
      const name = fullName(path, data)
      failed.push(name)
      yield `✖ ${name}\n${indent(describe(error))}\n`
      if (data.name === data.file && output.has(data.file)) yield `${indent(output.get(data.file))}\n`
    } else if (type === "test:diagnostic") {
      if (data.file === undefined) summary.push(data.message)
      else yield `  ${source(data.file)}: ${data.message}\n`
    }
  }
  for (const [reason, names] of skipped) {
    yield `\n${names.length} skipped: ${reason}\n${names.map(name => `  - ${name}\n`).join("")}`
  }
  if (failed.length > 0) yield `\n${failed.length} failed:\n${failed.map(name => `  ✖ ${name}\n`).join("")}`
  yield `\n${summary.map(line => `# ${line}\n`).join("")}`
}

/** The file (unless a name has it already), the tests around the test, and its own name. */
function fullName(path, data) {
  if (data.name === data.file) return source(data.file)
  const names = [...path.slice(0, data.nesting), data.name]
  const file = data.file ? source(data.file) : ""
  return names.some(name => /\.test\.ts\b/.test(name)) ? data.name : [file, ...names].filter(Boolean).join(" > ")
}

function describe(error) {
  const cause = error?.cause ?? error
  if (cause === undefined || cause === "test failed") return "the process of this file failed"
  if (!(cause instanceof Error)) return typeof cause === "string" ? cause : inspect(cause)
  const frames = (cause.stack ?? "").split("\n").filter(line => /^\s+at .*\//.test(line) && !/\bnode:/.test(line))
  return [cause.message.trimEnd(), ...frames.slice(0, 6)].join("\n")
}
