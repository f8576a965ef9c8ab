import assert from "node:assert/strict"
import { test } from "node:test"
import { golden } from "../support/golden.ts"
import { needsRoot } from "../support/kernel.ts"
import { digest, tryProgram } from "./packets/main.ts"

// `npm run packets` tries more of them.
const PROGRAMS = 400

test(`${PROGRAMS} random programs of packet helpers give the same here and in the kernel`, { skip: needsRoot }, () => {
  for (let seed = 1; seed <= PROGRAMS; seed++) assert.equal(tryProgram(seed), "")
})

test("and without a kernel what they gave when it agreed", () => {
  const lines = Array.from({ length: PROGRAMS }, (_, i) => `${i + 1} ${digest(i + 1)}\n`)
  golden("tests/golden/vm/packets.txt", lines.join(""))
})
