// Sends a record for each process that ends through a ring buffer, in C for libbpf. For a reader that is written with libbpf:
//   ./skep cc -O2 -g -target bpf -c examples/exit_codes.c -o exit_codes.o
//   bpftool gen skeleton exit_codes.o > exit_codes.skel.h
#include "vmlinux.h"
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

char LICENSE[] SEC("license") = "GPL";

struct ended {
	int pid;
	int code;
	char comm[16];
};

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 64 * 1024);
} events SEC(".maps");

SEC("raw_tp/sched_process_exit")
int BPF_PROG(ended, struct task_struct *task)
{
	struct ended *event;

	/* The last thread of a process is its end. */
	if (BPF_CORE_READ(task, pid) != BPF_CORE_READ(task, tgid))
		return 0;
	event = bpf_ringbuf_reserve(&events, sizeof(*event), 0);
	if (!event)
		return 0;
	event->pid = BPF_CORE_READ(task, tgid);
	event->code = BPF_CORE_READ(task, exit_code) >> 8 & 0xff;
	bpf_get_current_comm(&event->comm, sizeof(event->comm));
	bpf_ringbuf_submit(event, 0);
	return 0;
}
