import assert from "node:assert/strict"
import { mkdirSync, rmSync } from "node:fs"
import { createConnection, createServer, type Socket } from "node:net"
import { test } from "node:test"
import { needsKernel, needsMachine, onVm } from "../../../tests/support/kernel.ts"
import type { SkepError } from "../../base/index.ts"
import {
  Arena,
  ArrayOfMaps,
  ArrayTable,
  BloomFilter,
  BPF,
  CgroupArray,
  CgroupStorage,
  CpuMap,
  DevMap,
  HashOfMaps,
  HashTable,
  InodeStorage,
  LpmTrie,
  PerCpuArray,
  PerCpuHash,
  PerfEventArray,
  ProgArray,
  Queue,
  ReuseportSockArray,
  RingBuffer,
  SkStorage,
  SockHash,
  SockMap,
  Stack,
  StackTraceTable,
  TaskStorage,
  UserRingBuffer,
  XskMap,
} from "../index.ts"

const skip = needsMachine

const LIBBPF = `#include <vmlinux.h>
#include <bpf/bpf_helpers.h>
char LICENSE[] SEC("license") = "GPL";
`
const NOTHING = 'SEC("raw_tp/sys_enter") int f(void *ctx) { return 0; }'

/** A map `t` of libbpf's dialect. */
const declared = (body: string): string => `${LIBBPF}struct { ${body} } t SEC(".maps");\n${NOTHING}`
/** A map `t` of BCC's dialect. */
const bcc = (body: string): string => `${body}\nint f(void *ctx) { return 0; }`

/** Maps of sockets, stacks of this process, and storage by its descriptors. */
const KERNEL_ONLY = /^sockmap|^sockhash|^stack_trace|storage/

/** The map `t` of each text has a class, which is used from here alone. */
// biome-ignore lint/suspicious/noExplicitAny: any class of maps.
function type<C extends abstract new (...args: any[]) => any>(
  name: string,
  kind: C,
  texts: Readonly<Record<string, string>>,
  use: (t: InstanceType<C>, b: BPF) => void | Promise<void>,
): void {
  for (const [dialect, text] of Object.entries(texts)) {
    test(`${name} (${dialect})`, { skip: KERNEL_ONLY.test(name) ? needsKernel : skip }, async () => {
      using b = await BPF.load({ text, autoAttach: false })
      await use(b.table("t", kind) as InstanceType<C>, b)
    })
  }
}

const fails = (code: string, act: () => unknown): void => {
  assert.throws(act, (error: SkepError) => {
    assert.equal(error.code, code, error.message)
    return true
  })
}

/** A hash of either dialect, by its type. */
const hashes = (bccText: string, kind: string): Record<string, string> => ({
  bcc: bcc(bccText),
  libbpf: declared(
    `__uint(type, BPF_MAP_TYPE_${kind}); __uint(max_entries, 100); __type(key, u32); __type(value, u64);`,
  ),
})

type("hash", HashTable<number, bigint>, hashes("BPF_HASH(t, u32, u64, 100);", "HASH"), t => {
  t.setMany([1, 2, 3, 4].map(n => [n, BigInt(n)]))
  assert.equal(t.size, 4)
  assert.equal(t.take(2), 2n)
  assert.equal(t.take(2), undefined)
  assert.equal(t.deleteMany([1, 9, 3]), 2)
  t.set(5, 50n)
  const { count, key, value, restarts } = t.columns()
  assert.deepEqual([count, restarts], [2, 0])
  assert.ok(key instanceof Uint32Array && value instanceof BigUint64Array)
  assert.deepEqual([...key].sort(), [4, 5])
  assert.deepEqual([...value].sort(), [4n, 50n])
  assert.equal(t.readAndClear().length, 2)
  assert.equal(t.size, 0)
  t.set(7, 7n)
  assert.equal(t.columns({ clear: true }).count, 1)
  assert.deepEqual([...t.entries()], [])
})

type("lru_hash", HashTable<number, bigint>, hashes('BPF_TABLE("lru_hash", u32, u64, t, 100);', "LRU_HASH"), t => {
  for (let i = 0; i < 1000; i++) t.set(i, 1n)
  assert.ok(t.size <= 100 && t.size > 0)
  assert.equal(t.get(999), 1n)
})

for (const [kind, text] of [
  ["PERCPU_HASH", "BPF_PERCPU_HASH(t, u32, u64, 100);"],
  ["LRU_PERCPU_HASH", 'BPF_TABLE("lru_percpu_hash", u32, u64, t, 100);'],
]) {
  type(kind.toLowerCase(), PerCpuHash<number, bigint>, hashes(text, kind), t => {
    const values = Array.from({ length: t.cpus }, (_, cpu) => BigInt(cpu + 1))
    t.set(5, values)
    const sum = values.reduce((a, b) => a + b)
    assert.deepEqual(t.get(5), values)
    assert.equal(t.sum(5), sum)
    assert.equal(t.max(5), BigInt(t.cpus))
    assert.equal(t.min(5), 1n)
    assert.equal(t.avg(5), sum / BigInt(t.cpus))
    assert.equal(t.sum(6), undefined)
    assert.equal(
      t.reduce(5, (a, b) => a * b),
      values.reduce((a, b) => a * b),
    )
    assert.deepEqual([...t.reduced("sum")], [[5, sum]])
    assert.deepEqual([...(t.columns().value as BigUint64Array)], values)
    assert.equal(t.deleteMany([5, 6]), 1)
  })
}

const indexed = (bccText: string, kind: string, value: string, more = ""): Record<string, string> => ({
  ...(bccText !== "" && { bcc: bcc(bccText) }),
  libbpf: declared(
    `__uint(type, BPF_MAP_TYPE_${kind}); __uint(max_entries, 4); __type(key, u32); __type(value, ${value}); ${more}`,
  ),
})

type("array", ArrayTable<bigint>, indexed("BPF_ARRAY(t, u64, 4);", "ARRAY", "u64"), t => {
  t.set(3, 9n)
  assert.equal(t.at(-1), 9n)
  assert.equal(t.isMapped, false)
  assert.deepEqual([t.has(3), t.has(4), t.size], [true, false, 4])
  fails("BPF_NOT_MAPPED", () => t.live())
  assert.deepEqual([...(t.columns().value as BigUint64Array)], [0n, 0n, 0n, 9n])
  assert.deepEqual(t.readAndClear().at(3), [3, 9n])
  assert.deepEqual([...t.values()], [0n, 0n, 0n, 0n])
  t.freeze()
  fails(`${onVm ? "VM" : "KERNEL"}_MAP_READ_ONLY`, () => t.set(0, 1n))
})

const mapped = indexed("", "ARRAY", "u64", "__uint(map_flags, BPF_F_MMAPABLE);")
type("an array in memory", ArrayTable<bigint>, mapped, async t => {
  assert.equal(t.isMapped, true)
  const live = t.live() as BigUint64Array
  t.set(2, 5n)
  assert.deepEqual([...live], [0n, 0n, 5n, 0n])
  live[1] = 7n
  assert.equal(t.get(1), 7n)
  assert.equal(t.get(4), undefined)
  t.map[Symbol.dispose]()
  assert.equal(live[1], 7n)
})

const point = "struct point { u32 x; s16 y; };"
type(
  "percpu_array",
  PerCpuArray<{ x: number; y: number }>,
  {
    bcc: bcc(`${point} BPF_PERCPU_ARRAY(t, struct point, 4);`),
    libbpf: indexed("", "PERCPU_ARRAY", "struct point").libbpf.replace("struct {", `${point} struct {`),
  },
  t => {
    t.set(
      1,
      Array.from({ length: t.cpus }, (_, cpu) => ({ x: cpu, y: -cpu })),
    )
    const last = t.cpus - 1
    assert.deepEqual(t.max(1), { x: last, y: 0 })
    assert.deepEqual(t.sum(1), { x: (last * t.cpus) / 2, y: (-last * t.cpus) / 2 || 0 })
    assert.equal(t.size, 4)
  },
)

const trie = (data: string, size: number): Record<string, string> => ({
  bcc: bcc(`struct k { u32 prefixlen; ${data} }; BPF_LPM_TRIE(t, struct k, u32, 100);`),
  libbpf: `${LIBBPF}struct k { u32 prefixlen; ${data} };
struct { __uint(type, BPF_MAP_TYPE_LPM_TRIE); __uint(max_entries, 100); __uint(map_flags, BPF_F_NO_PREALLOC);
__uint(key_size, ${size}); __type(value, u32); } t SEC(".maps");\n${NOTHING}`,
})

type("lpm_trie of IPv4 addresses", LpmTrie<number>, trie("u32 address;", 8), t => {
  t.set("10.0.0.0/8", 1).set("10.1.0.0/16", 2).set("0.0.0.0/0", 3)
  assert.deepEqual(
    ["10.1.2.3", "10.2.0.1", "11.0.0.1"].map(a => t.get(a)),
    [2, 1, 3],
  )
  assert.deepEqual([...t.keys()].sort(), ["0.0.0.0/0", "10.0.0.0/8", "10.1.0.0/16"])
  assert.equal(t.delete("10.1.0.0/16"), true)
  assert.equal(t.get("10.1.2.3"), 1)
  fails("BPF_CIDR", () => t.get("2001:db8::1"))
  fails("BPF_CIDR", () => t.get("10.0.0/8"))
})

type("lpm_trie of IPv6 addresses", LpmTrie<number>, trie("u8 address[16];", 20), t => {
  t.set("2001:db8::/32", 1).set("2001:db8:1::/48", 2)
  assert.equal(t.get("2001:db8:1::5"), 2)
  assert.equal(t.get("2001:db8:2::5"), 1)
  assert.deepEqual(Object.fromEntries(t.readAndClear()), { "2001:db8::/32": 1, "2001:db8:1::/48": 2 })
  assert.equal(t.size, 0)
})

test("lpm_trie of other keys", { skip }, async () => {
  using b = await BPF.load({ text: trie("u64 data;", 16).bcc })
  const t = b.table("t", LpmTrie<number, { prefixlen: number; data: bigint }>)
  t.set({ prefixlen: 64, data: 5n }, 1)
  assert.equal(t.size, 1)
  assert.equal(t.get({ prefixlen: 64, data: 5n }), 1)
})

const progs = {
  bcc: "BPF_PROG_ARRAY(t, 4);\nint f(void *ctx) { return 0; }\nint g(void *ctx) { return 1; }",
  libbpf: `${declared(
    "__uint(type, BPF_MAP_TYPE_PROG_ARRAY); __uint(max_entries, 4); __type(key, u32); __type(value, u32);",
  )}\nSEC("raw_tp/sys_exit") int g(void *ctx) { return 1; }`,
}
type("prog_array", ProgArray, progs, (t, b) => {
  b.program("f", { type: "raw_tracepoint" })
  const g = b.program("g", { type: "raw_tracepoint" })
  t.set(0, "f").set(2, g).set(3, g.fd)
  assert.deepEqual([t.has(0), t.has(1), t.size], [true, false, 3])
  assert.equal(t.id(2), t.id(3))
  assert.deepEqual([...t.keys()], [0, 2, 3])
  assert.equal(t.delete(2), true)
  assert.equal(t.delete(2), false)
  t.clear()
  assert.equal(t.size, 0)
  fails("BPF_NO_FUNCTION", () => t.set(1, "h"))
})

type(
  "perf_event_array",
  PerfEventArray,
  {
    bcc: bcc("BPF_PERF_OUTPUT(t);"),
    libbpf: declared("__uint(type, BPF_MAP_TYPE_PERF_EVENT_ARRAY); __type(key, int); __type(value, int);"),
  },
  t => {
    assert.ok(t.maxEntries > 0)
    assert.equal(t.delete(0), false)
  },
)

type("cgroup_array", CgroupArray, { bcc: bcc("BPF_CGROUP_ARRAY(t, 4);") }, t => {
  assert.equal(t.delete(0), false)
  assert.throws(() => t.set(0, "/proc"))
})

const inner =
  "struct in { __uint(type, BPF_MAP_TYPE_HASH); __uint(max_entries, 9); __type(key, u32); __type(value, u64); }"
const ofMaps = (kind: string, key: string): string =>
  `${LIBBPF}${inner};\nstruct { __uint(type, BPF_MAP_TYPE_${kind}); __uint(max_entries, 4); __type(key, ${key}); __array(values, struct in); } t SEC(".maps");\n${NOTHING}`

for (const [kind, cls, key, bccText] of [
  ["ARRAY_OF_MAPS", ArrayOfMaps<HashTable<number, bigint>>, "u32", 'BPF_ARRAY_OF_MAPS(t, "in", 4);'],
  ["HASH_OF_MAPS", HashOfMaps<number, HashTable<number, bigint>>, "u32", 'BPF_HASH_OF_MAPS(t, u32, "in", 4);'],
] as const) {
  const texts = { bcc: bcc(`BPF_HASH(in, u32, u64, 9);\n${bccText}`), libbpf: ofMaps(kind, key) }
  type(kind.toLowerCase(), cls as typeof ArrayOfMaps<HashTable<number, bigint>>, texts, t => {
    assert.equal(t.get(1), undefined)
    {
      using one = t.replace(1)
      assert.ok(one instanceof HashTable)
      one.set(5, 6n)
    }
    {
      using again = t.get(1)!
      assert.equal(again.get(5), 6n)
      t.set(2, again)
    }
    assert.deepEqual([...t.keys()].sort(), [1, 2])
    assert.equal(t.id(1), t.id(2))
    assert.equal(t.size, 2)
    assert.equal(t.delete(1), true)
    assert.equal(t.has(1), false)
    fails("BPF_NO_FD", () => t.set(0, t))
    t.clear()
    assert.equal(t.size, 0)
  })
}

for (const [kind, bccText] of [
  ["DEVMAP", "BPF_DEVMAP(t, 4);"],
  ["DEVMAP_HASH", ""],
]) {
  type(kind.toLowerCase(), DevMap, indexed(bccText, kind, "u32"), t => {
    assert.equal(t.get(1), undefined)
    t.set(1, "lo")
    assert.deepEqual(t.get(1), { ifindex: 1, programId: undefined })
    assert.deepEqual([t.has(1), t.has(2), t.size], [true, false, 1])
    fails("BPF_NO_DEVICE", () => t.set(1, "../lo"))
    fails("BPF_NO_PROGRAM_HERE", () => t.set(1, 1, { program: 3 }))
    t.clear()
    assert.equal(t.size, 0)
  })
}

const devProgram = `${declared(
  "__uint(type, BPF_MAP_TYPE_DEVMAP); __uint(max_entries, 4); __type(key, u32); __type(value, struct bpf_devmap_val);",
)}\nSEC("xdp/devmap") int out(struct xdp_md *ctx) { return XDP_PASS; }`
type("devmap with a program", DevMap, { libbpf: devProgram }, t => {
  t.set(0, "lo", { program: "out" })
  assert.ok((t.get(0)?.programId ?? 0) > 0)
})

type("cpumap", CpuMap, indexed("BPF_CPUMAP(t, 4);", "CPUMAP", "u32"), t => {
  t.set(0, 192)
  assert.deepEqual(t.get(0), { queueSize: 192, programId: undefined })
  assert.deepEqual([...t.keys()], [0])
  assert.equal(t.delete(0), true)
  assert.equal(t.get(0), undefined)
})

type("xskmap", XskMap, indexed("BPF_XSKMAP(t, 4);", "XSKMAP", "u32"), t => {
  assert.throws(() => t.set(0, 0))
})

/** A TCP connection with itself, and both its ends. */
async function connected(use: (a: Socket, b: Socket) => void): Promise<void> {
  const server = createServer()
  await new Promise<void>(done => server.listen(0, "127.0.0.1", done))
  const accepted = new Promise<Socket>(done => server.once("connection", done))
  const { port } = server.address() as { port: number }
  const client = createConnection(port, "127.0.0.1")
  await new Promise(done => client.once("connect", done))
  const other = await accepted
  try {
    use(client, other)
  } finally {
    client.destroy()
    other.destroy()
    server.close()
  }
}

for (const [kind, cls, bccText] of [
  ["SOCKMAP", SockMap, "BPF_SOCKMAP(t, 4);"],
  ["SOCKHASH", SockHash<number>, "BPF_SOCKHASH(t, u32, 4);"],
] as const) {
  type(kind.toLowerCase(), cls as typeof SockMap, indexed(bccText, kind, "u64"), t =>
    connected((a, b) => {
      t.set(0, a).set(1, b)
      if (t.map.spec.valueSize === 8) {
        assert.notEqual(t.cookie(0), t.cookie(1))
        assert.equal(t.cookie(2), undefined)
      }
      assert.equal(t.delete(0), true)
      assert.throws(() => t.set(2, {}), { code: "BPF_NO_FD" })
    }),
  )
}

type("reuseport_sockarray", ReuseportSockArray, indexed("", "REUSEPORT_SOCKARRAY", "u64"), t => {
  assert.throws(() => t.set(0, 0))
  assert.equal(t.cookie(0), undefined)
})

const queues = (kind: string, bccText: string): Record<string, string> => ({
  bcc: bcc(bccText),
  libbpf: declared(`__uint(type, BPF_MAP_TYPE_${kind}); __uint(max_entries, 3); __type(value, u32);`),
})
type("queue", Queue<number>, queues("QUEUE", "BPF_QUEUE(t, u32, 3);"), t => {
  t.push(1).push(2).push(3)
  fails("MACHINE_MAP_FULL", () => t.push(4))
  t.push(4, { overwrite: true })
  assert.equal(t.peek(), 2)
  assert.equal(t.pop(), 2)
  assert.deepEqual([...t.drain()], [3, 4])
  assert.equal(t.pop(), undefined)
})
type("stack", Stack<number>, queues("STACK", "BPF_STACK(t, u32, 3);"), t => {
  t.push(1).push(2)
  assert.equal(t.peek(), 2)
  assert.deepEqual([...t.drain()], [2, 1])
  t.push(5).clear()
  assert.equal(t.peek(), undefined)
})

const bloom = {
  libbpf: declared("__uint(type, BPF_MAP_TYPE_BLOOM_FILTER); __uint(max_entries, 100); __type(value, u32);"),
}
type("bloom_filter", BloomFilter<number>, bloom, t => {
  assert.equal(t.has(77), false)
  t.add(77)
  assert.equal(t.has(77), true)
})

// The number behind that of this process's last stack, 0 for none.
const stacks = {
  bcc: `BPF_STACK_TRACE(t, 1024);
BPF_ARRAY(last, s64, 1);
int f(void *ctx) {
  if (bpf_get_current_pid_tgid() >> 32 != ${process.pid}) return 0;
  int zero = 0;
  s64 id = t.get_stackid(ctx, BPF_F_USER_STACK), *value = last.lookup(&zero);
  if (value && id >= 0) *value = id + 1;
  return 0;
}`,
}
type("stack_trace", StackTraceTable, stacks, (t, b) => {
  const link = b.attachRawTracepoint({ event: "sys_enter", fn: "f" })
  process.getuid?.()
  link.detach()
  const id = Number(b.table("last").get(0)) - 1
  assert.ok(id >= 0)
  assert.equal(t.get(-14), undefined)
  assert.equal([...t.keys()].length, t.size)
  const addresses = t.get(id)
  assert.ok(addresses !== undefined && addresses.length > 0 && addresses.every(address => address > 0n))
  assert.deepEqual([...t.walk(id)], addresses)
  assert.equal(t.frames(id), undefined)
  assert.equal(t.delete(id), true)
  t.clear()
  assert.equal(t.size, 0)
})

type(
  "ringbuf",
  RingBuffer,
  {
    bcc: bcc("BPF_RINGBUF_OUTPUT(t, 8);"),
    libbpf: declared("__uint(type, BPF_MAP_TYPE_RINGBUF); __uint(max_entries, 32768);"),
  },
  t => assert.equal(t.byteLength, 32768),
)
type(
  "user_ringbuf",
  UserRingBuffer,
  { libbpf: declared("__uint(type, BPF_MAP_TYPE_USER_RINGBUF); __uint(max_entries, 4096);") },
  t => assert.equal(t.byteLength, 4096),
)

const storage = (kind: string): Record<string, string> => ({
  libbpf: declared(
    `__uint(type, BPF_MAP_TYPE_${kind}); __uint(map_flags, BPF_F_NO_PREALLOC); __type(key, int); __type(value, u64);`,
  ),
})
type("sk_storage", SkStorage<bigint>, storage("SK_STORAGE"), t =>
  connected((a, b) => {
    assert.equal(t.get(a), undefined)
    t.set(a, 5n)
    assert.deepEqual([t.get(a), t.has(b)], [5n, false])
    assert.equal(t.delete(a), true)
    assert.equal(t.delete(a), false)
  }),
)
type("task_storage", TaskStorage<bigint>, storage("TASK_STORAGE"), t => {
  assert.equal(t.get(process.pid), undefined)
  t.set(process.pid, 5n)
  assert.equal(t.get(process.pid), 5n)
  assert.equal(t.delete(process.pid), true)
  fails("KERNEL_CALL", () => t.get(2 ** 22 + 1))
})
type("inode_storage", InodeStorage<bigint>, storage("INODE_STORAGE"), t => {
  const folder = "build/inode-storage"
  mkdirSync(folder, { recursive: true })
  try {
    assert.equal(t.get(folder), undefined)
    t.set(folder, 5n)
    assert.equal(t.get(folder), 5n)
    assert.equal(t.delete(folder), true)
  } finally {
    rmSync(folder, { recursive: true })
  }
})
type("cgrp_storage", CgroupStorage<bigint>, storage("CGRP_STORAGE"), t => {
  assert.throws(() => t.get("/proc"))
  assert.throws(() => t.get("/no/such/folder"), { code: "ENOENT" })
})

const arena = {
  libbpf: declared("__uint(type, BPF_MAP_TYPE_ARENA); __uint(map_flags, BPF_F_MMAPABLE); __uint(max_entries, 16);"),
}
type("arena", Arena, arena, t => {
  const { bytes } = t
  assert.equal(bytes.length, 16 * 4096)
  bytes[5000] = 7
  assert.equal(t.bytes[5000], 7)
  t.map[Symbol.dispose]()
  assert.equal(bytes[5000], 7)
})

test("a table is asked for by another class", { skip }, async () => {
  using b = await BPF.load({ text: bcc("BPF_HASH(t, u32, u64);") })
  assert.throws(() => b.table("t", Queue), {
    code: "BPF_OTHER_TABLE",
    message: "table t is a map of type hash, a HashTable and no Queue",
  })
})
