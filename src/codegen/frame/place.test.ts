import assert from "node:assert/strict"
import { test } from "node:test"
import { Random } from "../../../tests/support/random.ts"
import type { FrameSlot } from "../mir/mir.ts"
import { placeAlike, placeShared } from "./place.ts"

const slotOf = (index: number, size: number, align: number, escapes = false): FrameSlot => ({
  index,
  kind: size === 8 && align === 8 ? "spill" : "local",
  size,
  align,
  name: "",
  span: undefined,
  escapes,
  offset: 0,
})

const near = (count: number, pairs: readonly (readonly [number, number])[]): Set<number>[] => {
  const sets = Array.from({ length: count }, () => new Set<number>())
  for (const [a, b] of pairs) {
    sets[a].add(b)
    sets[b].add(a)
  }
  return sets
}

const overlap = (a: FrameSlot, b: FrameSlot) => a.offset < b.offset + b.size && b.offset < a.offset + a.size

test("a slot lies apart from a big one around a deeper small one", () => {
  // 0 takes the depths to 48, 1 those to 24 and 2, behind 1 but inside 0, those from 24 to 40: no place above 2 is free for 3.
  const slots = [slotOf(0, 48, 8), slotOf(1, 24, 8), slotOf(2, 16, 8), slotOf(3, 8, 8)]
  const use = near(4, [
    [1, 2],
    [0, 3],
    [2, 3],
  ])
  assert.equal(placeShared(slots, { near: use, most: 56 }), 56)
  assert.deepEqual(
    slots.map(s => s.offset),
    [-48, -24, -40, -56],
  )
})

test("whatever is in use at once lies apart, aligned and inside the frame", () => {
  const random = new Random(7)
  for (let round = 0; round < 3000; round++) {
    const count = 2 + random.below(9)
    const slots = Array.from({ length: count }, (_, i) => {
      const align = random.pick([1, 2, 4, 8])
      return slotOf(i, align * (1 + random.below(6)), align, random.chance(0.05))
    })
    const pairs: [number, number][] = []
    for (let a = 0; a < count; a++) for (let b = 0; b < a; b++) if (random.chance(0.4)) pairs.push([a, b])
    const use = { near: near(count, pairs), most: 0 }
    for (const place of [placeShared, placeAlike]) {
      const size = place(slots, use)
      for (const a of slots) {
        assert.equal(a.offset & (a.align - 1), 0, `alignment, round ${round}`)
        assert.ok(a.offset + a.size <= 0 && -a.offset <= size, `inside, round ${round}`)
        for (const b of slots)
          if (a !== b && (a.escapes || b.escapes || use.near[a.index].has(b.index)))
            assert.ok(!overlap(a, b), `${place.name}: ${a.index} and ${b.index}, round ${round}`)
      }
    }
  }
})
