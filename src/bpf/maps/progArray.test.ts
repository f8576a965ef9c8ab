import assert from "node:assert/strict"
import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { test } from "node:test"
import { inBpffs, noBpftool } from "../../../tests/support/bpffs.ts"
import { needsKernel, needsMachine } from "../../../tests/support/kernel.ts"
import { runTool } from "../../../tests/support/tools.ts"
import { BPF, ProgArray } from "../index.ts"

const skip = needsMachine
const text = `#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
char LICENSE[] SEC("license") = "GPL";
int other(struct __sk_buff *skb);
struct {
  __uint(type, BPF_MAP_TYPE_PROG_ARRAY); __uint(max_entries, 2); __uint(key_size, 4);
  __array(values, int (struct __sk_buff *));
} next SEC(".maps") = { .values = { [1] = (void *)&other } };
SEC("socket") int other(struct __sk_buff *skb) { return 7; }
SEC("socket") int begin(struct __sk_buff *skb) { bpf_tail_call(skb, &next, 1); return 1; }
SEC("socket") int third(struct __sk_buff *skb) { return 9; }
`
const packet = { data: new Uint8Array(64) }

test("a program array is filled by what its declaration names, and changed by name", { skip }, async () => {
  using b = await BPF.load({ text })
  const begin = b.program("begin")
  assert.equal(begin.testRun(packet).retval, 7)
  const next = b.table("next", ProgArray)
  next.set(1, "third")
  assert.equal(begin.testRun(packet).retval, 9)
  next.delete(1)
  assert.equal(begin.testRun(packet).retval, 1)
})

test("the kernel empties a program array when only programs hold it", {
  skip: needsKernel || noBpftool(),
}, async () => {
  const b = await BPF.load({ text })
  const answer = inBpffs((path, dir) => {
    b.program("begin").pin(join(path, "begin"))
    b.close()
    writeFileSync(join(dir, "packet"), packet.data)
    return runTool(
      "bpftool",
      "prog",
      "run",
      "pinned",
      join(path, "begin"),
      "data_in",
      join(dir, "packet"),
      "repeat",
      "1",
    )
  })
  assert.match(String(answer), /Return value: 1\b/)
})
