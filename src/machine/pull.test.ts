import assert from "node:assert/strict"
import { test } from "node:test"
import { PullStream } from "./pull.ts"

/** A stream of numbers that are put in by hand. */
function stream(fail?: () => void) {
  const there: number[] = []
  let closed = 0
  class Numbers extends PullStream<number> {
    protected watchSource(ready: () => void) {
      const timer = setTimeout(ready)
      return { keepAlive() {}, close: () => clearTimeout(timer) }
    }
    protected readSource(push: (item: number) => void) {
      fail?.()
      for (const item of there.splice(0)) push(item)
    }
    protected closeSource() {
      closed++
    }
  }
  return { there, stream: new Numbers(), closed: () => closed }
}

test("what is there is given without waiting, in order", async () => {
  const { there, stream: s } = stream()
  there.push(1, 2)
  assert.deepEqual(await s.next(), { done: false, value: 1 })
  there.push(3)
  assert.deepEqual(await s.next(), { done: false, value: 2 })
  assert.deepEqual(await s.next(), { done: false, value: 3 })
})

test("what comes just after the look is found", async () => {
  const { there, stream: s } = stream()
  const wait = s.next()
  there.push(5)
  assert.deepEqual(await wait, { done: false, value: 5 })
})

test("closing drops what is left and ends every wait, once", async () => {
  const { there, stream: s, closed } = stream()
  there.push(1, 2)
  await s.next()
  s.close()
  await s.return()
  assert.deepEqual(await s.next(), { done: true, value: undefined })
  assert.equal(closed(), 1)
})

test("a source that fails rejects the wait and closes the stream", async () => {
  let broken = false
  const { stream: s, closed } = stream(() => {
    if (broken) throw new Error("broken")
  })
  const wait = s.next()
  const other = s.next()
  broken = true
  await assert.rejects(wait, /broken/)
  assert.deepEqual(await other, { done: true, value: undefined })
  assert.equal(closed(), 1)
})

test("a source that fails at once rejects, too", async () => {
  const { stream: s } = stream(() => {
    throw new Error("broken")
  })
  await assert.rejects(s.next(), /broken/)
})
