import assert from "node:assert/strict"
import { test } from "node:test"
import { NULL_PAGE } from "./address.ts"
import { Memory } from "./memory.ts"

test("memory is all zeros, and programs may touch what was allocated for them", () => {
  const memory = new Memory()
  const a = memory.allocate(12, "a")
  assert.ok(a >= NULL_PAGE)
  for (const [at, size, allowed] of [
    [a, 12, true],
    [a, 13, false],
    [a + 11, 1, true],
    [a + 12, 1, false],
    [a + 5, 7, true],
    [a - 1, 2, false],
    [0, 1, false],
    [2 ** 31 - 8, 8, false],
  ] as const) {
    assert.equal(memory.readable(at, size), allowed, `${at - a}, ${size}`)
    assert.equal(memory.writable(at, size), allowed, `${at - a}, ${size}`)
  }
  assert.deepEqual([...memory.copy(a, 12)], Array(12).fill(0))
})

test("read-only memory can be read, the machine's own neither read nor written", () => {
  const memory = new Memory()
  const read = memory.allocate(5, "constants", { access: "read" })
  assert.deepEqual([memory.readable(read, 5), memory.readable(read, 6), memory.writable(read, 5)], [true, false, false])
  const own = memory.allocate(5, "own", { access: "none" })
  assert.deepEqual([memory.readable(own, 1), memory.writable(own, 1)], [false, false])
})

test("what is freed is used again, and empty", () => {
  const memory = new Memory()
  const a = memory.allocate(100, "a")
  memory.u8[a] = 1
  memory.free(a)
  assert.equal(memory.readable(a, 1), false)
  assert.equal(memory.allocate(100, "b"), a)
  assert.equal(memory.u8[a], 0)
})

test("memory grows up to its limit", () => {
  const memory = new Memory({ limit: 32 << 20 })
  const first = memory.allocate(8, "first")
  memory.view.setUint32(first, 7, true)
  const large = memory.allocate(16 << 20, "large")
  assert.ok(memory.writable(large, 16 << 20))
  assert.equal(memory.view.getUint32(first, true), 7)
  assert.throws(() => memory.allocate(16 << 20, "too much"), { code: "VM_MEMORY" })
})

test("what lies near an address", () => {
  const memory = new Memory()
  const a = memory.allocate(8, "a")
  memory.allocate(8, "b")
  assert.equal(memory.regionNear(a + 9)?.name, "a")
  assert.equal(memory.regionNear(1), undefined)
})
