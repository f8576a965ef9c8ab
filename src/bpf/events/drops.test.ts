import assert from "node:assert/strict"
import { test } from "node:test"
import { needsMachine } from "../../../tests/support/kernel.ts"
import { SkepError } from "../../base/index.ts"
import type { Machine } from "../../machine/index.ts"
import { BPF } from "../index.ts"
import { kernelMachine } from "../machine.ts"

const skip = needsMachine

const HEAD = `#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
char LICENSE[] SEC("license") = "GPL";
struct event { u64 number; char rest[1000]; };
struct { __uint(type, BPF_MAP_TYPE_RINGBUF); __uint(max_entries, 4096); } spare SEC(".maps");
struct { __uint(type, BPF_MAP_TYPE_RINGBUF); __uint(max_entries, 4096); } events SEC(".maps");
`
const TEXTS: Readonly<Record<string, string>> = {
  "BCC, output": `struct event { u64 number; char rest[248]; }; BPF_RINGBUF_OUTPUT(spare, 1); BPF_RINGBUF_OUTPUT(events, 1);
    int send(struct bpf_raw_tracepoint_args *ctx) {
      struct event e = {}; e.number = ctx->args[0]; return events.ringbuf_output(&e, sizeof e, 0) < 0; }`,
  "BCC, reserve": `struct event { u64 number; char rest[1000]; }; BPF_RINGBUF_OUTPUT(events, 1);
    int send(struct bpf_raw_tracepoint_args *ctx) {
      struct event *e = events.ringbuf_reserve(sizeof *e); if (!e) return 1;
      e->number = ctx->args[0]; events.ringbuf_submit(e, 0); return 0; }`,
  "libbpf, output": `${HEAD} SEC("?raw_tracepoint") int send(struct bpf_raw_tracepoint_args *ctx) {
      struct { u64 number; char rest[240]; } e = { ctx->args[0] }; return bpf_ringbuf_output(&events, &e, sizeof(e), 0) < 0; }`,
  "libbpf, reserve": `${HEAD} SEC("?raw_tracepoint") int send(struct bpf_raw_tracepoint_args *ctx) {
      struct event *e; e = bpf_ringbuf_reserve(&events, sizeof(*e), 0); if (!e) return 1;
      e->number = ctx->args[0]; bpf_ringbuf_submit(e, 0); return 0; }`,
}

/** Runs the program for each number; how many it says it could not send. */
function send(b: BPF, from: number, count: number): number {
  const context = new BigUint64Array(12)
  const program = b.program("send", { type: "raw_tracepoint" })
  let refused = 0
  for (let n = from; n < from + count; n++) {
    context[0] = BigInt(n)
    refused += program.testRun({ context: new Uint8Array(context.buffer) }).retval
  }
  return refused
}

for (const [name, text] of Object.entries(TEXTS)) {
  test(`${name}: what a ring buffer has no room for is counted and told`, { skip }, async () => {
    using b = await BPF.load({ text, autoAttach: false })
    const told: number[] = []
    using events = b.events<{ number: bigint }>("events", { onLost: count => told.push(count) })
    const refused = send(b, 0, 30)
    assert.ok(refused > 10)
    const got = events.takeNow()
    assert.deepEqual(
      got.map(e => e.number),
      got.map((_, i) => BigInt(i)),
    )
    assert.equal(got.length + events.lost, 30)
    assert.equal(events.lost, refused)
    assert.deepEqual(told, [refused])
    assert.deepEqual([...b.lostEvents], [["events", refused]])
    assert.ok(!b.maps.some(map => map.name === "skep_drops"))
    assert.deepEqual(b.notes, [])
  })

  test(`${name}: without counting there is neither code nor map for it`, { skip }, async () => {
    using counted = await BPF.load({ text, autoAttach: false })
    using plain = await BPF.load({ text, autoAttach: false, countDrops: false })
    assert.ok(!plain.object.maps.some(map => map.drops))
    assert.ok(plain.object.programs[0].insns.length < counted.object.programs[0].insns.length)
    using events = plain.events("events")
    assert.ok(send(plain, 0, 30) > 0)
    assert.equal(events.lost, 0)
  })
}

test("a program that does not fit with the counts is loaded without them", { skip }, async () => {
  // The event takes the whole stack, and is still needed when the first drop would be counted.
  const text = `struct event { u64 number[64]; }; BPF_RINGBUF_OUTPUT(events, 1);
    int raw_tracepoint__task_rename(struct bpf_raw_tracepoint_args *ctx) {
      struct event e = {}; bpf_get_current_comm(&e, 16);
      events.ringbuf_output(&e, sizeof e, 0); return events.ringbuf_output(&e, sizeof e, 0); }`
  using b = await BPF.load({ text, autoAttach: false })
  assert.match(b.notes.join(), /not counted/)
  assert.ok(!b.object.maps.some(map => map.drops))
})

const small = `BPF_RINGBUF_OUTPUT(events, 1);
  const volatile int most;
  int raw_tracepoint__task_rename(struct bpf_raw_tracepoint_args *ctx) {
    u64 number = most; events.ringbuf_output(&number, sizeof number, 0); return 0; }`

/** A kernel whose verifier does not follow programs that count. */
function refusing(): Machine {
  const machine = kernelMachine()
  return {
    name: machine.name,
    network: machine.network,
    trace: options => machine.trace(options),
    load(object, options) {
      if (object.maps.some(map => map.drops)) throw new SkepError({ code: "KERNEL_VERIFIER", message: "too complex" })
      return machine.load(object, options)
    },
  }
}

test("a program that the verifier does not follow with the counts is loaded without them", { skip }, async () => {
  const options = { text: small, autoAttach: false, machine: refusing() }
  using b = await BPF.load(options)
  assert.match(b.notes.join(), /not counted/)
  const program = await BPF.open(options)
  program.globals.most = 9
  program.resize("events", 65536)
  using opened = program.load()
  assert.match(opened.notes.join(), /not counted/)
  assert.equal(opened.table("events").maxEntries, 65536)
  assert.equal(opened.globals.most, 9)
})
