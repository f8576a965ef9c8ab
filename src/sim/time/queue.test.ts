import assert from "node:assert/strict"
import { test } from "node:test"
import fc from "fast-check"
import { EventQueue } from "./queue.ts"

const drained = (queue: EventQueue): number[] => {
  const times: number[] = []
  for (let event = queue.take(); event !== undefined; event = queue.take()) times.push(event.time)
  return times
}

test("events come out in the order of their times", () => {
  fc.assert(
    fc.property(fc.array(fc.nat(50)), times => {
      const queue = new EventQueue()
      for (const time of times) queue.put(time, () => {})
      assert.deepEqual(
        drained(queue),
        [...times].sort((a, b) => a - b),
      )
    }),
  )
})

test("those of one time come out as they were put in", () => {
  const queue = new EventQueue()
  const seen: number[] = []
  for (let i = 0; i < 20; i++) queue.put(i % 2, () => seen.push(i))
  for (let event = queue.take(); event !== undefined; event = queue.take()) event.happen()
  const [even, odd] = [0, 1].map(rest => Array.from({ length: 10 }, (_, i) => i * 2 + rest))
  assert.deepEqual(seen, [...even, ...odd])
})

test("what is cancelled does not happen", () => {
  const queue = new EventQueue()
  const first = queue.put(1, () => {})
  queue.put(2, () => {})
  first.cancelled = true
  assert.equal(queue.next, 2)
  assert.deepEqual(drained(queue), [2])
  assert.equal(queue.next, Number.POSITIVE_INFINITY)
})
