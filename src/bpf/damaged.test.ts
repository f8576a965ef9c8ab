import assert from "node:assert/strict"
import { test } from "node:test"
import { deflateRawSync } from "node:zlib"
import { damagedBytes, damagedJson } from "../../tests/support/damage.ts"
import { Random } from "../../tests/support/random.ts"
import { SkepError } from "../base/index.ts"
import { Btf } from "../btf/index.ts"
import { writeElf } from "../object/index.ts"
import { writeRecording } from "../record/index.ts"
import { makeSnapshot, openSnapshot } from "../snapshot/index.ts"
import { VirtualMachine } from "../vm/index.ts"
import { BPF } from "./bpf.ts"
import { openReplay } from "./replay.ts"

// What comes from files is damaged at random: each is used, or refused with a code, within seconds.

const COUNT = Number(process.env.SKEP_COUNT ?? 100)
const SEED = Number(process.env.SKEP_SEED ?? 20)

/** Longest time that one of them may take, in milliseconds: much more than any needs. */
const LIMIT = 20_000

/** Does something with damaged input. What it throws has a code; none of these is met twice the same way, so that the seed is part of the message. */
async function survives(name: string, seed: number, use: () => Promise<unknown>): Promise<void> {
  const begin = performance.now()
  try {
    await use()
  } catch (error) {
    assert.ok(error instanceof SkepError, `${name}, seed ${seed}: ${(error as Error).stack}`)
  }
  assert.ok(performance.now() - begin < LIMIT, `${name}, seed ${seed}: it took ${performance.now() - begin} ms`)
}

/** A number of cases, each with a seed of its own. */
function damaged(name: string, use: (random: Random) => Promise<unknown>): void {
  test(`${name}, damaged`, async () => {
    for (let seed = SEED; seed < SEED + COUNT; seed++) await survives(name, seed, () => use(new Random(seed)))
  })
}

const PROGRAM = `
struct event { u32 pid; char comm[16]; };
BPF_HASH(counts, u32, u64);
BPF_ARRAY(settings, u64, 4);
BPF_RINGBUF_OUTPUT(events, 1);
int total = 3;
static __noinline int add(u32 key) {
  counts.increment(key);
  return total;
}
int kprobe__do_exit(struct pt_regs *ctx, long code) {
  struct event event = { bpf_get_current_pid_tgid() >> 32 };
  int setting = code & 3;
  u64 *value = settings.lookup(&setting);
  bpf_get_current_comm(&event.comm, sizeof(event.comm));
  for (int i = 0; i < 4; i++)
    total += add(i);
  if (value)
    events.ringbuf_output(&event, sizeof(event), 0);
  return 0;
}`

const compiled = await BPF.open({ text: PROGRAM, machine: new VirtualMachine(), autoAttach: false })
const elf = writeElf(compiled.object)

/** Loads an object, and runs what of it can be run. */
async function load(bytes: Uint8Array, verify: boolean): Promise<void> {
  const machine = new VirtualMachine({ verify, budget: 100_000, memoryLimit: 1 << 26 })
  using bpf = await BPF.fromObject(bytes, { machine, autoAttach: false })
  for (const { name } of bpf.programs) {
    bpf.program(name, { type: "raw_tracepoint" }).testRun({ context: new Uint8Array(64) })
  }
  for (const { name } of bpf.maps) {
    const table = bpf.table(name)
    if (Symbol.iterator in table) [...table].slice(0, 10)
  }
}

damaged("an object that the embedded machine verifies", random => load(damagedBytes(random, elf), true))
damaged("an object that nobody verifies", random => load(damagedBytes(random, elf), false))

/** A start of the program, and a read in it. */
function record(kind: number, size: number, data: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(40 + data.length)
  const view = new DataView(bytes.buffer)
  view.setBigUint64(0, 1000n, true)
  view.setUint32(12, kind, true)
  view.setBigUint64(16, 0xffff888000001000n, true)
  view.setUint32(32, size, true)
  bytes.set(data, 40)
  return bytes
}
const RECORDS = [
  record(0, 168, new Uint8Array(48 + 168).fill(1)),
  record(113, 8, new Uint8Array(8)),
  record(0, 168, new Uint8Array(48 + 168).fill(2)),
]
const HEAD = {
  release: "6.18.0",
  arch: "x64",
  cpus: 2,
  bootTime: "1700000000000000000",
  programs: [{ name: "kprobe__do_exit", type: "kprobe", targets: [{ kind: "kprobe", event: "do_exit" }] }],
  lost: 0,
} as const
const btf = Btf.parse(compiled.object.btf)
const FORMATS = new Map([["sched:x", "name: x\nID: 7\nformat:\n\tfield:int a;\toffset:8;\tsize:4;\tsigned:1;\n"]])
const snapshot = makeSnapshot(
  { release: "6.18.0", version: 0x61200, btf, formats: FORMATS, config: "CONFIG_HZ=250\n" },
  rest => deflateRawSync(rest),
)

async function replay(bytes: Uint8Array): Promise<void> {
  const replayed = await openReplay(bytes)
  using bpf = await BPF.load({ text: PROGRAM, machine: replayed.machine })
  replayed.run()
  void [...bpf.table("counts")]
}

test("the recording is whole before it is damaged", () => replay(writeRecording(HEAD, snapshot, RECORDS)))
damaged("a recording", random => replay(damagedBytes(random, writeRecording(HEAD, snapshot, RECORDS))))
damaged("what a recording says of itself", random =>
  replay(writeRecording(damagedJson(random, HEAD) as typeof HEAD, snapshot, RECORDS)),
)
damaged("a recording's records", random =>
  replay(
    writeRecording(
      HEAD,
      snapshot,
      RECORDS.map(one => damagedBytes(random, one)),
    ),
  ),
)
damaged("a snapshot of a kernel", async random => {
  const { btf: types, formats, config } = openSnapshot(damagedBytes(random, snapshot))
  for (let id = 1; id < types.count; id++) types.type(id)
  void [formats.size, config.size]
})
