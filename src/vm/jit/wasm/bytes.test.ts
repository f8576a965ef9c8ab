import assert from "node:assert/strict"
import { test } from "node:test"
import { Bytes } from "./bytes.ts"

/** What a number is written as. */
function writes(how: string, write: (to: Bytes) => void, ...expected: number[]): void {
  test(how, () => {
    const to = new Bytes(1)
    write(to)
    assert.deepEqual([...to.view], expected)
  })
}

writes("u32 0", to => to.u32(0), 0)
writes("u32 127", to => to.u32(127), 0x7f)
writes("u32 128", to => to.u32(128), 0x80, 0x01)
writes("u32 624485", to => to.u32(624485), 0xe5, 0x8e, 0x26)
writes("u32 0xffffffff", to => to.u32(0xffffffff), 0xff, 0xff, 0xff, 0xff, 0x0f)
writes("s32 63", to => to.s32(63), 0x3f)
writes("s32 64", to => to.s32(64), 0xc0, 0x00)
writes("s32 -1", to => to.s32(-1), 0x7f)
writes("s32 -64", to => to.s32(-64), 0x40)
writes("s32 -65", to => to.s32(-65), 0xbf, 0x7f)
writes("s32 -123456", to => to.s32(-123456), 0xc0, 0xbb, 0x78)
writes("s32 -2^31", to => to.s32(-(2 ** 31)), 0x80, 0x80, 0x80, 0x80, 0x78)
writes("s64 0", to => to.s64(0, 0), 0)
writes("s64 -1", to => to.s64(-1, -1), 0x7f)
writes("s64 0x80000000", to => to.s64(0x80000000, 0), 0x80, 0x80, 0x80, 0x80, 0x08)
writes("s64 2^63 - 1", to => to.s64(-1, 0x7fffffff), ...Array<number>(9).fill(0xff), 0x00)
writes("s64 -2^63", to => to.s64(0, 0x80000000), ...Array<number>(9).fill(0x80), 0x7f)
writes("a name", to => to.name("m"), 1, 0x6d)
writes("many bytes", to => to.bytes(new Uint8Array(20).fill(7)), ...Array<number>(20).fill(7))

test("what was taken is not written over", () => {
  const to = new Bytes(4)
  to.bytes([1, 2, 3])
  const taken = to.take()
  to.bytes([9, 9, 9])
  assert.deepEqual([...taken], [1, 2, 3])
})
