import assert from "node:assert/strict"
import { test } from "node:test"
import { editDistance, suggest } from "./suggest.ts"

const names = ["lookup", "lookup_or_init", "lookup_or_try_init", "update", "insert", "delete", "increment", "prev_pid"]

function suggests(name: string, expected: string | undefined): void {
  test(`${name} → ${expected}`, () => assert.equal(suggest(name, names), expected))
}

suggests("lokup", "lookup")
suggests("lookpu", "lookup")
suggests("lookup_or_int", "lookup_or_init")
suggests("Update", "update")
suggests("UPDATE", "update")
suggests("incremnet", "increment")
suggests("pre_pid", "prev_pid")
suggests("frobnicate", undefined)
suggests("x", undefined)
suggests("", undefined)

function distance(a: string, b: string, limit: number, expected: number): void {
  test(`distance ${a} ${b} ≤ ${limit} is ${expected}`, () => assert.equal(editDistance(a, b, limit), expected))
}

distance("kitten", "sitting", 3, 3)
distance("kitten", "sitting", 2, 3)
distance("ab", "ba", 2, 1)
distance("", "abc", 3, 3)
distance("same", "same", 0, 0)
