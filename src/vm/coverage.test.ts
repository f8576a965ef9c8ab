import assert from "node:assert/strict"
import { test } from "node:test"
import { BPF } from "../bpf/index.ts"
import { Coverage, VirtualMachine } from "./index.ts"

const text = `#include <linux/ptrace.h>
static __noinline int port(struct __sk_buff *skb) {
  return skb->mark;
}
int check(struct __sk_buff *skb) {
  int sum = 0;
  if (skb->len > 100)
    sum = skb->mark + 7;
  for (int i = 0; i < 3; i++)
    sum += port(skb) + i * skb->len;
  if (sum == -1)
    bpf_trace_printk("never");
  return sum;
}
`

test("lines and functions are counted", async () => {
  const coverage = new Coverage()
  const machine = new VirtualMachine({ coverage })
  using b = await BPF.load({ text, name: "check.c", machine, autoAttach: false })
  const program = b.program("check", { type: "sched_cls" })
  for (const length of [60, 60, 200]) program.testRun({ data: new Uint8Array(length) })
  const [file, ...others] = coverage.files()
  assert.deepEqual([file.file, others], ["check.c", []])
  assert.deepEqual([file.lines.get(3), file.lines.get(8), file.lines.get(12)], [9, 1, 0])
  assert.equal(file.lines.get(7), 3)
  assert.deepEqual(
    file.functions.map(({ name, hits }) => `${name} ${hits}`),
    ["port 9", "check 3"],
  )
})

test("counters change nothing that a program does", async () => {
  const run = async (coverage?: Coverage): Promise<number[]> => {
    using b = await BPF.load({ text, machine: new VirtualMachine({ coverage }), autoAttach: false })
    const program = b.program("check", { type: "sched_cls" })
    return [14, 100, 101, 1500].map(length => program.testRun({ data: new Uint8Array(length) }).retval)
  }
  assert.deepEqual(await run(new Coverage()), await run())
})
