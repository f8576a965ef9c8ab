import assert from "node:assert/strict"
import { test } from "node:test"
import { kernelSnapshot } from "../../src/bpf/host/snapshot.ts"
import { BPF } from "../../src/bpf/index.ts"
import { VirtualMachine } from "../../src/vm/index.ts"
import { needsRoot } from "../support/kernel.ts"
import { Random } from "../support/random.ts"

// Operations that programs make on maps: by functions of WebAssembly, by the machine's own in JavaScript, and by the kernel.

const TURNS = 256
const ENTRIES = 12

interface Shape {
  readonly type: string
  readonly keySize: number
  readonly valueSize: number
}

/** Makes each operation that `operations` tells, and writes down what it gives: what a lookup finds is changed, too. */
const text = ({ type, keySize, valueSize }: Shape): string => `
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
char _license[] SEC("license") = "GPL";
struct key { unsigned char b[${keySize}]; };
struct value { unsigned char b[${valueSize}]; };
struct operation { unsigned char what, key, value; signed char flags; };
struct {
  __uint(type, BPF_MAP_TYPE_${type.toUpperCase()}); __uint(max_entries, ${ENTRIES});
  __type(key, struct key); __type(value, struct value);
} m SEC(".maps");
struct operation operations[${TURNS}];
int results[${TURNS}];

static long step(unsigned int i, void *unused) {
  struct key key = {};
  struct value value = {}, *found;
  if (i >= ${TURNS}) return 1;
  struct operation *o = &operations[i];
  key.b[0] = o->key;
  ${keySize > 4 ? `key.b[${keySize - 1}] = o->key & 3;` : ""}
  value.b[0] = o->value;
  value.b[${valueSize - 1}] ^= 0x55;
  if (o->what == 0) {
    found = bpf_map_lookup_elem(&m, &key);
    results[i] = 0;
    if (found) { results[i] = 0x100 + found->b[0] + found->b[${valueSize - 1}]; found->b[${valueSize >> 1}]++; }
  } else if (o->what == 1) results[i] = bpf_map_update_elem(&m, &key, &value, (long)o->flags);
  else results[i] = bpf_map_delete_elem(&m, &key);
  return 0;
}

SEC("socket") int run(struct __sk_buff *skb) { return bpf_loop(${TURNS}, step, (void *)0, 0); }
`

interface Operation {
  readonly what: number
  readonly key: number
  readonly value: number
  readonly flags: number
}

function operationsOf(random: Random): Operation[] {
  return Array.from({ length: TURNS }, () => ({
    what: random.pick([0, 0, 1, 1, 1, 2]),
    key: random.below(ENTRIES + 6),
    value: random.below(256),
    flags: random.chance(0.6) ? 0 : random.pick([1, 2, 3, 4, 8, -1]),
  }))
}

/** What each operation gave, and what is in the map at the end. */
async function outcome(shape: Shape, operations: readonly Operation[], where: object): Promise<unknown> {
  using b = await BPF.load({ text: text(shape), globals: { operations }, autoAttach: false, ...where })
  const { retval } = b.program("run", { type: "socket_filter" }).testRun({ data: new Uint8Array(64) })
  const { map } = b.table("m")
  const hex = (bytes: Uint8Array): string => Array.from(bytes, byte => byte.toString(16).padStart(2, "0")).join("")
  // Which CPU a run is on is the kernel's affair: of its values one is not zero.
  const own = (value: Uint8Array): string => {
    const stride = (shape.valueSize + 7) & ~7
    const copies = Array.from({ length: value.length / stride }, (_, cpu) =>
      value.subarray(cpu * stride, cpu * stride + shape.valueSize),
    )
    return hex(copies.find(bytes => bytes.some(byte => byte !== 0)) ?? copies[0])
  }
  const isPerCpu = shape.type.includes("percpu")
  const elements = [...map.entries()].map(([key, value]) => `${hex(key)} ${isPerCpu ? own(value) : hex(value)}`).sort()
  return { retval, results: [...(b.globals as { results: number[] }).results], elements }
}

function alike(shape: Shape, seed: number): void {
  test(`${shape.type}, keys of ${shape.keySize} bytes, values of ${shape.valueSize}`, async () => {
    const types = () => kernelSnapshot().btf
    const operations = operationsOf(new Random(seed))
    const compiled = await outcome(shape, operations, { machine: new VirtualMachine({ types }) })
    assert.deepEqual(compiled, await outcome(shape, operations, { machine: new VirtualMachine({ jit: false, types }) }))
    // Which elements an LRU map of the kernel's drops depends on more than the order of use.
    if (needsRoot !== false || shape.type.startsWith("lru")) return
    assert.deepEqual(compiled, await outcome(shape, operations, { on: "kernel", cpu: 4 }))
  })
}

let seed = 1
for (const type of ["hash", "lru_hash", "percpu_hash", "lru_percpu_hash"]) {
  for (const [keySize, valueSize] of [
    [1, 1],
    [4, 8],
    [7, 3],
    [8, 16],
    [20, 100],
    [64, 61],
    [72, 8],
  ]) {
    alike({ type, keySize, valueSize }, seed++)
  }
}
for (const type of ["array", "percpu_array"]) {
  for (const valueSize of [1, 3, 8, 50, 100]) alike({ type, keySize: 4, valueSize }, seed++)
}
