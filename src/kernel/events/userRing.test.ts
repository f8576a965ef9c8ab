import assert from "node:assert/strict"
import { test } from "node:test"
import fc from "fast-check"
import { SharedPosition } from "./mmap.ts"
import { UserRing } from "./userRing.ts"

const SIZE = 256

/** A ring, and the kernel's end of it: what `__bpf_user_ringbuf_peek` of kernel/bpf/ringbuf.c gives, until there is nothing. */
function ring(start: number) {
  const positions = new Uint8Array(16)
  const [consumer, producer] = [new SharedPosition(positions, 0), new SharedPosition(positions, 8)]
  consumer.store(start)
  producer.store(start)
  // The kernel maps the data twice; here what is written to one half is copied to the other.
  const data = new Uint8Array(2 * SIZE)
  const view = new DataView(data.buffer)
  const mirror = (record: Uint8Array): void => {
    const place = record.byteOffset - 8
    for (let at = place; at < place + ((record.length + 15) & ~7); at++) data[(at + SIZE) % (2 * SIZE)] = data[at]
  }
  const drain = (): number[][] => {
    const taken: number[][] = []
    while (consumer.load() < producer.load()) {
      const at = consumer.load() % SIZE
      const word = view.getUint32(at, true)
      if (word >= 0x8000_0000) break
      const length = word & 0x3fff_ffff
      const total = (length + 15) & ~7
      assert.ok(producer.load() % 8 === 0 && total <= producer.load() - consumer.load())
      if ((word & 0x4000_0000) === 0) taken.push([...data.subarray(at + 8, at + 8 + length)])
      consumer.store(consumer.load() + total)
    }
    return taken
  }
  return { sender: new UserRing(consumer, producer, data, SIZE), drain, mirror }
}

const step = fc.record({ length: fc.nat(100), given: fc.boolean(), drain: fc.boolean() })

test("user ring: whatever is sent and taken in whatever order, the records are those that were sent", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), fc.nat(64), (steps, start) => {
      const { sender, drain, mirror } = ring(8 * start + 2 ** 33)
      const wanted: number[][] = []
      const taken: number[][] = []
      for (const [i, { length, given, drain: now }] of steps.entries()) {
        const record = sender.reserve(length)
        if (record === undefined) {
          assert.ok(sender.pending + ((length + 15) & ~7) > SIZE)
        } else {
          record.bytes.fill(i)
          if (given) {
            record.send()
            wanted.push(new Array(length).fill(i))
          } else record.discard()
          mirror(record.bytes)
        }
        if (now) taken.push(...drain())
      }
      taken.push(...drain())
      assert.deepEqual(taken, wanted)
      assert.equal(sender.pending, 0)
    }),
  )
})
