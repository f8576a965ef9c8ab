import assert from "node:assert/strict"
import { test } from "node:test"
import { needsRoot } from "../support/kernel.ts"
import { tryProgram } from "./packets/main.ts"

// `npm run packets` tries more of them.
const PROGRAMS = 400

test(`${PROGRAMS} random programs of packet helpers give the same here and in the kernel`, { skip: needsRoot }, () => {
  for (let seed = 1; seed <= PROGRAMS; seed++) assert.equal(tryProgram(seed), "")
})
