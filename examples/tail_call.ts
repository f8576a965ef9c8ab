// A program that goes on in another one, which is put into a table by its name: npm run -s example tail_call
import { BPF, ProgArray } from "skep"

using b = await BPF.load({
  text: `BPF_PROG_ARRAY(next, 2);
int begin(struct __sk_buff *skb) { next.call(skb, 0); return 1; }
int short_way(struct __sk_buff *skb) { return 2; }
int long_way(struct __sk_buff *skb) { return 3; }`,
})
const program = b.program("begin", { type: "socket_filter" })
const run = () => program.testRun({ data: new Uint8Array(64) }).retval
const results = [run()]
for (const fn of ["short_way", "long_way"]) {
  b.program(fn, { type: "socket_filter" })
  b.table("next", ProgArray).set(0, fn)
  results.push(run())
}
console.log(results.join(", "))
