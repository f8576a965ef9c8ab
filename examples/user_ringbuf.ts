// Commands go down to the program, which takes them when it runs: npm run -s example user_ringbuf (Linux 6.1)
import { BPF, UserRingBuffer } from "skep"

using b = await BPF.load({
  text: `#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
char LICENSE[] SEC("license") = "GPL";
struct command { int op; int value; } last;
int sum;
struct { __uint(type, BPF_MAP_TYPE_USER_RINGBUF); __uint(max_entries, 4096); } commands SEC(".maps");
static long take(struct bpf_dynptr *record, void *context) {
  if (bpf_dynptr_read(&last, sizeof(last), record, 0, 0) == 0 && last.op == 1) sum += last.value;
  return 0;
}
SEC("syscall") int drain(void *ctx) { return bpf_user_ringbuf_drain(&commands, take, 0, 0); }`,
})
const commands = b.table("commands", UserRingBuffer).typed<{ op: number; value: number }>("struct command")
for (const value of [20, 22]) commands.send({ op: 1, value })
console.log(`${b.program("drain").testRun().retval} commands, ${b.globals.sum}`)
