import assert from "node:assert/strict"
import { test } from "node:test"
import { childScenarios, runChild } from "../../tests/support/kernel.ts"
import { keepUntilExit } from "./cleanup.ts"

const keep = (name: string): (() => void) => keepUntilExit(() => console.log(`undid ${name}`))
const raise = (signal: NodeJS.Signals): void => {
  setTimeout(() => console.log("too late"), 5000)
  process.kill(process.pid, signal)
}

const scenarios = {
  exit() {
    keep("first")
    keep("second")
    process.exit(3)
  },
  end: () => keep("it"),
  throws() {
    keep("it")
    setImmediate(() => {
      throw new Error("on purpose")
    })
  },
  failing() {
    keep("it")
    keepUntilExit(() => {
      throw new Error("cannot")
    })
  },
  sigint() {
    keep("it")
    raise("SIGINT")
  },
  sigterm() {
    keep("it")
    raise("SIGTERM")
  },
  handled() {
    process.on("SIGINT", () => {
      console.log("own handler")
      process.exit(0)
    })
    keep("it")
    raise("SIGINT")
  },
  released() {
    const undo = keep("it")
    undo()
    undo()
    raise("SIGINT")
  },
}

if (!childScenarios(scenarios)) {
  const ends = (scenario: keyof typeof scenarios, how: { status?: number; signal?: string }, output: string): void => {
    test(`what is kept is undone: ${scenario}`, () => {
      const child = runChild(import.meta.url, scenario)
      assert.equal(child.stdout, output)
      if (how.status !== undefined) assert.equal(child.status, how.status, child.stderr)
      if (how.signal !== undefined) assert.equal(child.signal, how.signal)
    })
  }
  ends("exit", { status: 3 }, "undid second\nundid first\n")
  ends("end", { status: 0 }, "undid it\n")
  ends("throws", { status: 1 }, "undid it\n")
  ends("failing", { status: 0 }, "undid it\n")
  ends("sigint", { signal: "SIGINT" }, "undid it\n")
  ends("sigterm", { signal: "SIGTERM" }, "undid it\n")
  ends("handled", { status: 0 }, "own handler\nundid it\n")
  ends("released", { signal: "SIGINT" }, "undid it\n")

  test("signals are listened to only while something is kept", () => {
    const before = process.listenerCount("SIGINT")
    const undo = keepUntilExit(() => {})
    assert.equal(process.listenerCount("SIGINT"), before + 1)
    undo()
    assert.equal(process.listenerCount("SIGINT"), before)
  })
}
