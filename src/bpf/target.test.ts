import assert from "node:assert/strict"
import { readdirSync, readFileSync } from "node:fs"
import { test } from "node:test"
import { compile, type Target } from "../compiler/index.ts"
import { runningTarget, snapshotTarget } from "./target.ts"

const insns = (target: Target, name: string): unknown => {
  const text = readFileSync(`examples/${name}`, "utf8")
  const { object } = compile({ name, text, target, cpu: 4 })
  return object.programs.map(program => [program.name, program.insns])
}

const running = runningTarget()
const other =
  running.kernelVersion !== snapshotTarget().kernelVersion || running.btf === undefined
    ? "the running kernel is not the one of the snapshot"
    : false

for (const name of readdirSync("examples").filter(file => file.endsWith(".c"))) {
  test(`${name} compiles without a kernel`, () => assert.ok(insns(snapshotTarget(), name)))
  test(`${name} is the same as for that kernel itself`, { skip: other }, () =>
    assert.deepEqual(insns(snapshotTarget(), name), insns(running, name)),
  )
}

test("a tracepoint that the snapshot does not have: what is meant", () => {
  const hint = (category: string, event: string) => snapshotTarget().tracepointHint?.(category, event)
  assert.equal(hint("sched", "sched_swich"), "did you mean sched:sched_switch?")
  assert.match(hint("schd", "sched_switch") ?? "", /sched:…/)
})
