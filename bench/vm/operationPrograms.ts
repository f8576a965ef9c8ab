/** A program that makes an operation {@link TURNS} times in a loop. */
export interface Operation {
  readonly name: string
  /** In BCC's dialect: `run` is the program. */
  readonly text: string
  /** It sends records through the table `events`, which somebody reads. */
  readonly events: boolean
}

/** Operations of a run. */
export const TURNS = 256

const operation = (name: string, tables: string, body: string): Operation => ({
  name,
  text: `${tables}
static u32 seed = 1;
int run(struct __sk_buff *ctx) {
  u64 sum = 0;
  for (u32 i = 0; i < ${TURNS}; i++) {
    seed = seed * 1664525 + 1013904223;
    ${body}
  }
  return sum;
}
`,
  events: tables.includes("events"),
})

/** Counts by a key that has been there before, but for the first time. */
const COUNT = `u32 key = seed >> 22;
    u64 *value = counts.lookup(&key), one = 1;
    if (value) __sync_fetch_and_add(value, 1);
    else counts.update(&key, &one);`
const INCREMENT = `u32 index = seed >> 26;
    u64 *value = counts.lookup(&index);
    if (value) *value += 1;`
const RING = "struct event { u64 a, b, c; }; BPF_RINGBUF_OUTPUT(events, 4096);"

/** What programs do most: count, keep something for later, send records, ask who runs and when. */
export const operations: readonly Operation[] = [
  operation("loop alone", "", "sum += seed;"),
  operation("array: lookup and add", "BPF_ARRAY(counts, u64, 64);", INCREMENT),
  operation("array: update", "BPF_ARRAY(counts, u64, 64);", "int k = seed >> 26; u64 v = i; counts.update(&k, &v);"),
  operation("per-CPU array: lookup and add", "BPF_PERCPU_ARRAY(counts, u64, 64);", INCREMENT),
  operation("hash: lookup and atomic add", "BPF_HASH(counts, u32, u64, 2048);", COUNT),
  operation("hash: update what is there", "BPF_HASH(counts);", "u64 k = seed >> 24, v = i; counts.update(&k, &v);"),
  operation(
    "hash: insert and delete",
    "BPF_HASH(counts);",
    "u64 k = seed >> 24, v = i; counts.update(&k, &v); counts.delete(&k);",
  ),
  operation(
    "hash: insert and delete, 16 and 64 bytes",
    "struct key { u64 a, b; }; struct value { u64 a[8]; }; BPF_HASH(counts, struct key, struct value);",
    "struct key k = { seed >> 24, i }; struct value v = { .a[3] = i }; counts.update(&k, &v); counts.delete(&k);",
  ),
  operation("per-CPU hash: lookup and add", 'BPF_TABLE("percpu_hash", u32, u64, counts, 2048);', COUNT),
  operation("LRU hash: lookup and atomic add", 'BPF_TABLE("lru_hash", u32, u64, counts, 2048);', COUNT),
  operation(
    "LRU hash: new keys, the oldest go",
    'BPF_TABLE("lru_hash", u32, u64, counts, 1024);',
    "u64 v = i; counts.update(&seed, &v);",
  ),
  operation(
    "ring buffer: reserve and submit, 24 bytes",
    RING,
    `struct event *e = events.ringbuf_reserve(sizeof(struct event));
    if (e) { e->a = seed; e->b = i; e->c = 0; events.ringbuf_submit(e, 0); }`,
  ),
  operation(
    "ring buffer: output, 24 bytes",
    RING,
    "struct event e = { seed, i, 0 }; events.ringbuf_output(&e, sizeof(e), 0);",
  ),
  operation("bpf_ktime_get_ns", "", "sum += bpf_ktime_get_ns();"),
  operation("bpf_get_prandom_u32", "", "sum += bpf_get_prandom_u32();"),
  operation("bpf_get_smp_processor_id", "", "sum += bpf_get_smp_processor_id();"),
  operation("bpf_get_current_pid_tgid", "", "sum += bpf_get_current_pid_tgid();"),
  operation("bpf_get_current_comm", "", "char c[16]; bpf_get_current_comm(&c, sizeof(c)); sum += c[0];"),
  operation(
    "bpf_probe_read_kernel, 8 bytes",
    "BPF_ARRAY(counts, u64, 1);",
    "int k = 0; u64 v = 0, *at = counts.lookup(&k); if (at) bpf_probe_read_kernel(&v, 8, at); sum += v;",
  ),
]
