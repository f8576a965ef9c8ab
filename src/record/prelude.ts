import { helperName } from "../isa/index.ts"

/** Helpers that read memory of the kernel or of a process: `(to, size, from)`. */
export const READS = [4, 45, 112, 113, 114, 115] as const
/** Those of them that read a text, and give its length. */
export const TEXTS: ReadonlySet<number> = new Set([45, 114, 115])

/** Most bytes of one read, and of a context, that are kept. */
export const MOST_BYTES = 1024
/** Bytes in front of the data of a record. */
export const HEAD_BYTES = 40
/** `kind` of the record that a run begins with; that of a read is the helper's number. */
export const START = 0

/** Name of the ring buffer that a program which is recorded sends through. */
export const RECORDS = "skep_records"
/** Name of the variable that counts records for which there was no room. */
export const LOST_RECORDS = "skep_lost_records"
/** Names of the functions that a program gets. */
export const startFunction = "__skep_start"
export const loadFunction = "__skep_loaded"
export const readFunction = (helper: number): string => `__skep_read_${helper}`

const SHARED = `
struct __skep_record {
  unsigned long long time;
  unsigned int cpu, kind;
  unsigned long long address;
  long long result;
  unsigned int size, program;
  unsigned char data[${MOST_BYTES}];
};
struct __skep_task {
  unsigned long long pid_tgid, uid_gid, task, cgroup;
  char comm[16];
};
static struct __skep_record __skep_slots[64];
unsigned long long ${LOST_RECORDS};
static inline struct __skep_record *__skep_slot(unsigned int kind) {
  unsigned int cpu = bpf_get_smp_processor_id();
  struct __skep_record *slot = &__skep_slots[cpu & 63];
  slot->time = bpf_ktime_get_ns();
  slot->cpu = cpu;
  slot->kind = kind;
  return slot;
}
static inline void __skep_send(struct __skep_record *slot, unsigned int bytes) {
  if (SKEP_OUTPUT(slot, ${HEAD_BYTES} + bytes)) __sync_fetch_and_add(&${LOST_RECORDS}, 1);
}
`

/** Sends what a program knows when it begins, and its context: `size` bytes from `ctx`, which the program may read directly. */
const START_TEXT = `
__attribute__((used)) static inline long ${startFunction}(void *ctx, unsigned int program, unsigned int size) {
  struct __skep_record *slot = __skep_slot(${START});
  struct __skep_task *task = (void *)slot->data;
  task->pid_tgid = bpf_get_current_pid_tgid();
  task->uid_gid = bpf_get_current_uid_gid();
  task->task = bpf_get_current_task();
  task->cgroup = bpf_get_current_cgroup_id();
  bpf_get_current_comm(task->comm, sizeof(task->comm));
  slot->address = (unsigned long long)ctx;
  slot->result = 0;
  slot->size = size;
  slot->program = program;
  // What lies behind a context may not be there.
  if (bpf_probe_read_kernel(task + 1, size, ctx) && bpf_probe_read_kernel(task + 1, 128, ctx))
    bpf_probe_read_kernel(task + 1, 64, ctx);
  __skep_send(slot, sizeof(*task) + size);
  return 0;
}
`

/** Sends what a plain load read: it counts as what bpf_probe_read_kernel reads. */
const LOAD_TEXT = `
__attribute__((used)) static inline long ${loadFunction}(unsigned long long address, unsigned long long value, unsigned int size) {
  struct __skep_record *slot = __skep_slot(113);
  slot->address = address;
  slot->result = 0;
  slot->size = size;
  *(unsigned long long *)slot->data = value;
  __skep_send(slot, sizeof(value));
  return 0;
}
`

/** Reads, and sends what was read: from where, how many bytes were asked for, what the helper said, the bytes. */
const readText = (helper: number): string => {
  const name = helperName(helper) ?? ""
  return `
__attribute__((used)) static inline long ${readFunction(helper)}(void *to, unsigned int size, const void *from) {
  long result = ${name}(to, size, from);
  struct __skep_record *slot = __skep_slot(${helper});
  unsigned int n = size;
  if (n > sizeof(slot->data)) n = sizeof(slot->data);
  slot->address = (unsigned long long)from;
  slot->result = result;
  slot->size = size;
  if (result < 0) n = 0;
  else ${name}(slot->data, n, from);
  __skep_send(slot, n);
  return result;
}
`
}

/** What stands behind a program that is recorded, in the C of either dialect. The functions are called by what `instrument` puts in. */
export function recordingText(dialect: "bcc" | "libbpf", pages: number): string {
  const ring =
    dialect === "bcc"
      ? `BPF_RINGBUF_OUTPUT(${RECORDS}, ${pages});
#define SKEP_OUTPUT(from, size) ${RECORDS}.ringbuf_output(from, size, 0)`
      : `#include <bpf/bpf_helpers.h>
struct { int (*type)[27]; int (*max_entries)[${pages * 4096}]; } ${RECORDS} SEC(".maps");
#define SKEP_OUTPUT(from, size) bpf_ringbuf_output(&${RECORDS}, from, size, 0)`
  return `\n${ring}\n${SHARED}${START_TEXT}${LOAD_TEXT}${READS.map(readText).join("")}`
}
