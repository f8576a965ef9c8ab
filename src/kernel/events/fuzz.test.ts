import assert from "node:assert/strict"
import { test } from "node:test"
import fc from "fast-check"
import { BatchBuffer } from "../../machine/index.ts"
import { SharedPosition } from "./mmap.ts"
import { PerfRecords } from "./perfRing.ts"
import { RingRecords } from "./ring.ts"
import type { Rings } from "./rings.ts"
import { TimeOrder } from "./timeOrder.ts"

const SIZE = 4096

/** Memory like the kernel's, whose positions a test sets. */
function memory() {
  const positions = new Uint8Array(16)
  const [ours, theirs] = [new SharedPosition(positions, 0), new SharedPosition(positions, 8)]
  const data = new Uint8Array(2 * SIZE)
  return { ours, theirs, data, view: new DataView(data.buffer) }
}

/** Every record lies inside the batch's bytes. */
function check(batch: BatchBuffer): void {
  for (let i = 0; i < batch.count; i++) assert.ok(batch.offsets[i] + batch.sizes[i] <= batch.bytes.length)
}

const bytes = fc.uint8Array({ minLength: SIZE, maxLength: SIZE })
const position = fc.oneof(
  fc.nat((2 * SIZE) / 8).map(n => 8 * n),
  fc.nat(3 * SIZE),
  fc.nat(64).map(n => 2 ** 40 + 8 * n),
)

test("ring: any bytes and positions give records inside of the memory, and an end", () => {
  fc.assert(
    fc.property(bytes, position, position, (content, from, to) => {
      const { ours, theirs, data } = memory()
      data.set(content)
      data.set(content, SIZE)
      ours.store(from)
      theirs.store(to)
      const batch = new BatchBuffer(64, 1)
      new RingRecords(ours, theirs, data, SIZE).take(batch, 1000, () => {})
      check(batch)
      assert.ok(ours.load() <= Math.max(from, to))
    }),
  )
})

test("perf: any bytes and positions give records inside of the memory, and an end", () => {
  fc.assert(
    fc.property(bytes, position, position, fc.boolean(), (content, from, to, timed) => {
      const { ours, theirs } = memory()
      ours.store(from)
      theirs.store(to)
      const batch = new BatchBuffer(64, 1)
      new PerfRecords(theirs, ours, content, 0, timed).take(batch, () => {})
      check(batch)
      assert.equal(ours.load(), Math.max(to, from))
    }),
  )
})

test("ring: records of any length arrive whole, in order, around the end", () => {
  fc.assert(
    fc.property(fc.array(fc.nat(300), { maxLength: 60 }), lengths => {
      const { ours, theirs, data, view } = memory()
      const records = new RingRecords(ours, theirs, data, SIZE)
      const batch = new BatchBuffer(64, 1)
      const got: [number, number][] = []
      let at = 0
      for (const [i, length] of lengths.entries()) {
        const place = at % SIZE
        view.setUint32(place, length, true)
        data.fill(i, place + 8, place + 8 + length)
        // What is written in one of the two mappings stands in the other, too.
        if (place + 8 + length > SIZE) data.copyWithin(0, SIZE, place + 8 + length)
        at += 8 + ((length + 7) & ~7)
        theirs.store(at)
        batch.clear()
        records.take(batch, 10, () => assert.fail())
        for (let k = 0; k < batch.count; k++) {
          const record = batch.bytes.subarray(batch.offsets[k], batch.offsets[k] + batch.sizes[k])
          assert.ok(record.every(byte => byte === i))
          got.push([i, record.length])
        }
      }
      assert.deepEqual(
        got,
        lengths.map((length, i) => [i, length]),
      )
    }),
  )
})

test("ring: a record that is still written holds up what is behind it, a discarded one is left out", () => {
  const { ours, theirs, data, view } = memory()
  view.setUint32(0, 0x4000_0008, true)
  view.setUint32(16, 8, true)
  view.setUint32(32, 0x8000_0008, true)
  view.setUint32(48, 8, true)
  theirs.store(64)
  const batch = new BatchBuffer()
  const records = new RingRecords(ours, theirs, data, SIZE)
  records.take(batch, 10, () => assert.fail())
  assert.deepEqual([batch.count, ours.load()], [1, 32])
  view.setUint32(32, 8, true)
  records.take(batch, 1, () => assert.fail())
  assert.deepEqual([batch.count, ours.load()], [2, 48])
})

test("ring: a record longer than what is there is given up and counted", () => {
  const { ours, theirs, data, view } = memory()
  view.setUint32(0, 4000, true)
  theirs.store(64)
  let lost = 0
  new RingRecords(ours, theirs, data, SIZE).take(new BatchBuffer(), 10, n => (lost += n))
  assert.deepEqual([lost, ours.load()], [1, 64])
})

test("records of several CPUs are put in order, late ones, too", () => {
  const there: [time: number, cpu: number][][] = [
    [
      [5e6, 0],
      [6e6, 0],
      [4e6, 1],
    ],
    [
      [4.5e6, 1],
      [9e6, 1],
    ],
    [],
    [],
  ]
  let now = 5.2e6
  const rings: Rings = {
    fds: [],
    take(batch) {
      for (const [time, cpu] of there.shift() ?? []) batch.add(batch.append(new Uint8Array(8)), 8, cpu, time)
    },
    close() {},
  }
  const order = new TimeOrder(rings, () => now)
  const round = (): number[] => {
    const batch = new BatchBuffer()
    order.take(batch, 100, () => {})
    now += 1.4e6
    return [...batch.times.subarray(0, batch.count)]
  }
  assert.deepEqual(round(), [4e6])
  assert.equal(order.later, 2)
  assert.deepEqual(round(), [4.5e6, 5e6])
  assert.deepEqual(round(), [6e6])
  assert.deepEqual(round(), [])
  now = 11e6
  assert.deepEqual(round(), [9e6])
  assert.equal(order.later, undefined)
})
