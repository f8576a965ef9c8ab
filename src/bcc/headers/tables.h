/*
 * Tables. A table is a global variable of a struct of its own, whose `key` and `leaf` give the types; its methods are added
 * by the type checker's hook, as the table's type has them. The rewriter turns their calls into helper calls; no such object
 * exists at run time.
 */
#define __SKEP_TABLE(_type, _key, _leaf, _name, _max, _flags) \
	__SKEP_TABLE_WITH(_type, _key, _leaf, _name, _max, _flags, "", "", "")
#define __SKEP_TABLE_WITH(_type, _key, _leaf, _name, _max, _flags, _inner, _pin, _share) \
	struct __attribute__((bpf_table(#_name, _type))) _name##_table_t { \
		__typeof__(_key) key; \
		__typeof__(_leaf) leaf; \
	}; \
	__attribute__((bpf_map(_type, _max, _flags, _inner, _pin, _share))) struct _name##_table_t _name

#define __SKEP_PICK(_1, _2, _3, _4, _5, _6, _7, _8, _n, ...) _n

#define BPF_F_TABLE(_type, _key, _leaf, _name, _max, _flags) __SKEP_TABLE(_type, _key, _leaf, _name, _max, _flags)
#define BPF_TABLE(_type, _key, _leaf, _name, _max) __SKEP_TABLE(_type, _key, _leaf, _name, _max, 0)
#define BPF_TABLE_PUBLIC(_type, _key, _leaf, _name, _max) \
	__SKEP_TABLE_WITH(_type, _key, _leaf, _name, _max, 0, "", "", "public")
#define __SKEP_SHARED(_type, _key, _leaf, _name, _max, _flags) \
	__SKEP_TABLE_WITH(_type, _key, _leaf, _name, _max, _flags, "", "", "shared")
#define __SKEP_SHARED5(_type, _key, _leaf, _name, _max) __SKEP_SHARED(_type, _key, _leaf, _name, _max, 0)
#define BPF_TABLE_SHARED(...) \
	__SKEP_PICK(__VA_ARGS__, 0, 0, __SKEP_SHARED, __SKEP_SHARED5, 0, 0, 0, 0)(__VA_ARGS__)
#define __SKEP_PINNED(_type, _key, _leaf, _name, _max, _pin, _flags) \
	__SKEP_TABLE_WITH(_type, _key, _leaf, _name, _max, _flags, "", _pin, "")
#define __SKEP_PINNED6(_type, _key, _leaf, _name, _max, _pin) __SKEP_PINNED(_type, _key, _leaf, _name, _max, _pin, 0)
#define BPF_TABLE_PINNED(...) \
	__SKEP_PICK(__VA_ARGS__, 0, __SKEP_PINNED, __SKEP_PINNED6, 0, 0, 0, 0, 0)(__VA_ARGS__)

#define __SKEP_HASH(_type, _name, _key, _leaf, _max, _flags) __SKEP_TABLE(_type, _key, _leaf, _name, _max, _flags)
#define __SKEP_HASH1(_name) __SKEP_HASH("hash", _name, u64, u64, 10240, 0)
#define __SKEP_HASH2(_name, _key) __SKEP_HASH("hash", _name, _key, u64, 10240, 0)
#define __SKEP_HASH3(_name, _key, _leaf) __SKEP_HASH("hash", _name, _key, _leaf, 10240, 0)
#define __SKEP_HASH4(_name, _key, _leaf, _max) __SKEP_HASH("hash", _name, _key, _leaf, _max, 0)
#define BPF_HASH(...) \
	__SKEP_PICK(__VA_ARGS__, 0, 0, 0, 0, __SKEP_HASH4, __SKEP_HASH3, __SKEP_HASH2, __SKEP_HASH1)(__VA_ARGS__)
#define __SKEP_CPU_HASH1(_name) __SKEP_HASH("percpu_hash", _name, u64, u64, 10240, 0)
#define __SKEP_CPU_HASH2(_name, _key) __SKEP_HASH("percpu_hash", _name, _key, u64, 10240, 0)
#define __SKEP_CPU_HASH3(_name, _key, _leaf) __SKEP_HASH("percpu_hash", _name, _key, _leaf, 10240, 0)
#define __SKEP_CPU_HASH4(_name, _key, _leaf, _max) __SKEP_HASH("percpu_hash", _name, _key, _leaf, _max, 0)
#define BPF_PERCPU_HASH(...) \
	__SKEP_PICK(__VA_ARGS__, 0, 0, 0, 0, __SKEP_CPU_HASH4, __SKEP_CPU_HASH3, __SKEP_CPU_HASH2, __SKEP_CPU_HASH1) \
	(__VA_ARGS__)
#define __SKEP_LRU1(_name) __SKEP_HASH("lru_hash", _name, u64, u64, 10240, 0)
#define __SKEP_LRU2(_name, _key) __SKEP_HASH("lru_hash", _name, _key, u64, 10240, 0)
#define __SKEP_LRU3(_name, _key, _leaf) __SKEP_HASH("lru_hash", _name, _key, _leaf, 10240, 0)
#define __SKEP_LRU4(_name, _key, _leaf, _max) __SKEP_HASH("lru_hash", _name, _key, _leaf, _max, 0)
#define BPF_LRU_HASH(...) \
	__SKEP_PICK(__VA_ARGS__, 0, 0, 0, 0, __SKEP_LRU4, __SKEP_LRU3, __SKEP_LRU2, __SKEP_LRU1)(__VA_ARGS__)
#define __SKEP_LPM1(_name) __SKEP_LPM4(_name, u64, u64, 10240)
#define __SKEP_LPM2(_name, _key) __SKEP_LPM4(_name, _key, u64, 10240)
#define __SKEP_LPM3(_name, _key, _leaf) __SKEP_LPM4(_name, _key, _leaf, 10240)
#define __SKEP_LPM4(_name, _key, _leaf, _max) __SKEP_HASH("lpm_trie", _name, _key, _leaf, _max, BPF_F_NO_PREALLOC)
#define BPF_LPM_TRIE(...) \
	__SKEP_PICK(__VA_ARGS__, 0, 0, 0, 0, __SKEP_LPM4, __SKEP_LPM3, __SKEP_LPM2, __SKEP_LPM1)(__VA_ARGS__)

#define __SKEP_ARRAY1(_name) __SKEP_HASH("array", _name, int, u64, 10240, 0)
#define __SKEP_ARRAY2(_name, _leaf) __SKEP_HASH("array", _name, int, _leaf, 10240, 0)
#define __SKEP_ARRAY3(_name, _leaf, _max) __SKEP_HASH("array", _name, int, _leaf, _max, 0)
#define BPF_ARRAY(...) \
	__SKEP_PICK(__VA_ARGS__, 0, 0, 0, 0, 0, __SKEP_ARRAY3, __SKEP_ARRAY2, __SKEP_ARRAY1)(__VA_ARGS__)
#define __SKEP_CPU_ARRAY1(_name) __SKEP_HASH("percpu_array", _name, int, u64, 10240, 0)
#define __SKEP_CPU_ARRAY2(_name, _leaf) __SKEP_HASH("percpu_array", _name, int, _leaf, 10240, 0)
#define __SKEP_CPU_ARRAY3(_name, _leaf, _max) __SKEP_HASH("percpu_array", _name, int, _leaf, _max, 0)
#define BPF_PERCPU_ARRAY(...) \
	__SKEP_PICK(__VA_ARGS__, 0, 0, 0, 0, 0, __SKEP_CPU_ARRAY3, __SKEP_CPU_ARRAY2, __SKEP_CPU_ARRAY1)(__VA_ARGS__)

#define __SKEP_HIST1(_name) __SKEP_HASH("histogram", _name, int, u64, 64, 0)
#define __SKEP_HIST2(_name, _key) __SKEP_HASH("histogram", _name, _key, u64, 64, 0)
#define __SKEP_HIST3(_name, _key, _max) __SKEP_HASH("histogram", _name, _key, u64, _max, 0)
#define BPF_HISTOGRAM(...) \
	__SKEP_PICK(__VA_ARGS__, 0, 0, 0, 0, 0, __SKEP_HIST3, __SKEP_HIST2, __SKEP_HIST1)(__VA_ARGS__)

#define BPF_STACK_TRACE(_name, _max) \
	__SKEP_TABLE("stacktrace", int, struct bpf_stacktrace, _name, _max, 0)
#define BPF_STACK_TRACE_BUILDID(_name, _max) \
	__SKEP_TABLE("stacktrace", int, struct bpf_stacktrace_buildid, _name, _max, BPF_F_STACK_BUILD_ID)

#define BPF_PERF_OUTPUT(_name) __SKEP_TABLE("perf_output", int, u32, _name, 0, 0)
#define BPF_RINGBUF_OUTPUT(_name, _pages) \
	__SKEP_TABLE("ringbuf", int, u32, _name, (_pages) * PAGE_SIZE, 0)
#define BPF_PERF_ARRAY(_name, _max) \
	__SKEP_TABLE("perf_array", int, u32, _name, _max, 0)
#define BPF_PROG_ARRAY(_name, _max) \
	__SKEP_TABLE("prog", u32, u32, _name, _max, 0)
#define BPF_CGROUP_ARRAY(_name, _max) \
	__SKEP_TABLE("cgroup_array", int, u32, _name, _max, 0)
#define BPF_DEVMAP(_name, _max) \
	__SKEP_TABLE("devmap", int, int, _name, _max, 0)
#define BPF_CPUMAP(_name, _max) \
	__SKEP_TABLE("cpumap", int, u32, _name, _max, 0)
#define BPF_XDP_REDIRECT_MAP(_type, _leaf, _name, _max) \
	__SKEP_TABLE(_type, int, _leaf, _name, _max, 0)
#define __SKEP_XSKMAP(_name, _max, _pin) \
	__SKEP_TABLE_WITH("xskmap", int, int, _name, _max, 0, "", _pin, "")
#define __SKEP_XSKMAP2(_name, _max) __SKEP_XSKMAP(_name, _max, "")
#define BPF_XSKMAP(...) __SKEP_PICK(__VA_ARGS__, 0, 0, 0, 0, 0, __SKEP_XSKMAP, __SKEP_XSKMAP2, 0)(__VA_ARGS__)

#define BPF_ARRAY_OF_MAPS(_name, _inner, _max) \
	__SKEP_TABLE_WITH("array_of_maps", int, int, _name, _max, 0, _inner, "", "")
#define __SKEP_MAPS2(_name, _inner) __SKEP_MAPS4(_name, int, _inner, 10240)
#define __SKEP_MAPS3(_name, _key, _inner) __SKEP_MAPS4(_name, _key, _inner, 10240)
#define __SKEP_MAPS4(_name, _key, _inner, _max) \
	__SKEP_TABLE_WITH("hash_of_maps", _key, int, _name, _max, 0, _inner, "", "")
#define BPF_HASH_OF_MAPS(...) \
	__SKEP_PICK(__VA_ARGS__, 0, 0, 0, 0, __SKEP_MAPS4, __SKEP_MAPS3, __SKEP_MAPS2, 0)(__VA_ARGS__)

#define __SKEP_QUEUESTACK(_share, _type, _name, _leaf, _max, _flags, _pin) \
	__SKEP_TABLE_WITH(_type, int, _leaf, _name, _max, _flags, "", _pin, _share)
#define __SKEP_QUEUESTACK5(_share, _type, _name, _leaf, _max) \
	__SKEP_QUEUESTACK(_share, _type, _name, _leaf, _max, 0, "")
#define __SKEP_QUEUESTACK6(_share, _type, _name, _leaf, _max, _flags) \
	__SKEP_QUEUESTACK(_share, _type, _name, _leaf, _max, _flags, "")
#define __SKEP_VISIBLE_QUEUESTACK(...) \
	__SKEP_PICK(__VA_ARGS__, 0, 0, __SKEP_QUEUESTACK6, __SKEP_QUEUESTACK5, 0, 0, 0, 0)(__VA_ARGS__)
#define BPF_QUEUESTACK(...) __SKEP_VISIBLE_QUEUESTACK("", __VA_ARGS__)
#define BPF_QUEUESTACK_PUBLIC(...) __SKEP_VISIBLE_QUEUESTACK("public", __VA_ARGS__)
#define BPF_QUEUESTACK_SHARED(...) __SKEP_VISIBLE_QUEUESTACK("shared", __VA_ARGS__)
#define BPF_QUEUE(...) BPF_QUEUESTACK("queue", __VA_ARGS__)
#define BPF_STACK(...) BPF_QUEUESTACK("stack", __VA_ARGS__)
#define BPF_QUEUESTACK_PINNED(_type, _name, _leaf, _max, _flags, _pin) \
	__SKEP_QUEUESTACK("", _type, _name, _leaf, _max, _flags, _pin)
#define BPF_QUEUE_STACK3(_type, _name, _leaf, _max) BPF_QUEUESTACK(_type, _name, _leaf, _max, 0)
#define BPF_QUEUE_STACK4(_type, _name, _leaf, _max, _flags) BPF_QUEUESTACK(_type, _name, _leaf, _max, _flags)

#define BPF_SOCKMAP(_name, _max) \
	__SKEP_TABLE("sockmap", u32, int, _name, _max, 0)
#define __SKEP_SOCKHASH1(_name) __SKEP_SOCKHASH3(_name, u32, 10240)
#define __SKEP_SOCKHASH2(_name, _key) __SKEP_SOCKHASH3(_name, _key, 10240)
#define __SKEP_SOCKHASH3(_name, _key, _max) \
	__SKEP_TABLE("sockhash", _key, int, _name, _max, 0)
#define BPF_SOCKHASH(...) \
	__SKEP_PICK(__VA_ARGS__, 0, 0, 0, 0, 0, __SKEP_SOCKHASH3, __SKEP_SOCKHASH2, __SKEP_SOCKHASH1)(__VA_ARGS__)

#define __SKEP_LOCAL(_type, _name, _leaf, _flags) \
	__SKEP_TABLE(_type, int, _leaf, _name, 0, _flags)
#define BPF_SK_STORAGE(_name, _leaf) __SKEP_LOCAL("sk_storage", _name, _leaf, BPF_F_NO_PREALLOC)
#define BPF_INODE_STORAGE(_name, _leaf) __SKEP_LOCAL("inode_storage", _name, _leaf, BPF_F_NO_PREALLOC)
#define BPF_TASK_STORAGE(_name, _leaf) __SKEP_LOCAL("task_storage", _name, _leaf, BPF_F_NO_PREALLOC)
#define __SKEP_CGROUP_STORAGE(_type, _name, _leaf) \
	__SKEP_TABLE(_type, struct bpf_cgroup_storage_key, _leaf, _name, 0, 0)
#define BPF_CGROUP_STORAGE(_name, _leaf) __SKEP_CGROUP_STORAGE("cgroup_storage", _name, _leaf)
#define BPF_PERCPU_CGROUP_STORAGE(_name, _leaf) __SKEP_CGROUP_STORAGE("percpu_cgroup_storage", _name, _leaf)
