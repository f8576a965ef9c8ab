import assert from "node:assert/strict"
import { test } from "node:test"
import { needsMachine, onVm } from "../../../tests/support/kernel.ts"
import { features } from "../../kernel/index.ts"
import { BPF, UserRingBuffer } from "../index.ts"

const skip =
  needsMachine || (!onVm && !features.userRingbuf && "Linux 6.1 brought user ring buffers, and this is older")

const text = `
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
char LICENSE[] SEC("license") = "GPL";
struct command { unsigned op; int pid; unsigned long long value; };
struct command last;
int count;
long long sum;
struct { __uint(type, BPF_MAP_TYPE_USER_RINGBUF); __uint(max_entries, 4096); } commands SEC(".maps");
static long take(struct bpf_dynptr *record, void *context) {
  struct command command;
  unsigned char bytes[8];
  if (bpf_dynptr_read(&command, sizeof(command), record, 0, 0) == 0) last = command, sum += command.value;
  else if (bpf_dynptr_read(bytes, sizeof(bytes), record, 0, 0) == 0) sum += bytes[7];
  count++;
  return 0;
}
SEC("syscall") int drain(void *ctx) { return bpf_user_ringbuf_drain(&commands, take, 0, 0); }
`
interface Command {
  op: number
  pid: number
  value: bigint
}
const load = (): Promise<BPF> => BPF.load({ text })
const drain = (b: BPF): number => b.program("drain").testRun().retval | 0

test("records come down to the program in their order, and are gone then", { skip }, async () => {
  using b = await load()
  const commands = b.table("commands", UserRingBuffer)
  assert.equal(commands.pending, 0)
  const sender = commands.typed<Command>("struct command")
  sender.send({ op: 1, pid: -2, value: 1n << 40n }).send({ op: 7 })
  assert.equal(commands.pending, 2 * 24)
  assert.equal(drain(b), 2)
  assert.equal(commands.pending, 0)
  assert.deepEqual({ ...(b.globals.last as object) }, { op: 7, pid: 0, value: 0n })
  assert.equal(b.globals.sum, 1n << 40n)
  assert.equal(drain(b), 0)
})

test("a record that is reserved and not sent holds up those behind it, and one that is given up is skipped", {
  skip,
}, async () => {
  using b = await load()
  const commands = b.table("commands", UserRingBuffer)
  const first = commands.reserve(8)
  commands.send(Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 5))
  assert.equal(drain(b), 0)
  first.bytes.fill(9)
  first.send()
  assert.equal(drain(b), 2)
  assert.equal(b.globals.sum, 14n)
  {
    using _ = commands.reserve(16)
    commands.send(Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 1))
  }
  assert.equal(drain(b), 1)
  assert.equal(b.globals.sum, 15n)
  assert.throws(() => first.send(), { code: "MACHINE_CLOSED" })
})

test("a ring that is full says so, and has room again when the program took what is in it", { skip }, async () => {
  using b = await load()
  const commands = b.table("commands", UserRingBuffer)
  const record = new Uint8Array(8).fill(1)
  // The sizes go round and round: records lie over the ring's end, too.
  for (let round = 0, sum = 0; round < 50; round++) {
    let sent = 0
    while (commands.trySend(record)) sent++
    assert.equal(sent, 256)
    assert.throws(() => commands.send(record), { code: "MACHINE_MAP_FULL", message: /4096 of its 4096 wait/ })
    assert.equal(drain(b), sent)
    sum += sent
    assert.ok(commands.trySend(new Uint8Array(20 + round)))
    assert.equal(drain(b), 1)
    assert.equal(b.globals.count, sum + round + 1)
  }
  assert.throws(() => commands.send(new Uint8Array(4089)), { code: "MACHINE_SIZE", message: /4089 bytes/ })
  assert.ok(commands.trySend(new Uint8Array(4088)))
  assert.equal(drain(b), 1)
})

test("what was sent can be written to when the program is closed", { skip }, async () => {
  const b = await load()
  const commands = b.table("commands", UserRingBuffer)
  const reserved = commands.reserve(8)
  b.close()
  reserved.bytes.fill(1)
  reserved.send()
})

test("a type that the program does not have, and a map that is no such ring", { skip }, async () => {
  using b = await load()
  assert.throws(() => b.table("commands", UserRingBuffer).typed("struct comand"), { code: "BPF_NO_TYPE" })
  using other = await BPF.load({ text: "BPF_ARRAY(t, u64, 1);\nint f(void *ctx) { return 0; }" })
  assert.throws(() => other.table("t").map.sender(), { code: "MACHINE_UNSUPPORTED" })
})
