// Prints who starts a program: the process and its parent, in C for libbpf. The chain of pointers is read by CO-RE, whatever the kernel's layout. Run it
// with
//   sudo ./skep run examples/exec_parent.c
#include "vmlinux.h"
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

char LICENSE[] SEC("license") = "GPL";

SEC("raw_tp/sched_process_exec")
int BPF_PROG(started, struct task_struct *task, int old_pid)
{
	char comm[16];

	BPF_CORE_READ_STR_INTO(&comm, task, comm);
	bpf_printk("%s (%d) started by %d", comm, BPF_CORE_READ(task, tgid), BPF_CORE_READ(task, real_parent, tgid));
	return 0;
}
