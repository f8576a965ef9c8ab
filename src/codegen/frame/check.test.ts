import assert from "node:assert/strict"
import { test } from "node:test"
import { randomModule } from "../../../tests/support/randomIr.ts"
import { selectFunction } from "../isel/select.ts"
import type { MFunction } from "../mir/mir.ts"
import { allocateRegisters } from "../regalloc/allocate.ts"
import { computeLiveness } from "../regalloc/liveness.ts"
import { checkFrame } from "./check.ts"
import { layoutFrame } from "./layout.ts"
import { findMentions, type Mentions } from "./mentions.ts"

function laidOut(seed: number): { fn: MFunction; mentions: Mentions } {
  const module = randomModule(seed, { size: 25, longLived: 16 })
  const fn = selectFunction(module.functions[0], { options: { cpu: 3 }, globals: new Map() })
  const mentions = findMentions(fn)
  allocateRegisters(fn, computeLiveness(fn))
  layoutFrame(fn, mentions, true)
  return { fn, mentions }
}

test("frames as they are made pass", () => {
  for (let seed = 1; seed <= 60; seed++) {
    const { fn, mentions } = laidOut(seed)
    checkFrame(fn, mentions)
  }
})

test("a home in the place of another that is in use does not", () => {
  let tried = 0
  let found = 0
  for (let seed = 1; seed <= 10; seed++) {
    const { fn, mentions } = laidOut(seed)
    const homes = fn.slots.filter(s => s.kind === "spill" && s.offset < 0)
    for (const home of homes) {
      const before = home.offset
      for (const { offset } of homes) {
        if (offset === before) continue
        home.offset = offset
        tried++
        try {
          checkFrame(fn, mentions)
        } catch (e) {
          assert.equal((e as { code: string }).code, "CODEGEN_REGALLOC")
          assert.match((e as Error).message, /finds what another slot left there/)
          found++
        }
      }
      home.offset = before
    }
  }
  assert.ok(tried > 50 && found > tried / 2, `${found} of ${tried}`)
})
