import assert from "node:assert/strict"
import { test } from "node:test"
import { firstAfter, RangeSet } from "./ranges.ts"

const show = (ranges: readonly { start: number; end: number }[]): string =>
  ranges.map(({ start, end }) => `${start}-${end}`).join(" ")

/** Ranges added one after the other, as `start-end`, make up these. */
function adds(added: string, expected: string): void {
  test(`${added} is ${expected}`, () => {
    const set = new RangeSet()
    for (const range of added.split(" ")) set.add(...(range.split("-").map(Number) as [number, number]))
    assert.equal(show(set.ranges), expected)
  })
}
adds("0-4", "0-4")
adds("8-12 0-4", "0-4 8-12")
adds("0-4 4-8", "0-4 4-8")
adds("0-4 3-8", "0-8")
adds("0-4 8-12 2-9", "0-12")
adds("0-16 4-8", "0-16")
adds("4-8 0-16", "0-16")
adds("0-1 2-3 4-5 6-7 1-6", "0-1 1-6 6-7")

test("add says whether one range held all of it already", () => {
  const set = new RangeSet()
  assert.equal(set.add(0, 8), true)
  assert.equal(set.add(2, 6), false)
  assert.equal(set.add(0, 8), false)
  assert.equal(set.add(6, 9), true)
})

/** The ranges of 0-4 8-12 16-20 that hold some byte of a place. */
function within(start: number, end: number, expected: string): void {
  test(`of 0-4 8-12 16-20 within ${start}-${end}: ${expected}`, () => {
    const set = new RangeSet()
    for (const at of [0, 8, 16]) set.add(at, at + 4)
    assert.equal(show(set.within(start, end)), expected)
  })
}
within(0, 20, "0-4 8-12 16-20")
within(4, 8, "")
within(3, 9, "0-4 8-12")
within(11, 12, "8-12")
within(20, 30, "")

test("firstAfter is the first range that ends behind an offset", () => {
  const ranges = [0, 8, 16].map(start => ({ start, end: start + 4 }))
  assert.deepEqual(
    [0, 3, 4, 12, 19, 20].map(offset => firstAfter(ranges, offset)),
    [0, 0, 1, 2, 2, 3],
  )
})
