import assert from "node:assert/strict"
import { test } from "node:test"
import { compile, refuses } from "../../../tests/support/bcc.ts"
import { typeToString } from "../../c/index.ts"

/** One case: the declaration makes a map; its parts are type, key and value with their sizes, entries, flags and what else it has. */
function declares(declaration: string, expected: string): void {
  test(declaration, () => {
    const { unit } = compile(
      `struct key { u32 a; u64 b; }; struct value { char x[5]; }; BPF_HASH(inner, u32);\n${declaration};`,
    )
    const map = unit.maps[unit.maps.length - 1]
    const { type, key, value, keySize, valueSize, maxEntries, flags, inner, pin, share } = map
    const typeOf = (t: typeof key, size: number) => `${t === undefined ? "-" : typeToString(t)}:${size}`
    const more = [inner, pin, share].filter(x => x !== undefined).join(" ")
    const text = `${type} ${typeOf(key, keySize)} ${typeOf(value, valueSize)} ${maxEntries} ${flags} ${more}`.trim()
    assert.equal(text, expected)
  })
}

declares('BPF_TABLE("hash", struct key, u64, t, 1024)', "hash struct key:16 u64:8 1024 0")
declares('BPF_TABLE("percpu_array", int, struct value, t, 2 * 8)', "percpu_array int:4 struct value:5 16 0")
declares('BPF_F_TABLE("lpm_trie", struct key, u64, t, 10, BPF_F_NO_PREALLOC)', "lpm_trie struct key:16 u64:8 10 1")
declares('BPF_TABLE("lru_percpu_hash", u32, char[16], t, 9)', "lru_percpu_hash u32:4 char[16]:16 9 0")
declares("BPF_HASH(t)", "hash u64:8 u64:8 10240 0")
declares("BPF_HASH(t, struct key)", "hash struct key:16 u64:8 10240 0")
declares("BPF_HASH(t, u32, struct value)", "hash u32:4 struct value:5 10240 0")
declares("BPF_HASH(t, u32, struct value *, 77)", "hash u32:4 struct value *:8 77 0")
declares("BPF_PERCPU_HASH(t, u32)", "percpu_hash u32:4 u64:8 10240 0")
declares("BPF_LRU_HASH(t, u32)", "lru_hash u32:4 u64:8 10240 0")
declares("BPF_LPM_TRIE(t, struct key)", "lpm_trie struct key:16 u64:8 10240 1")
declares("BPF_ARRAY(t)", "array int:4 u64:8 10240 0")
declares("BPF_ARRAY(t, struct value, 3)", "array int:4 struct value:5 3 0")
declares("BPF_PERCPU_ARRAY(t, u64, 1)", "percpu_array int:4 u64:8 1 0")
declares("BPF_HISTOGRAM(t)", "array int:4 u64:8 64 0")
declares("BPF_HISTOGRAM(t, int, 100)", "array int:4 u64:8 100 0")
declares("BPF_HISTOGRAM(t, struct key)", "hash struct key:16 u64:8 64 0")
declares("BPF_HISTOGRAM(t, u32, 5)", "hash u32:4 u64:8 5 0")
declares("BPF_STACK_TRACE(t, 1000)", "stack_trace int:4 struct bpf_stacktrace:1016 1024 0")
declares("BPF_STACK_TRACE_BUILDID(t, 16)", "stack_trace int:4 struct bpf_stacktrace_buildid:4064 16 32")
declares("BPF_PERF_OUTPUT(t)", "perf_event_array int:4 u32:4 0 0")
declares("BPF_RINGBUF_OUTPUT(t, 8)", "ringbuf -:0 -:0 32768 0")
declares("BPF_PERF_ARRAY(t, 4)", "perf_event_array int:4 u32:4 4 0")
declares("BPF_PROG_ARRAY(t, 4)", "prog_array u32:4 u32:4 4 0")
declares("BPF_CGROUP_ARRAY(t, 1)", "cgroup_array int:4 u32:4 1 0")
declares("BPF_DEVMAP(t, 1)", "devmap int:4 int:4 1 0")
declares("BPF_CPUMAP(t, 1)", "cpumap int:4 u32:4 1 0")
declares("BPF_XSKMAP(t, 1)", "xskmap int:4 int:4 1 0")
declares('BPF_XSKMAP(t, 1, "/sys/fs/bpf/x")', "xskmap int:4 int:4 1 0 /sys/fs/bpf/x")
declares('BPF_ARRAY_OF_MAPS(t, "inner", 3)', "array_of_maps int:4 int:4 3 0 inner")
declares('BPF_HASH_OF_MAPS(t, "inner")', "hash_of_maps int:4 int:4 10240 0 inner")
declares('BPF_HASH_OF_MAPS(t, struct key, "inner", 5)', "hash_of_maps struct key:16 int:4 5 0 inner")
declares("BPF_QUEUE(t, struct value, 5)", "queue -:0 struct value:5 5 0")
declares("BPF_STACK(t, u64, 5, 0)", "stack -:0 u64:8 5 0")
declares('BPF_QUEUESTACK_PINNED("queue", t, u64, 5, 0, "/p")', "queue -:0 u64:8 5 0 /p")
declares("BPF_SOCKMAP(t, 4)", "sockmap u32:4 int:4 4 0")
declares("BPF_SOCKHASH(t)", "sockhash u32:4 int:4 10240 0")
declares("BPF_SOCKHASH(t, struct key, 9)", "sockhash struct key:16 int:4 9 0")
declares("BPF_SK_STORAGE(t, u64)", "sk_storage int:4 u64:8 0 1")
declares("BPF_INODE_STORAGE(t, u64)", "inode_storage int:4 u64:8 0 1")
declares("BPF_TASK_STORAGE(t, u64)", "task_storage int:4 u64:8 0 1")
declares("BPF_CGROUP_STORAGE(t, u64)", "cgroup_storage struct bpf_cgroup_storage_key:16 u64:8 0 0")
declares('BPF_TABLE_PINNED("hash", u32, u64, t, 7, "/sys/fs/bpf/t")', "hash u32:4 u64:8 7 0 /sys/fs/bpf/t")
declares('BPF_TABLE_PINNED("hash", u32, u64, t, 7, "/sys/fs/bpf/t", 1)', "hash u32:4 u64:8 7 1 /sys/fs/bpf/t")
declares('BPF_TABLE_PUBLIC("hash", u32, u64, t, 7)', "hash u32:4 u64:8 7 0 public")
declares('BPF_TABLE_SHARED("hash", u32, u64, t, 7)', "hash u32:4 u64:8 7 0 shared")
declares('BPF_TABLE("hash:/sys/fs/bpf/t", u32, u64, t, 7)', "hash u32:4 u64:8 7 0 /sys/fs/bpf/t")
declares('BPF_TABLE("array_of_maps$inner", int, int, t, 7)', "array_of_maps int:4 int:4 7 0 inner")
declares('BPF_TABLE("extern", u32, u64, t, 7)', "extern u32:4 u64:8 7 0")

refuses('BPF_TABLE("hsah", u32, u64, t, 7);', "unknown table type 'hsah'; did you mean 'hash'?")
refuses('BPF_TABLE("hash", u32, u64, t, -1);', "size and flags of table 't' must be constants of 32 bits")
refuses('int n; BPF_TABLE("hash", u32, u64, t, n);', "an attribute's argument is not an integer constant expression")
refuses('BPF_ARRAY_OF_MAPS(t, "inner", 3);', "inner map 'inner' of table 't' is no table of this program")
refuses(
  'BPF_HASH(inner); BPF_ARRAY_OF_MAPS(t, "iner", 3);',
  "inner map 'iner' of table 't' is no table of this program; did you mean 'inner'?",
)
refuses("BPF_HASH(t, struct nothing);", "member 'key' has incomplete type 'struct nothing'")
refuses("BPF_HASH(t); BPF_HASH(t);", "redefinition of 't_table_t'")

test("tables and the records of their methods are no part of the program", () => {
  const { unit } = compile("BPF_HASH(a); int f(void *ctx) { return 0; } BPF_HASH(b);")
  assert.deepEqual(
    unit.unit.decls.map(d => ("name" in d ? d.name : d.tag)),
    ["f"],
  )
})
