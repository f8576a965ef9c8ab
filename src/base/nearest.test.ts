import assert from "node:assert/strict"
import { test } from "node:test"
import { nearestNames } from "./index.ts"

test("the nearest names come first, and no far ones", () => {
  const names = ["finish_task_switch", "finish_task_reaping", "finish_swait", "begin"]
  assert.deepEqual(nearestNames("finsh_task_swtich", names, 3), ["finish_task_switch"])
  assert.deepEqual(nearestNames("abd", ["abc", "abe", "abcd", "zzz"], 2), ["abc", "abe"])
  assert.deepEqual(nearestNames("x", ["y"]), [])
})
