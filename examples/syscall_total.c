// Counts the system calls of all processes, or of one, in a global variable; in C for libbpf. Run it with
//   sudo ./skep run examples/syscall_total.c
// and look at the variable meanwhile:
//   sudo bpftool map dump name _bss
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "GPL";

/* A process id; 0 stands for all. */
const volatile int only_pid = 0;
__u64 total = 0;

SEC("raw_tp/sys_enter")
int count(void *ctx)
{
	if (only_pid == 0 || only_pid == bpf_get_current_pid_tgid() >> 32)
		__sync_fetch_and_add(&total, 1);
	return 0;
}
