import assert from "node:assert/strict"
import { test } from "node:test"
import { BPF } from "../../src/index.ts"
import { needsRoot } from "../support/kernel.ts"

/** The kernel's verifier takes the function of the example. */
function loads(name: string, fn: string, type?: "kprobe" | "tracepoint"): void {
  test(`${name} loads`, { skip: needsRoot }, async () => {
    using b = await BPF.load({ file: `examples/${name}`, autoAttach: false })
    assert.ok(b.program(fn, type === undefined ? {} : { type }).slots > 0)
  })
}
loads("hello_world.c", "hello", "kprobe")
loads("task_switch.c", "count_sched", "kprobe")
loads("task_switch_tracepoint.c", "tracepoint__sched__sched_switch", "tracepoint")
loads("exec_parent.c", "started")
loads("syscall_total.c", "count")
loads("exit_codes.c", "ended")
loads("renames.c", "tracepoint__task__task_rename")

test("count_sched takes no more instructions than BCC's 39", { skip: needsRoot }, async () => {
  using b = await BPF.load({ file: "examples/task_switch.c", autoAttach: false })
  assert.ok(b.program("count_sched", { type: "kprobe" }).slots <= 39)
})
