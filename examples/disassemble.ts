// Shows what the kernel made of a program: its table, and the instructions that the verifier left.
import { BPF, features } from "skep"

using b = await BPF.load({
  text: `struct key_t { u32 pid; char comm[16]; };
BPF_HASH(execs, struct key_t, u64);
TRACEPOINT_PROBE(sched, sched_process_exec) {
  struct key_t key = { .pid = args->pid };
  bpf_get_current_comm(key.comm, sizeof(key.comm));
  execs.increment(key);
  return 0;
}`,
  autoAttach: false,
})
console.log(b.decodeTable("execs", { sizes: true }))
console.log(b.disassembleFunc("tracepoint__sched__sched_process_exec"))
console.log("could be at a function without a probe:", features.fentry)
