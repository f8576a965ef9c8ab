import assert from "node:assert/strict"
import { test } from "node:test"
import { compile, emitted, refusal, warns } from "../../../tests/support/bcc.ts"
import { typeToString } from "../../c/index.ts"

const TABLES = `
struct data { u32 pid; u64 ts; };
BPF_HASH(hash, u32); BPF_HASH(structs, u32, struct data); BPF_PERCPU_HASH(pcpu, u32);
BPF_TABLE("lru_hash", u32, u64, lru, 64); BPF_ARRAY(array, u64, 8); BPF_HISTOGRAM(hist);
BPF_STACK_TRACE(stacks, 100); BPF_PERF_OUTPUT(events); BPF_RINGBUF_OUTPUT(ring, 8); BPF_PERF_ARRAY(counters, 2);
BPF_PROG_ARRAY(progs, 4); BPF_CGROUP_ARRAY(groups, 1); BPF_DEVMAP(devs, 4); BPF_QUEUE(queue, u64, 16);
BPF_SOCKHASH(socks); BPF_SOCKMAP(sockm, 4); BPF_TASK_STORAGE(tasks, u64); BPF_SK_STORAGE(sks, u64);
BPF_INODE_STORAGE(inodes, u64); BPF_CGROUP_STORAGE(cgs, u64); BPF_XSKMAP(xsks, 4); BPF_CPUMAP(cpus, 4);
`
const HEAD = "void f(struct pt_regs *ctx)"
const DECLS = "u32 k = 1; u64 v = 0; u64 *p; struct data d = {}; void *q; int n;"

/** One case: the statement becomes this. `k`, `v`, `p`, `d`, `q` and `n` are variables. */
function becomes(statement: string, expected: string): void {
  test(statement, () => {
    const text = emitted(`${TABLES}${HEAD} { ${DECLS}\n${statement} }`)
    const at = text.indexOf("int n; ")
    assert.equal(text.slice(at + 7, -2), expected)
  })
}

function refuses(statement: string, message: string): void {
  test(statement, () => assert.equal(refusal(`${TABLES}${HEAD} { ${DECLS}\n${statement} }`).message, message))
}

becomes("p = hash.lookup(&k);", "p = bpf_map_lookup_elem(&hash, &k);")
becomes("hash.update(&k, &v);", "bpf_map_update_elem(&hash, &k, &v, BPF_ANY);")
becomes("hash.insert(&k, &v);", "bpf_map_update_elem(&hash, &k, &v, BPF_NOEXIST);")
becomes("n = hash.delete(&k);", "n = bpf_map_delete_elem(&hash, &k);")
becomes(
  "p = hash.lookup_or_try_init(&k, &v);",
  "p = ({ u64 *_leaf = bpf_map_lookup_elem(&hash, &k); " +
    "if (!_leaf) { bpf_map_update_elem(&hash, &k, &v, BPF_NOEXIST); _leaf = bpf_map_lookup_elem(&hash, &k); } _leaf; });",
)
becomes(
  "p = hash.lookup_or_init(&k, &v);",
  "p = ({ u64 *_leaf = bpf_map_lookup_elem(&hash, &k); " +
    "if (!_leaf) { bpf_map_update_elem(&hash, &k, &v, BPF_NOEXIST); _leaf = bpf_map_lookup_elem(&hash, &k); if (!_leaf) return; } _leaf; });",
)
becomes(
  "hash.increment(k);",
  "({ u32 _key = k; u64 *_leaf = bpf_map_lookup_elem(&hash, &_key); if (_leaf) *_leaf += 1; " +
    "else { u64 _new = 1; bpf_map_update_elem(&hash, &_key, &_new, BPF_NOEXIST); } });",
)
becomes(
  "lru.increment(7, v + 1);",
  "({ u32 _key = 7; u64 _by = v + 1; u64 *_leaf = bpf_map_lookup_elem(&lru, &_key); if (_leaf) *_leaf += _by; " +
    "else { u64 _new = _by; bpf_map_update_elem(&lru, &_key, &_new, BPF_NOEXIST); } });",
)
becomes(
  "array.increment(k, 2);",
  "({ int _key = k; u64 *_leaf = bpf_map_lookup_elem(&array, &_key); if (_leaf) *_leaf += 2; });",
)
becomes(
  "hist.atomic_increment(bpf_log2l(v));",
  "({ int _key = bpf_log2l(v); u64 *_leaf = bpf_map_lookup_elem(&hist, &_key); if (_leaf) __sync_fetch_and_add(_leaf, 1); });",
)
becomes("n = stacks.get_stackid(ctx, BPF_F_USER_STACK);", "n = bpf_get_stackid(ctx, &stacks, BPF_F_USER_STACK);")
becomes(
  "events.perf_submit(ctx, &d, sizeof(d));",
  "bpf_perf_event_output(ctx, &events, BPF_F_CURRENT_CPU, &d, sizeof(d));",
)
becomes(
  "events.perf_submit_skb(ctx, k, &d, sizeof(d));",
  "bpf_perf_event_output(ctx, &events, (unsigned long long)k << 32 | BPF_F_CURRENT_CPU, &d, sizeof(d));",
)
becomes("ring.ringbuf_output(&d, sizeof(d), 0);", "bpf_ringbuf_output(&ring, &d, sizeof(d), 0);")
becomes("q = ring.ringbuf_reserve(sizeof(d));", "q = bpf_ringbuf_reserve(&ring, sizeof(d), 0);")
becomes("ring.ringbuf_submit(q, 0);", "bpf_ringbuf_submit(q, 0);")
becomes("ring.ringbuf_discard(q, 0);", "bpf_ringbuf_discard(q, 0);")
becomes("v = ring.ringbuf_query(BPF_RB_AVAIL_DATA);", "v = bpf_ringbuf_query(&ring, BPF_RB_AVAIL_DATA);")
becomes("v = counters.perf_read(1);", "v = bpf_perf_event_read(&counters, 1);")
becomes(
  "n = counters.perf_counter_value(1, &d, sizeof(d));",
  "n = bpf_perf_event_read_value(&counters, 1, &d, sizeof(d));",
)
becomes("progs.call(ctx, 3);", "bpf_tail_call(ctx, &progs, 3);")
becomes("n = groups.check_current_task(0);", "n = bpf_current_task_under_cgroup(&groups, 0);")
becomes("n = devs.redirect_map(1, 0);", "n = bpf_redirect_map(&devs, 1, 0);")
becomes("n = xsks.redirect_map(1, 0);", "n = bpf_redirect_map(&xsks, 1, 0);")
becomes("n = cpus.redirect_map(1, 0);", "n = bpf_redirect_map(&cpus, 1, 0);")
becomes("queue.push(&v, BPF_EXIST);", "bpf_map_push_elem(&queue, &v, BPF_EXIST);")
becomes("n = queue.pop(&v);", "n = bpf_map_pop_elem(&queue, &v);")
becomes("n = queue.peek(&v);", "n = bpf_map_peek_elem(&queue, &v);")
becomes("socks.sock_hash_update(ctx, &k, BPF_ANY);", "bpf_sock_hash_update(ctx, &socks, &k, BPF_ANY);")
becomes("sockm.sock_map_update(ctx, &k, BPF_ANY);", "bpf_sock_map_update(ctx, &sockm, &k, BPF_ANY);")
becomes("n = socks.msg_redirect_hash(ctx, &k, 0);", "n = bpf_msg_redirect_hash(ctx, &socks, &k, 0);")
becomes("n = socks.sk_redirect_hash(ctx, &k, 0);", "n = bpf_sk_redirect_hash(ctx, &socks, &k, 0);")
becomes("p = tasks.task_storage_get(q, &v, 1);", "p = bpf_task_storage_get(&tasks, q, &v, 1);")
becomes("n = tasks.task_storage_delete(q);", "n = bpf_task_storage_delete(&tasks, q);")
becomes("p = sks.sk_storage_get(q, 0, 0);", "p = bpf_sk_storage_get(&sks, q, 0, 0);")
becomes("p = inodes.inode_storage_get(q, 0, 0);", "p = bpf_inode_storage_get(&inodes, q, 0, 0);")
becomes("p = cgs.get_local_storage(0);", "p = bpf_get_local_storage(&cgs, 0);")
// In a macro, where BCC refuses it
becomes("#define GET(m, key) m.lookup(&key)\np = GET(hash, k);", "p = bpf_map_lookup_elem(&hash, &k);")
// `key` and `leaf` give types; an address goes to a helper
becomes("typeof(hash.leaf) x = 1; v = x + sizeof(structs.leaf);", "u64 x = 1; v = x + sizeof(structs.leaf);")
becomes("p = bpf_map_lookup_elem(&hash, &k);", "p = bpf_map_lookup_elem(&hash, &k);")
// An argument with an effect is evaluated once
becomes(
  "p = hash.lookup_or_try_init(n ? &k : q, &v);",
  "p = ({ const u32 *_key = n ? &k : q; u64 *_leaf = bpf_map_lookup_elem(&hash, _key); " +
    "if (!_leaf) { bpf_map_update_elem(&hash, _key, &v, BPF_NOEXIST); _leaf = bpf_map_lookup_elem(&hash, _key); } _leaf; });",
)

refuses("hash.lokup(&k);", "table 'hash' has no method 'lokup'; did you mean 'lookup'?")
refuses("events.lookup(&k);", "table 'events' has no method 'lookup'")
refuses("lru.get_stackid(ctx, 0);", "table 'lru' has no method 'get_stackid'")
refuses("structs.increment(k);", "increment() needs a table of integers; 'structs' has 'struct data'")
refuses("q = (void *)hash.lookup;", "table 'hash' can only be used through its methods")
refuses("hash.lookup();", "too few arguments to function call, expected 1, have 0")
refuses(
  "struct data x = hash.leaf;",
  "initializing 'struct data' with an expression of incompatible type 'u64' (aka 'unsigned long long')",
)
warns(
  `void f(struct pt_regs *ctx) { int k = 0; u64 v = 0; array.insert(&k, &v); }`,
  ["all elements of the array 'array' exist: insert() always fails"],
  TABLES,
)
warns(
  "void f(struct pt_regs *ctx) { int k = 0; hash.lookup(&k); char c; hash.delete(&c); }",
  ["incompatible pointer types passing 'char *' to parameter of type 'const u32 *' (aka 'const unsigned int *')"],
  TABLES,
)

test("lookup_or_init returns 0 as the function's type has it", () => {
  const body = "{ u32 k = 1; u64 v = 0, *p = hash.lookup_or_init(&k, &v); return g(p); }"
  const returns = (type: string, g: string) =>
    /if \(!_leaf\) (return[^;]*;)/.exec(emitted(`${TABLES}${g} static ${type} f(struct pt_regs *ctx) ${body}`))?.[1]
  assert.equal(returns("int", "static int g(u64 *p);"), "return 0;")
  assert.equal(returns("void *", "static void *g(u64 *p);"), "return 0;")
  assert.equal(
    refusal(`${TABLES}static struct data g(u64 *p); static struct data f(struct pt_regs *ctx) ${body}`).message,
    "lookup_or_init() returns 0 when the table is full, which 'struct data' cannot be",
  )
})

test("the record of an event stream is that of what is submitted", () => {
  const { unit } = compile(`${TABLES}
    int f(struct pt_regs *ctx) {
      struct data d = {}; events.perf_submit(ctx, &d, sizeof(d));
      struct other { int x; } *o = ring.ringbuf_reserve(sizeof(*o)); if (o) ring.ringbuf_submit(o, 0);
      return 0;
    }`)
  const event = (name: string) => {
    const type = unit.maps.find(m => m.name === name)?.event
    return type && typeToString(type)
  }
  assert.equal(event("events"), "struct data")
  assert.equal(event("ring"), "struct other")
  assert.equal(event("hash"), undefined)
})
