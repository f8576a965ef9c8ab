/*
 * Tables. A table is a global variable of a struct of its own: `key` and `leaf` give the types, the other members are
 * its methods, so that calls are type checked as C. The rewriter turns the calls into helper calls; no such object exists
 * at run time.
 */
#define __SKEP_TABLE(_type, _key, _leaf, _name, _max, _flags, _inner, _pin, _methods...) \
	__SKEP_VISIBLE_TABLE("", _type, _key, _leaf, _name, _max, _flags, _inner, _pin, _methods)
#define __SKEP_VISIBLE_TABLE(_share, _type, _key, _leaf, _name, _max, _flags, _inner, _pin, _methods...) \
	struct __attribute__((bpf_table(#_name))) _name##_table_t { \
		__typeof__(_key) key; \
		__typeof__(_leaf) leaf; \
		_methods \
	}; \
	__attribute__((bpf_map(_type, _max, _flags, _inner, _pin, _share))) struct _name##_table_t _name

#define __SKEP_LOOKUP(_key, _leaf) \
	__typeof__(_leaf) *(*lookup)(const __typeof__(_key) *);

#define __SKEP_KEYED(_key, _leaf) \
	__SKEP_LOOKUP(_key, _leaf) \
	__typeof__(_leaf) *(*lookup_or_init)(const __typeof__(_key) *, const __typeof__(_leaf) *); \
	__typeof__(_leaf) *(*lookup_or_try_init)(const __typeof__(_key) *, const __typeof__(_leaf) *); \
	int (*update)(const __typeof__(_key) *, const __typeof__(_leaf) *); \
	int (*insert)(const __typeof__(_key) *, const __typeof__(_leaf) *); \
	int (*delete)(const __typeof__(_key) *); \
	void (*increment)(__typeof__(_key), ...); \
	void (*atomic_increment)(__typeof__(_key), ...);

#define __SKEP_STACKS int (*get_stackid)(void *, u64);
#define __SKEP_TAIL_CALL void (*call)(void *, int);
#define __SKEP_CGROUPS int (*check_current_task)(int);
#define __SKEP_REDIRECT int (*redirect_map)(int, int);
#define __SKEP_PERF_READ \
	u64 (*perf_read)(int); \
	int (*perf_counter_value)(int, void *, u32);
#define __SKEP_PERF_SUBMIT \
	int (*perf_submit)(void *, const void *, u64); \
	int (*perf_submit_skb)(void *, u32, const void *, u64);
#define __SKEP_RING \
	int (*ringbuf_output)(const void *, u64, u64); \
	void *(*ringbuf_reserve)(u64); \
	void (*ringbuf_discard)(void *, u64); \
	void (*ringbuf_submit)(void *, u64); \
	u64 (*ringbuf_query)(u64);
#define __SKEP_QUEUE(_leaf) \
	int (*push)(const __typeof__(_leaf) *, u64); \
	int (*pop)(__typeof__(_leaf) *); \
	int (*peek)(__typeof__(_leaf) *);
#define __SKEP_SOCKETS(_key) \
	int (*sock_map_update)(void *, const __typeof__(_key) *, u64); \
	int (*sock_hash_update)(void *, const __typeof__(_key) *, u64); \
	int (*msg_redirect_map)(void *, u32, u64); \
	int (*sk_redirect_map)(void *, u32, u64); \
	int (*msg_redirect_hash)(void *, const __typeof__(_key) *, u64); \
	int (*sk_redirect_hash)(void *, const __typeof__(_key) *, u64);
#define __SKEP_STORAGE(_leaf) \
	__typeof__(_leaf) *(*sk_storage_get)(void *, const void *, int); \
	int (*sk_storage_delete)(void *); \
	__typeof__(_leaf) *(*inode_storage_get)(void *, const void *, int); \
	int (*inode_storage_delete)(void *); \
	__typeof__(_leaf) *(*task_storage_get)(void *, const void *, int); \
	int (*task_storage_delete)(void *); \
	__typeof__(_leaf) *(*get_local_storage)(u64);

/* Any type of table by name: all methods that some type has. */
#define __SKEP_ANY(_key, _leaf) \
	__SKEP_KEYED(_key, _leaf) __SKEP_STACKS __SKEP_TAIL_CALL __SKEP_CGROUPS __SKEP_REDIRECT __SKEP_PERF_READ \
	__SKEP_SOCKETS(_key) __SKEP_STORAGE(_leaf) __SKEP_QUEUE(_leaf) __SKEP_PERF_SUBMIT

#define __SKEP_PICK(_1, _2, _3, _4, _5, _6, _7, _8, _n, ...) _n

#define BPF_F_TABLE(_type, _key, _leaf, _name, _max, _flags) \
	__SKEP_TABLE(_type, _key, _leaf, _name, _max, _flags, "", "", __SKEP_ANY(_key, _leaf))
#define BPF_TABLE(_type, _key, _leaf, _name, _max) BPF_F_TABLE(_type, _key, _leaf, _name, _max, 0)
#define BPF_TABLE_PUBLIC(_type, _key, _leaf, _name, _max) \
	__SKEP_VISIBLE_TABLE("public", _type, _key, _leaf, _name, _max, 0, "", "", __SKEP_ANY(_key, _leaf))
#define __SKEP_SHARED(_type, _key, _leaf, _name, _max, _flags) \
	__SKEP_VISIBLE_TABLE("shared", _type, _key, _leaf, _name, _max, _flags, "", "", __SKEP_ANY(_key, _leaf))
#define __SKEP_SHARED5(_type, _key, _leaf, _name, _max) __SKEP_SHARED(_type, _key, _leaf, _name, _max, 0)
#define BPF_TABLE_SHARED(...) \
	__SKEP_PICK(__VA_ARGS__, 0, 0, __SKEP_SHARED, __SKEP_SHARED5, 0, 0, 0, 0)(__VA_ARGS__)
#define __SKEP_PINNED(_type, _key, _leaf, _name, _max, _pin, _flags) \
	__SKEP_TABLE(_type, _key, _leaf, _name, _max, _flags, "", _pin, __SKEP_ANY(_key, _leaf))
#define __SKEP_PINNED6(_type, _key, _leaf, _name, _max, _pin) __SKEP_PINNED(_type, _key, _leaf, _name, _max, _pin, 0)
#define BPF_TABLE_PINNED(...) \
	__SKEP_PICK(__VA_ARGS__, 0, __SKEP_PINNED, __SKEP_PINNED6, 0, 0, 0, 0, 0)(__VA_ARGS__)

#define __SKEP_HASH(_type, _name, _key, _leaf, _max, _flags) \
	__SKEP_TABLE(_type, _key, _leaf, _name, _max, _flags, "", "", __SKEP_KEYED(_key, _leaf))
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
	__SKEP_TABLE("stacktrace", int, struct bpf_stacktrace, _name, _max, 0, "", "", \
		__SKEP_LOOKUP(int, struct bpf_stacktrace) __SKEP_STACKS)
#define BPF_STACK_TRACE_BUILDID(_name, _max) \
	__SKEP_TABLE("stacktrace", int, struct bpf_stacktrace_buildid, _name, _max, BPF_F_STACK_BUILD_ID, "", "", \
		__SKEP_LOOKUP(int, struct bpf_stacktrace_buildid) __SKEP_STACKS)

#define BPF_PERF_OUTPUT(_name) __SKEP_TABLE("perf_output", int, u32, _name, 0, 0, "", "", __SKEP_PERF_SUBMIT)
#define BPF_RINGBUF_OUTPUT(_name, _pages) \
	__SKEP_TABLE("ringbuf", int, u32, _name, (_pages) * PAGE_SIZE, 0, "", "", __SKEP_RING)
#define BPF_PERF_ARRAY(_name, _max) \
	__SKEP_TABLE("perf_array", int, u32, _name, _max, 0, "", "", __SKEP_PERF_READ)
#define BPF_PROG_ARRAY(_name, _max) \
	__SKEP_TABLE("prog", u32, u32, _name, _max, 0, "", "", __SKEP_TAIL_CALL)
#define BPF_CGROUP_ARRAY(_name, _max) \
	__SKEP_TABLE("cgroup_array", int, u32, _name, _max, 0, "", "", __SKEP_CGROUPS)
#define BPF_DEVMAP(_name, _max) \
	__SKEP_TABLE("devmap", int, int, _name, _max, 0, "", "", __SKEP_LOOKUP(int, int) __SKEP_REDIRECT)
#define BPF_CPUMAP(_name, _max) \
	__SKEP_TABLE("cpumap", int, u32, _name, _max, 0, "", "", __SKEP_LOOKUP(int, u32) __SKEP_REDIRECT)
#define __SKEP_XSKMAP(_name, _max, _pin) \
	__SKEP_TABLE("xskmap", int, int, _name, _max, 0, "", _pin, __SKEP_LOOKUP(int, int) __SKEP_REDIRECT)
#define __SKEP_XSKMAP2(_name, _max) __SKEP_XSKMAP(_name, _max, "")
#define BPF_XSKMAP(...) __SKEP_PICK(__VA_ARGS__, 0, 0, 0, 0, 0, __SKEP_XSKMAP, __SKEP_XSKMAP2, 0)(__VA_ARGS__)

#define BPF_ARRAY_OF_MAPS(_name, _inner, _max) \
	__SKEP_TABLE("array_of_maps", int, int, _name, _max, 0, _inner, "", void *(*lookup)(const int *);)
#define __SKEP_MAPS2(_name, _inner) __SKEP_MAPS4(_name, int, _inner, 10240)
#define __SKEP_MAPS3(_name, _key, _inner) __SKEP_MAPS4(_name, _key, _inner, 10240)
#define __SKEP_MAPS4(_name, _key, _inner, _max) \
	__SKEP_TABLE("hash_of_maps", _key, int, _name, _max, 0, _inner, "", void *(*lookup)(const __typeof__(_key) *);)
#define BPF_HASH_OF_MAPS(...) \
	__SKEP_PICK(__VA_ARGS__, 0, 0, 0, 0, __SKEP_MAPS4, __SKEP_MAPS3, __SKEP_MAPS2, 0)(__VA_ARGS__)

#define __SKEP_QUEUESTACK(_share, _type, _name, _leaf, _max, _flags, _pin) \
	__SKEP_VISIBLE_TABLE(_share, _type, int, _leaf, _name, _max, _flags, "", _pin, __SKEP_QUEUE(_leaf))
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
#define __SKEP_QUEUE_PIN5(_type, _name, _leaf, _max, _pin) __SKEP_QUEUESTACK("", _type, _name, _leaf, _max, 0, _pin)
#define __SKEP_QUEUE_PIN6(_type, _name, _leaf, _max, _pin, _flags) \
	__SKEP_QUEUESTACK("", _type, _name, _leaf, _max, _flags, _pin)
#define BPF_QUEUESTACK_PINNED(...) \
	__SKEP_PICK(__VA_ARGS__, 0, 0, __SKEP_QUEUE_PIN6, __SKEP_QUEUE_PIN5, 0, 0, 0, 0)(__VA_ARGS__)

#define BPF_SOCKMAP(_name, _max) \
	__SKEP_TABLE("sockmap", u32, int, _name, _max, 0, "", "", __SKEP_SOCKETS(u32))
#define __SKEP_SOCKHASH1(_name) __SKEP_SOCKHASH3(_name, u32, 10240)
#define __SKEP_SOCKHASH2(_name, _key) __SKEP_SOCKHASH3(_name, _key, 10240)
#define __SKEP_SOCKHASH3(_name, _key, _max) \
	__SKEP_TABLE("sockhash", _key, int, _name, _max, 0, "", "", __SKEP_SOCKETS(_key))
#define BPF_SOCKHASH(...) \
	__SKEP_PICK(__VA_ARGS__, 0, 0, 0, 0, 0, __SKEP_SOCKHASH3, __SKEP_SOCKHASH2, __SKEP_SOCKHASH1)(__VA_ARGS__)

#define __SKEP_LOCAL(_type, _name, _leaf, _flags) \
	__SKEP_TABLE(_type, int, _leaf, _name, 0, _flags, "", "", __SKEP_STORAGE(_leaf))
#define BPF_SK_STORAGE(_name, _leaf) __SKEP_LOCAL("sk_storage", _name, _leaf, BPF_F_NO_PREALLOC)
#define BPF_INODE_STORAGE(_name, _leaf) __SKEP_LOCAL("inode_storage", _name, _leaf, BPF_F_NO_PREALLOC)
#define BPF_TASK_STORAGE(_name, _leaf) __SKEP_LOCAL("task_storage", _name, _leaf, BPF_F_NO_PREALLOC)
#define __SKEP_CGROUP_STORAGE(_type, _name, _leaf) \
	__SKEP_TABLE(_type, struct bpf_cgroup_storage_key, _leaf, _name, 0, 0, "", "", __SKEP_STORAGE(_leaf))
#define BPF_CGROUP_STORAGE(_name, _leaf) __SKEP_CGROUP_STORAGE("cgroup_storage", _name, _leaf)
#define BPF_PERCPU_CGROUP_STORAGE(_name, _leaf) __SKEP_CGROUP_STORAGE("percpu_cgroup_storage", _name, _leaf)
