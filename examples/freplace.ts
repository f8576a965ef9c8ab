// Puts a function in the place of another program's, while that one runs: npm run -s example freplace
import { BPF } from "skep"

const head = `#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
char LICENSE[] SEC("license") = "GPL";
`
using main = await BPF.load({
  text: `${head}__noinline int verdict(struct __sk_buff *skb) { volatile int result = 1; return result; }
SEC("tc") int filter(struct __sk_buff *skb) { return verdict(skb); }`,
})
using other = await BPF.load({ text: `${head}SEC("freplace/verdict") int better(struct __sk_buff *skb) { return 2; }` })
const run = () => main.program("filter").testRun({ data: new Uint8Array(64) }).retval
const before = run()
using _ = other.attachFreplace({ fn: "better", target: main.program("filter") })
console.log(`${before}, then ${run()}`)
