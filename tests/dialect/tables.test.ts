import assert from "node:assert/strict"
import { loads, runs } from "../support/dialect.ts"

const PACKET = { data: new Uint8Array(64) }

/** One case: statements over these tables give this result. */
const gives = (statements: string, expected: number) =>
  runs(
    `struct key { u32 a; char c; };
BPF_HASH(hash);
BPF_HASH(small, u32, u32, 1);
BPF_HASH(structs, struct key);
BPF_PERCPU_HASH(each, u32, u64);
BPF_TABLE("lru_hash", u32, u64, lru, 100);
BPF_F_TABLE("hash", u32, u64, lazy, 100, BPF_F_NO_PREALLOC);
BPF_ARRAY(array, u64, 3);
BPF_PERCPU_ARRAY(cells);
BPF_HISTOGRAM(dist);
BPF_HISTOGRAM(wide, struct key, 100);
BPF_QUEUE(queue, u64, 2);
BPF_STACK(stack, u32, 10, 0);
BPF_QUEUESTACK("queue", other, u64, 20, 0);
int f(struct __sk_buff *skb) {
  u64 k = 1, v = 40, *p = 0; u32 i = 1, j = 2; int n = 2, r = 0; struct key s = {.a = 7, .c = 'x'};
  ${statements}
}`,
    "sched_cls",
    PACKET,
    expected,
  )

gives("hash.update(&k, &v); p = hash.lookup(&k); return p ? *p : 0;", 40)
gives("hash.update(&k, &v); v = 41; r = hash.insert(&k, &v); p = hash.lookup(&k); return p && r < 0 ? *p : 0;", 40)
gives("hash.update(&k, &v); r = hash.delete(&k); p = hash.lookup(&k); return p == 0 && r == 0;", 1)
gives("p = hash.lookup_or_try_init(&k, &v); if (p) *p += 2; p = hash.lookup(&k); return p ? *p : 0;", 42)
gives("p = hash.lookup_or_init(&k, &v); *p += 3; return *hash.lookup_or_init(&k, &v);", 43)
gives("small.lookup_or_init(&i, &j); small.lookup_or_init(&j, &j); return 5;", 0)
gives("hash.increment(k); hash.increment(k, 6); p = hash.lookup(&k); return p ? *p : 0;", 7)
gives("hash.atomic_increment(k); hash.atomic_increment(k, 8); p = hash.lookup(&k); return p ? *p : 0;", 9)
gives("structs.increment(s); structs.increment(s); p = structs.lookup(&s); return p ? *p : 0;", 2)
gives("each.increment(i); p = each.lookup(&i); return p ? *p : 9;", 1)
gives("lru.increment(i, 4); p = lru.lookup(&i); return p ? *p : 9;", 4)
gives("lazy.increment(i, 4); p = lazy.lookup(&i); return p ? *p : 9;", 4)
gives("array.increment(n); array.increment(n); array.increment(3); p = array.lookup(&n); return p ? *p : 9;", 2)
gives(
  "array.update(&n, &v); n = 3; r = array.update(&n, &v); n = 2; p = array.lookup(&n); return p && r < 0 ? *p : 9;",
  40,
)
gives("cells.increment(n, 11); p = cells.lookup(&n); return p ? *p : 9;", 11)
gives("dist.increment(bpf_log2l(1000)); n = 10; p = dist.lookup(&n); return p ? *p : 9;", 1)
gives("wide.atomic_increment(s, 3); p = wide.lookup(&s); return p ? *p : 9;", 3)
gives(
  "queue.push(&v, 0); v = 50; queue.push(&v, 0); v = 60; r = queue.push(&v, 0); queue.pop(&v); return r < 0 ? v : 0;",
  40,
)
gives(
  "queue.push(&v, 0); queue.push(&v, 0); v = 60; queue.push(&v, BPF_EXIST); queue.pop(&v); queue.pop(&v); return v;",
  60,
)
gives("stack.push(&i, 0); stack.push(&j, 0); stack.peek(&i); stack.pop(&j); stack.pop(&j); return i * 10 + j;", 21)
gives("other.push(&v, 0); other.peek(&k); return k;", 40)
gives(
  "typeof(hash.key) x = 5; typeof(hash.leaf) y = 6; hash.update(&x, &y); p = hash.lookup(&x); return p ? *p : 9;",
  6,
)
gives("lock_xadd(&v, 2); return v;", 42)
gives("return bpf_num_cpus() > 0;", 1)

// Maps of maps
runs(
  `BPF_ARRAY(inner, int, 4); BPF_ARRAY_OF_MAPS(outer, "inner", 10);
BPF_TABLE("hash", u32, u64, inner_hash, 10); BPF_HASH_OF_MAPS(outer_hash, u32, "inner_hash", 5); BPF_HASH_OF_MAPS(more, "inner_hash");
int f(struct __sk_buff *skb) {
  int k = 0; void *m = outer.lookup(&k); u32 h = 1;
  if (m) { int *v = bpf_map_lookup_elem(m, &k); return v ? *v : 1; }
  void *n = outer_hash.lookup(&h); u64 x = 3;
  if (n) bpf_map_update_elem(n, &h, &x, 0);
  return 2;
}`,
  "sched_cls",
  PACKET,
  2,
)
runs(
  `struct key4 { u32 prefix; u32 data; }; BPF_LPM_TRIE(trie, struct key4, int, 16); BPF_LPM_TRIE(plain);
int f(struct __sk_buff *skb) {
  struct key4 k = {.prefix = 8, .data = 10}, l = {.prefix = 32, .data = 10 | 7 << 24}; int v = 33;
  trie.update(&k, &v); int *p = trie.lookup(&l); return p ? *p : 0;
}`,
  "sched_cls",
  PACKET,
  33,
)

// Storage
loads(
  `struct state { u64 seen; }; BPF_SK_STORAGE(states, struct state);
int f(struct __sk_buff *skb) {
  struct bpf_sock *sk = skb->sk; if (!sk) return 0;
  sk = bpf_sk_fullsock(sk); if (!sk) return 0;
  struct state *s = states.sk_storage_get(sk, 0, BPF_SK_STORAGE_GET_F_CREATE); if (s) s->seen++;
  return states.sk_storage_delete(sk);
}`,
  "sched_cls",
)
loads(
  `BPF_CGROUP_STORAGE(one, u64); BPF_PERCPU_CGROUP_STORAGE(each, u64);
int f(struct __sk_buff *skb) { u64 *v = one.get_local_storage(0); *v += 1; u64 *w = each.get_local_storage(0); *w += skb->len; return 1; }`,
  "cgroup_skb",
)

// Sockets
const SOCKET_KEY = "struct sock_key { u32 remote_ip4, local_ip4, remote_port, local_port; };"
loads(
  `${SOCKET_KEY} BPF_SOCKHASH(sockets, struct sock_key, 65535); BPF_SOCKMAP(list, 10);
int f(struct bpf_sock_ops *ops) {
  struct sock_key k = {.remote_ip4 = ops->remote_ip4, .remote_port = bpf_ntohl(ops->remote_port), .local_port = ops->local_port};
  u32 i = 1;
  if (ops->op == BPF_SOCK_OPS_PASSIVE_ESTABLISHED_CB) sockets.sock_hash_update(ops, &k, BPF_NOEXIST);
  list.sock_map_update(ops, &i, 0);
  return 0;
}`,
  "sock_ops",
)
loads(
  `${SOCKET_KEY} BPF_SOCKHASH(sockets, struct sock_key, 65535); BPF_SOCKMAP(list, 10);
int f(struct sk_msg_md *msg) {
  struct sock_key k = {}; k.local_ip4 = msg->remote_ip4; k.remote_port = bpf_ntohl(msg->local_port);
  if (msg->size > 100) return list.msg_redirect_map(msg, 1, 0);
  return sockets.msg_redirect_hash(msg, &k, BPF_F_INGRESS);
}`,
  "sk_msg",
)
loads(
  `BPF_SOCKHASH(sockets); BPF_SOCKMAP(list, 10);
int f(struct __sk_buff *skb) { u32 k = 0; return skb->len > 9 ? sockets.sk_redirect_hash(skb, &k, 0) : list.sk_redirect_map(skb, 1, 0); }`,
  "sk_skb",
)

// Redirects
loads(
  `BPF_DEVMAP(devices, 10); BPF_CPUMAP(cpus, 10); BPF_XSKMAP(queues, 4); BPF_XDP_REDIRECT_MAP("devmap_hash", int, hashed, 4);
int f(struct xdp_md *ctx) {
  int i = ctx->rx_queue_index;
  if (i == 7) return cpus.redirect_map(0, 0);
  if (i == 8 && queues.lookup(&i)) return queues.redirect_map(i, 0);
  return i == 9 ? hashed.redirect_map(1, 0) : devices.redirect_map(0, 0);
}`,
  "xdp",
)

// Calls, counters, streams
loads(
  `BPF_PROG_ARRAY(programs, 10); int f(void *ctx) { programs.call(ctx, 2); bpf_trace_printk("no such program\\n"); return 0; }`,
  "kprobe",
)
loads(
  `BPF_PERF_ARRAY(counters, 16); BPF_PERF_OUTPUT(events); BPF_CGROUP_ARRAY(groups, 1); BPF_STACK_TRACE(stacks, 1000);
BPF_STACK_TRACE_BUILDID(builds, 100);
struct event { u64 count; char comm[16]; };
int f(struct pt_regs *ctx) {
  struct bpf_perf_event_value value = {}; struct event e = {};
  counters.perf_counter_value(CUR_CPU_IDENTIFIER, &value, sizeof(value));
  e.count = counters.perf_read(CUR_CPU_IDENTIFIER) + value.counter;
  bpf_get_current_comm(&e.comm, sizeof(e.comm));
  events.perf_submit(ctx, &e, sizeof(e));
  if (groups.check_current_task(0) <= 0) return 0;
  return stacks.get_stackid(ctx, BPF_F_USER_STACK) + builds.get_stackid(ctx, BPF_F_USER_STACK);
}`,
  "kprobe",
)
loads(
  `BPF_PERF_OUTPUT(events); BPF_PERF_ARRAY(counters, 16);
int f(struct pt_regs *ctx) { u64 v = 1; events.perf_submit(ctx, &v, sizeof(v)); return counters.perf_read(CUR_CPU_IDENTIFIER); }`,
  "kprobe",
  "-DCUR_CPU_IDENTIFIER=bpf_get_smp_processor_id()",
)
loads(
  `BPF_RINGBUF_OUTPUT(ring, 8); struct event { u64 a; char c[16]; };
int f(struct pt_regs *ctx) {
  struct event e = {}; ring.ringbuf_output(&e, sizeof(e), 0);
  struct event *p = ring.ringbuf_reserve(sizeof(struct event)); if (!p) return 1;
  p->a = ring.ringbuf_query(BPF_RB_AVAIL_DATA);
  if (p->a > 5) ring.ringbuf_discard(p, 0); else ring.ringbuf_submit(p, BPF_RB_FORCE_WAKEUP);
  return 0;
}`,
  "kprobe",
)
loads(
  "BPF_PERF_OUTPUT(events); int f(struct __sk_buff *skb) { u32 magic = 7; return events.perf_submit_skb(skb, skb->len, &magic, sizeof(magic)); }",
  "sched_cls",
)

// Seen by others
runs(
  `BPF_TABLE_PUBLIC("hash", u64, u64, all, 10); BPF_TABLE_SHARED("array", u32, u64, some, 10);
BPF_QUEUESTACK_PUBLIC("stack", all_stack, u64, 10, 0); BPF_QUEUESTACK_SHARED("queue", some_queue, u64, 10, 0);
int f(struct __sk_buff *skb) { u64 k = 1; all.increment(k, 5); all_stack.push(&k, 0); some_queue.push(&k, 0); u64 *p = all.lookup(&k); return p ? *p : 0; }`,
  "sched_cls",
  PACKET,
  5,
  (_, { object }) => assert.equal(object.maps.length, 4),
)
