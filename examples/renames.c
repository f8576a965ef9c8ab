// Tells of every task that takes another name: events through a ring buffer (Linux 5.8).
struct event {
  u32 pid;
  char comm[TASK_COMM_LEN];
  char old[TASK_COMM_LEN];
};
BPF_RINGBUF_OUTPUT(events, 64);

TRACEPOINT_PROBE(task, task_rename) {
  struct event event = { .pid = args->pid };
  bpf_probe_read_kernel_str(event.comm, sizeof(event.comm), args->newcomm);
  bpf_probe_read_kernel_str(event.old, sizeof(event.old), args->oldcomm);
  events.ringbuf_output(&event, sizeof(event), 0);
  return 0;
}
