import assert from "node:assert/strict"
import { readdirSync } from "node:fs"
import { test } from "node:test"
import { counting, needsRoot } from "../../../tests/support/kernel.ts"

// The kernel waits for all CPUs when a perf event lets go of a tracepoint, so few rounds of that have to do.
for (const [rounds, type, target] of [
  [1000, "raw_tracepoint", { kind: "raw_tracepoint", event: "sched_process_exit" }],
  [10, "tracepoint", { kind: "tracepoint", category: "syscalls", event: "sys_enter_getpgid" }],
] as const) {
  test(`${rounds} times loaded, attached to a ${type} and detached leave no descriptor`, { skip: needsRoot }, () => {
    counting(type)[Symbol.dispose]()
    const before = readdirSync("/proc/self/fd").length
    for (let i = 0; i < rounds; i++) {
      using loaded = counting(type)
      loaded.program("count").attach(target)
    }
    assert.equal(readdirSync("/proc/self/fd").length, before)
  })
}
