import assert from "node:assert/strict"
import { test } from "node:test"
import { needsRoot } from "../../../tests/support/kernel.ts"
import { BPF } from "../bpf.ts"

const skip = needsRoot
const HEAD = '#include "vmlinux.h"\n#include <bpf/bpf_helpers.h>\nchar _license[] SEC("license") = "GPL";\n'
const load = (text: string): Promise<BPF> => BPF.load({ text: HEAD + text })

const target = `__noinline int verdict(struct __sk_buff *skb) { volatile int r = 1; return r; }
  SEC("tc") int main_program(struct __sk_buff *skb) { return verdict(skb); }`

test("freplace: no such function, and nothing that says which", { skip }, async () => {
  using main = await load(target)
  using other = await load('SEC("freplace") int two(struct __sk_buff *skb) { return 2; }')
  const program = main.program("main_program")
  assert.throws(() => other.attachFreplace({ fn: "two", target: program }), { code: "BPF_OPTION" })
  assert.throws(() => other.attachFreplace({ fn: "two", target: program, function: "verdikt" }), {
    code: "KERNEL_NO_TARGET",
    hint: /did you mean verdict/,
  })
  assert.throws(() => other.program("two"), { code: "KERNEL_NO_TARGET" })
})
