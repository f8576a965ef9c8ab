import assert from "node:assert/strict"
import { test } from "node:test"
import { isPrintk, parseTraceLine } from "./traceLine.ts"

type Fields = [task: string, pid: number, cpu: number, flags: string, timestamp: number, message: string]

function line(raw: string, ...want: Fields): void {
  test(raw, () => {
    const item = parseTraceLine(raw)
    assert.equal(item.kind, "line")
    if (item.kind !== "line") return
    const { task, pid, cpu, flags, timestamp, message } = item.line
    assert.deepEqual([task, pid, cpu, flags, timestamp, message], want)
    assert.equal(item.line.raw, raw)
    assert.equal(isPrintk(item.event), true)
  })
}
line(
  "            node-4242    [001] d..31  1234.567891: bpf_trace_printk: Hello, World!",
  "node",
  4242,
  1,
  "d..31",
  1234.567891,
  "Hello, World!",
)
line(
  "           <...>-9       [000] .....     0.000001: bpf_trace_printk: a: b: c",
  "<...>",
  9,
  0,
  ".....",
  0.000001,
  "a: b: c",
)
line(
  "  tmux: server-77-77      [003] d..2.   1.500000: bpf_trace_printk: x",
  "tmux: server-77",
  77,
  3,
  "d..2.",
  1.5,
  "x",
)
line(
  " a [000] d.. 1.0-12      [002] d..1.   2.250000: bpf_trace_printk: y",
  "a [000] d.. 1.0",
  12,
  2,
  "d..1.",
  2.25,
  "y",
)
line("  kworker/0:1H-mm-5       [000] d..3.   2.250000: bpf_trace_printk:", "kworker/0:1H-mm", 5, 0, "d..3.", 2.25, "")
line(
  "              sh-12345 [002] d... 12345.678901: 0x00000001: old kernel",
  "sh",
  12345,
  2,
  "d...",
  12345.678901,
  "old kernel",
)
line(
  "              sh-12345 [002] d... 12345.678901: : older kernel",
  "sh",
  12345,
  2,
  "d...",
  12345.678901,
  "older kernel",
)
line(
  "              sh-12345 [002] d... 12345.678901: no event: text",
  "sh",
  12345,
  2,
  "d...",
  12345.678901,
  "no event: text",
)
line(
  "            bash-88      (     88) [001] d..31   3.000000: bpf_trace_printk: with thread group",
  "bash",
  88,
  1,
  "d..31",
  3,
  "with thread group",
)
line(
  "            bash-88      (-------) [001] d..31   3.000000: bpf_trace_printk: group unknown",
  "bash",
  88,
  1,
  "d..31",
  3,
  "group unknown",
)
line(
  "            bash-88      [001]   123456789: bpf_trace_printk: counter clock",
  "bash",
  88,
  1,
  "",
  123456789,
  "counter clock",
)
line(
  "1234567890123456-4194304 [255] d..31 99999.000000: bpf_trace_printk: wide",
  "1234567890123456",
  4194304,
  255,
  "d..31",
  99999,
  "wide",
)

test("another event's line is not a program's", () => {
  const item = parseTraceLine(
    "            bash-88      [001] d..2.   3.000000: sched_switch: prev_comm=bash prev_pid=88",
  )
  assert.equal(item.kind === "line" && isPrintk(item.event), false)
})

test("lost events are counted", () => {
  assert.deepEqual(parseTraceLine("CPU:3 [LOST 1234 EVENTS]"), { kind: "lost", cpu: 3, events: 1234 })
})

for (const raw of ["", "second line of a message", "- [ ] :", "x".repeat(10_000), `${"-1 [0] ".repeat(2000)}`]) {
  test(`no line of a trace: ${raw.slice(0, 30)}`, () => assert.deepEqual(parseTraceLine(raw), { kind: "other", raw }))
}
