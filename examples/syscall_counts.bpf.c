// Counts the system calls of one process by their numbers, for clang and libbpf: see clang_object.ts. It includes no headers, so that nothing but clang is
// needed to compile it; with skep run it needs no clang either.
#define SEC(name) __attribute__((section(name), used))
#define __uint(name, value) int(*name)[value]
#define __type(name, type) typeof(type) *name

typedef unsigned int u32;
typedef unsigned long long u64;

static void *(*bpf_map_lookup_elem)(void *map, const void *key) = (void *)1;
static long (*bpf_map_update_elem)(void *map, const void *key, const void *value, u64 flags) = (void *)2;
static u64 (*bpf_get_current_pid_tgid)(void) = (void *)14;

struct {
	__uint(type, 1); /* BPF_MAP_TYPE_HASH */
	__uint(max_entries, 16);
	__type(key, u32);
	__type(value, u64);
} counts SEC(".maps");

const volatile u32 target = 0;

SEC("raw_tp/sys_enter")
int entered(u64 *ctx)
{
	u32 number = ctx[1];
	u64 one = 1, *count;

	if (bpf_get_current_pid_tgid() >> 32 != target)
		return 0;
	count = bpf_map_lookup_elem(&counts, &number);
	if (count)
		__sync_fetch_and_add(count, 1);
	else
		bpf_map_update_elem(&counts, &number, &one, 0);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
