import assert from "node:assert/strict"
import { readdirSync } from "node:fs"
import { test } from "node:test"
import { kernel, map, needsRoot, object, program } from "../../../tests/support/kernel.ts"
import * as isa from "../../isa/index.ts"
import type { EventRecord, Loaded, LoadedMap } from "../../machine/index.ts"
import { pageSize } from "../host/index.ts"

const skip = needsRoot
const PERF_EVENT_OUTPUT = 25
const RINGBUF_OUTPUT = 130
const CURRENT_CPU = -1

/** A program that sends the first word of its context and `size - 8` zero bytes through the map `events`. */
function sender(kind: "perf" | "ring", size: number) {
  const zeros: isa.Insn[] = []
  for (let at = 8; at < size; at += 8) zeros.push(isa.storeImm(isa.BPF_DW, 10, -size + at, 0))
  const body = [
    isa.loadMem(isa.BPF_DW, 6, 1, 0),
    isa.storeReg(isa.BPF_DW, 10, 6, -size),
    ...zeros,
    ...(kind === "perf"
      ? [
          isa.loadMapFd(2, 0),
          isa.mov32Imm(3, CURRENT_CPU),
          isa.mov64Reg(4, 10),
          isa.alu64Imm(isa.BPF_ADD, 4, -size),
          isa.mov64Imm(5, size),
          isa.call(PERF_EVENT_OUTPUT),
        ]
      : [
          isa.loadMapFd(1, 0),
          isa.mov64Reg(2, 10),
          isa.alu64Imm(isa.BPF_ADD, 2, -size),
          isa.mov64Imm(3, size),
          isa.mov64Imm(4, 0),
          isa.call(RINGBUF_OUTPUT),
        ]),
    isa.exit(),
  ]
  const insn = body.findIndex(i => i.op === isa.OP_LDDW)
  return program("send", body, { type: "raw_tracepoint", relocations: [{ kind: "map", insn, map: "events" }] })
}

const RING_BYTES = 4 * pageSize()

function loaded(kind: "perf" | "ring", size = 16): Loaded {
  const events =
    kind === "perf"
      ? map("events", "perf_event_array", { valueSize: 4, maxEntries: 0 })
      : map("events", "ringbuf", { keySize: 0, valueSize: 0, maxEntries: RING_BYTES })
  return kernel().load(object({ programs: [sender(kind, size)], maps: [events] }))
}

const events = (object: Loaded): LoadedMap => object.map("events")

/** Runs the program once for each number, on one CPU, which keeps perf buffers in order; its answers. */
function send(object: Loaded, ...numbers: number[]): number[] {
  const context = new BigUint64Array(12)
  return numbers.map(n => {
    context[0] = BigInt(n)
    return object.program("send").testRun({ context: new Uint8Array(context.buffer), cpu: 0 }).retval | 0
  })
}

const number = (data: Uint8Array): number => Number(new DataView(data.buffer, data.byteOffset).getBigUint64(0, true))

const upTo = (count: number, from = 0): number[] => Array.from({ length: count }, (_, i) => from + i)

for (const kind of ["perf", "ring"] as const) {
  test(`${kind}: records arrive in order`, { skip }, async () => {
    using object = loaded(kind)
    using reader = events(object).events()
    send(object, 7, 8, 9)
    const got: EventRecord[] = []
    for await (const record of reader) {
      got.push(record)
      if (got.length === 3) break
    }
    assert.deepEqual(
      got.map(r => number(r.data)),
      [7, 8, 9],
    )
    assert.ok(got.every(r => r.cpu === (kind === "perf" ? 0 : -1)))
    assert.ok(got.every(r => r.data.length >= 16 && r.data.length <= 23))
  })

  test(`${kind}: records that come later are waited for`, { skip }, async () => {
    using object = loaded(kind)
    using reader = events(object).events()
    setTimeout(() => send(object, 1), 20)
    assert.equal(number((await reader.next()).value?.data as Uint8Array), 1)
    setTimeout(() => send(object, 2), 20)
    assert.equal(number((await reader.next()).value?.data as Uint8Array), 2)
  })

  test(`${kind}: many rounds of the buffer, polled`, { skip }, () => {
    using object = loaded(kind, 40)
    using reader = events(object).events({ pages: 1 })
    const got: number[] = []
    for (let round = 0; round < 100; round++) {
      const sent = upTo(20, 20 * round)
      send(object, ...sent)
      assert.equal(
        reader.poll(data => got.push(number(data))),
        20,
      )
    }
    assert.deepEqual(got, upTo(2000))
    assert.equal(reader.lost, 0)
  })

  test(`${kind}: closing inside a poll is safe`, { skip }, () => {
    using object = loaded(kind)
    const reader = events(object).events()
    send(object, 1, 2, 3)
    let kept: Uint8Array | undefined
    const count = reader.poll(data => {
      kept = data
      reader.close()
    })
    assert.equal(count, 1)
    assert.equal(
      reader.poll(() => assert.fail()),
      0,
    )
    assert.equal(number(kept as Uint8Array), 1)
  })

  test(`${kind}: disposing the object ends the reader, and leaves no descriptor`, { skip }, async () => {
    loaded(kind)[Symbol.dispose]()
    const before = readdirSync("/proc/self/fd").length
    const object = loaded(kind)
    const wait = events(object).events().next()
    object[Symbol.dispose]()
    assert.deepEqual(await wait, { done: true, value: undefined })
    await new Promise(resolve => setImmediate(resolve))
    assert.equal(readdirSync("/proc/self/fd").length, before)
  })
}

test("perf: records that do not fit are counted", { skip }, () => {
  using object = loaded("perf", 256)
  const told: [number, number][] = []
  using reader = events(object).events({ pages: 1, onLost: (count, cpu) => told.push([count, cpu]) })
  const fits = Math.floor(pageSize() / (256 + 16))
  const answers = send(object, ...upTo(fits + 10))
  const refused = answers.filter(a => a < 0).length
  assert.ok(refused >= 10)
  let read = reader.poll(() => {})
  // The kernel tells of losses when it has room for the next record.
  send(object, 1)
  read += reader.poll(() => {})
  assert.equal(read + reader.lost, fits + 11)
  assert.deepEqual(told, [[refused, 0]])
})

test("ring: a full buffer refuses, and goes on when it is read", { skip }, () => {
  using object = loaded("ring", 248)
  using reader = events(object).events()
  const answers = send(object, ...upTo(RING_BYTES / 256 + 10))
  const kept = answers.filter(a => a === 0).length
  assert.ok(kept < answers.length && kept > RING_BYTES / 256 - 4, `${kept}`)
  assert.equal(
    reader.poll(() => {}),
    kept,
  )
  assert.deepEqual(send(object, 1), [0])
})

test("other maps have no events", { skip }, () => {
  using object_ = kernel().load(object({ maps: [map("h", "hash")] }))
  assert.throws(() => object_.map("h").events(), { code: "MACHINE_UNSUPPORTED" })
})

test("a perf buffer has a power of two of pages", { skip }, () => {
  using object = loaded("perf")
  assert.throws(() => events(object).events({ pages: 3 }), { code: "KERNEL_BUFFER_SIZE" })
})
