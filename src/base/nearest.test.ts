import assert from "node:assert/strict"
import { test } from "node:test"
import { editDistance, nearestNames } from "./index.ts"

function distance(a: string, b: string, want: number, limit = 5): void {
  test(`${a || "(empty)"} to ${b || "(empty)"} takes ${want}`, () => assert.equal(editDistance(a, b, limit), want))
}
distance("", "", 0)
distance("abc", "abc", 0)
distance("abc", "abd", 1)
distance("abc", "acb", 1)
distance("abc", "ab", 1)
distance("abc", "xabc", 1)
distance("kitten", "sitting", 3)
distance("", "abc", 3)
distance("abcdef", "ghijkl", 6)
distance("abcdefgh", "ijklmnop", 3, 2)
distance("a", "abcdefgh", 3, 2)

test("the nearest names come first, and no far ones", () => {
  const names = ["finish_task_switch", "finish_task_reaping", "finish_swait", "begin"]
  assert.deepEqual(nearestNames("finsh_task_swtich", names, 3), ["finish_task_switch"])
  assert.deepEqual(nearestNames("abd", ["abc", "abe", "abcd", "zzz"], 2), ["abc", "abe"])
  assert.deepEqual(nearestNames("x", ["y"]), [])
})
