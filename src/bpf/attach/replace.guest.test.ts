import assert from "node:assert/strict"
import { test } from "node:test"
import { needsRoot } from "../../../tests/support/kernel.ts"
import { BPF } from "../bpf.ts"

const skip = needsRoot
const HEAD = '#include "vmlinux.h"\n#include <bpf/bpf_helpers.h>\nchar _license[] SEC("license") = "GPL";\n'
const load = (text: string): Promise<BPF> => BPF.load({ text: HEAD + text })

const target = `__noinline int verdict(struct __sk_buff *skb) { volatile int r = 1; return r; }
  SEC("tc") int main_program(struct __sk_buff *skb) { return verdict(skb); }`
const run = (b: BPF): number => b.program("main_program").testRun({ data: new Uint8Array(64) }).retval

test("freplace: a function takes the place of another program's until it is detached", { skip }, async () => {
  using main = await load(target)
  using other = await load('SEC("freplace/verdict") int two(struct __sk_buff *skb) { return 2; }')
  assert.equal(run(main), 1)
  const link = other.attachFreplace({ fn: "two", target: main.program("main_program") })
  assert.equal(run(main), 2)
  assert.equal(link.info?.type, "tracing")
  link.detach()
  assert.equal(run(main), 1)
})
