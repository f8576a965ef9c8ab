// Sends BATCH events of 64 bytes each time it runs.
struct event {
  u64 number;
  u64 time;
  u32 pid;
  u32 cpu;
  char comm[16];
  u64 rest[3];
};
BPF_RINGBUF_OUTPUT(events, 1024);

int send(struct bpf_raw_tracepoint_args *ctx) {
  struct event event = {};
  event.pid = bpf_get_current_pid_tgid() >> 32;
  for (int i = 0; i < BATCH; i++) {
    event.number = ctx->args[0] + i;
    events.ringbuf_output(&event, sizeof(event), 0);
  }
  return 0;
}
