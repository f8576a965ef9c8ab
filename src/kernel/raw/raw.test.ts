import assert from "node:assert/strict"
import { closeSync, openSync } from "node:fs"
import { test } from "node:test"
import { errnoName } from "./errno.ts"
import { EBADF, sys } from "./index.ts"
import { syscallNumbers } from "./sys.ts"

const GETPID = process.arch === "x64" ? 39 : 172

test("a system call returns what the kernel returns", () => {
  assert.equal(sys().call(GETPID, 0), process.pid)
})

test("a failed call returns the negated error number", () => {
  assert.equal(sys().call(sys().numbers.close, -1), -EBADF)
})

test("an address is that of the first byte, also inside a larger buffer", () => {
  const whole = new Uint8Array(16)
  const base = sys().address(whole)
  assert.ok(base > 0)
  assert.equal(sys().address(whole.subarray(5)), base + 5)
  assert.equal(sys().address(whole), base)
  assert.equal(sys().address(new Uint8Array(0)), 0)
})

test("mapped memory is seen through a view", () => {
  const { call, numbers, view } = sys()
  const fd = openSync(process.execPath, "r")
  const address = call(numbers.mmap, 0, 4096, 1, 2, fd, 0)
  closeSync(fd)
  assert.ok(address > 0)
  assert.deepEqual([...view(address, 4)], [0x7f, 0x45, 0x4c, 0x46])
  assert.equal(call(numbers.munmap, address, 4096), 0)
})

for (const [errno, name] of [
  [1, "EPERM"],
  [11, "EAGAIN"],
  [95, "EOPNOTSUPP"],
  [524, "ENOTSUPP"],
  [9999, "errno 9999"],
] as const) {
  test(`error ${errno} is ${name}`, () => assert.equal(errnoName(errno), name))
}

test("every supported processor has its numbers, and no other", () => {
  assert.equal(syscallNumbers("x64")?.bpf, 321)
  assert.equal(syscallNumbers("arm64")?.bpf, 280)
  assert.equal(syscallNumbers("mips"), undefined)
})
