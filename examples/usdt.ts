// Counts the first argument of a static probe: npm run -s example usdt /path/of/program provider:name 10
import { BPF } from "skep"

const prog = `
BPF_HASH(counts, u64);
int hit(struct pt_regs *ctx) {
    u64 argument = 0;
    bpf_usdt_readarg(1, ctx, &argument);
    counts.increment(argument);
    return 0;
}
`

const [path, probe, seconds = "5"] = process.argv.slice(2)
using b = await BPF.load({ text: prog, usdt: [{ path, probe, fn: "hit" }] })
await new Promise(resolve => setTimeout(resolve, 1000 * Number(seconds)))
for (const [argument, count] of b.table<bigint, bigint>("counts")) console.log(argument, count)
