import assert from "node:assert/strict"
import { test } from "node:test"
import { bpfDescriptors, needsKernel, needsMachine } from "../../../tests/support/kernel.ts"
import { BPF } from "../index.ts"

const skip = needsMachine

const RECORD = `
  struct data { u32 pid; s16 small; u64 number; char name[8]; u8 flag : 3, rest : 5; };
`
const FILL =
  'struct data d = {}; d.pid = ctx->args[0]; d.small = -2; d.number = ctx->args[1]; d.flag = 5; __builtin_memcpy(d.name, "bee", 4);'
const TEXTS = {
  perf: `${RECORD} BPF_PERF_OUTPUT(events);
    int send(struct bpf_raw_tracepoint_args *ctx) { ${FILL} return events.perf_submit(ctx, &d, sizeof d); }`,
  ring: `${RECORD} BPF_RINGBUF_OUTPUT(events, 1);
    int send(struct bpf_raw_tracepoint_args *ctx) { ${FILL} return events.ringbuf_output(&d, sizeof d, 0); }`,
} as const
interface Data {
  pid: number
  small: number
  number: bigint
  name: { text: string }
  flag: number
}

/** Runs the program for each pid, on CPU 0; its answers. */
function send(b: BPF, ...pids: number[]): number[] {
  const context = new BigUint64Array(12)
  const program = b.program("send", { type: "raw_tracepoint" })
  return pids.map(pid => {
    context[0] = BigInt(pid)
    context[1] = BigInt(pid) << 32n
    return program.testRun({ context: new Uint8Array(context.buffer), cpu: 0 }).retval | 0
  })
}

const load = (kind: keyof typeof TEXTS) => BPF.load({ text: TEXTS[kind], autoAttach: false })

test("two who read one ring buffer share its events", { skip }, async () => {
  using b = await load("ring")
  const got: number[] = []
  const take = (events: Iterable<Data>): void => {
    for (const { pid } of events) got.push(pid)
  }
  using _one = b.onEvents<Data>("events", take)
  using _other = b.onEvents<Data>("events", take)
  send(b, 1, 2, 3)
  for (let tries = 0; got.length < 3 && tries < 500; tries++) await new Promise(done => setTimeout(done, 5))
  assert.deepEqual(got, [1, 2, 3])
})

for (const kind of ["perf", "ring"] as const) {
  test(`${kind}: events are objects of the type that is submitted`, { skip }, async () => {
    using b = await load(kind)
    const events = b.events<Data>("events")
    setTimeout(() => send(b, 7, 8), 10)
    const got: Data[] = []
    for await (const event of events) {
      got.push(event)
      if (got.length === 2) break
    }
    assert.deepEqual(
      got.map(({ pid, small, number, name, flag }) => ({ pid, small, number, name: name.text, flag })),
      [7, 8].map(pid => ({ pid, small: -2, number: BigInt(pid) << 32n, name: "bee", flag: 5 })),
    )
    assert.deepEqual([events.typeName, events.received, events.lost, events.malformed], ["data", 2, 0, 0])
  })

  test(`${kind}: batches give columns, one object for all, objects and bytes`, { skip }, async () => {
    using b = await load(kind)
    const seen = await new Promise<Record<string, unknown>>((resolve, reject) => {
      b.onEvents<Data>("events", batch => {
        try {
          const each: unknown[] = []
          batch.each(e => each.push([e.pid, e.number, e.flag, e.name.text]))
          resolve({
            pid: batch.column("pid"),
            small: batch.column("small"),
            number: batch.column("number"),
            flag: batch.column("flag"),
            name: (batch.column("name") as { text: string }[]).map(n => n.text),
            each,
            objects: [...batch].map(e => e.pid),
            raw: new DataView(batch.raw(1).buffer, batch.raw(1).byteOffset).getUint32(0, true),
            view: batch.view.getUint32(batch.offset(2), true),
          })
          assert.throws(() => batch.column("pidd" as "pid"), { code: "BPF_NO_FIELD" })
        } catch (error) {
          reject(error)
        }
      })
      send(b, 1, 2, 3)
    })
    assert.deepEqual(seen, {
      pid: Uint32Array.of(1, 2, 3),
      small: Int16Array.of(-2, -2, -2),
      number: BigUint64Array.of(1n << 32n, 2n << 32n, 3n << 32n),
      flag: [5, 5, 5],
      name: ["bee", "bee", "bee"],
      each: [1, 2, 3].map(n => [n, BigInt(n) << 32n, 5, "bee"]),
      objects: [1, 2, 3],
      raw: 2,
      view: 3,
    })
  })

  test(`${kind}: BCC's names: open, poll, consume`, { skip }, async () => {
    using b = await load(kind)
    const got: [number | undefined, number][] = []
    const callback = (cpu: number | undefined, data: Uint8Array): void => {
      got.push([cpu, new DataView(data.buffer, data.byteOffset).getUint32(0, true)])
    }
    if (kind === "perf") b.openPerfBuffer("events", callback, { pageCnt: 2 })
    else b.openRingBuffer("events", callback)
    const poll = (timeout: number) => (kind === "perf" ? b.perfBufferPoll(timeout) : b.ringBufferPoll(timeout))
    assert.equal(await poll(1), 0)
    setTimeout(() => send(b, 5), 10)
    assert.equal(await poll(10_000), 1)
    send(b, 6, 7)
    assert.equal(kind === "perf" ? b.perfBufferConsume() : b.ringBufferConsume(), 2)
    const cpu = kind === "perf" ? 0 : undefined
    assert.deepEqual(
      got,
      [5, 6, 7].map(pid => [cpu, pid]),
    )
  })
}

test("perf: a buffer that loses events is replaced by a larger one", { skip: needsKernel }, async () => {
  using b = await load("perf")
  const told: number[] = []
  const events = b.events<Data>("events", { onLost: count => told.push(count) })
  const many = Array.from({ length: 3000 }, (_, i) => i)
  let sent = 0
  let got = 0
  const round = (): void => {
    sent += send(b, ...many).length
    got += events.takeNow().length
  }
  for (let i = 0; i < 3; i++) round()
  send(b, 1)
  got += events.takeNow().length
  assert.ok(events.lost > 0)
  assert.equal(got + events.lost, sent + 1)
  assert.equal(
    told.reduce((a, n) => a + n, 0),
    events.lost,
  )
  const { lost } = events
  round()
  assert.equal(events.lost, lost)
  assert.deepEqual([...b.lostEvents], [["events", lost]])
})

test("perf: events of all CPUs come in the order of their time on request", { skip }, async () => {
  using b = await load("perf")
  using events = b.events<Data>("events", { inOrder: true })
  send(b, 1, 2, 3)
  const got: number[] = []
  for await (const { pid } of events) if (got.push(pid) === 3) break
  assert.deepEqual(got, [1, 2, 3])
})

test("events can be read as bytes, and by a type that is named", { skip }, async () => {
  using b = await load("ring")
  {
    using bytes = b.events<Uint8Array>("events", { raw: true })
    send(b, 9)
    assert.equal((await bytes.next()).value?.[0], 9)
  }
  using typed = b.events<Data>("events", { type: "struct data" })
  send(b, 10)
  assert.equal((await typed.next()).value?.pid, 10)
  assert.throws(() => b.events("events", { type: "struct date" }), { code: "BPF_NO_EVENT_TYPE" })
  assert.throws(() => b.events("event"), { code: "BPF_NO_TABLE" })
})

test("events that are too short for their type are counted, not made up", { skip }, async () => {
  const text = `${RECORD} struct data unused = {}; BPF_RINGBUF_OUTPUT(events, 1);
    int send(struct bpf_raw_tracepoint_args *ctx) { u32 n = 1; return events.ringbuf_output(&n, sizeof n, 0); }`
  using b = await BPF.load({ text, autoAttach: false })
  using events = b.events("events", { type: "data" })
  send(b, 1, 2)
  assert.deepEqual(events.takeNow(), [])
  assert.deepEqual([events.received, events.malformed], [2, 2])
})

test("a table without events says so", { skip }, async () => {
  using b = await BPF.load({
    text: "BPF_HASH(counts); int f(void *ctx) { counts.increment(1); return 0; }",
    autoAttach: false,
  })
  assert.throws(() => b.events("counts"), { code: "BPF_NO_EVENTS" })
})

test("closing ends the streams and leaves no descriptor", { skip }, async () => {
  const before = bpfDescriptors().length
  const b = await load("perf")
  const waiting = b.events("events").next()
  const subscription = b.onEvents("events", () => {})
  b.close()
  assert.deepEqual(await waiting, { done: true, value: undefined })
  assert.equal(subscription.poll(), 0)
  assert.equal(bpfDescriptors().length, before)
})
