import assert from "node:assert/strict"
import { after, test } from "node:test"
import { needsRoot } from "../support/kernel.ts"
import { cycledKinds } from "./kinds.ts"
import { compiled, holding } from "./measure.ts"

/** All kinds together. */
const CYCLES = 300
/** Bytes a cycle may leave in the heap: the noise of a measurement, divided by few cycles. */
const NOISE = 1 << 20

const { kinds, end } = cycledKinds()
after(end)

if (needsRoot) test("programs come and go", { skip: needsRoot }, () => {})

for (const kind of kinds) {
  test(`loaded, attached, detached again and again: ${kind.name}`, { skip: kind.skip }, async () => {
    const cycle = await compiled(kind)
    for (let i = 0; i < 3; i++) await cycle()
    const before = await holding()
    for (let i = 0; i < CYCLES / kinds.length; i++) await cycle()
    const after = await holding()
    assert.equal(after.descriptors, before.descriptors)
    assert.equal(after.mappings, before.mappings)
    assert.ok(after.heap - before.heap < NOISE, `${after.heap - before.heap} bytes more`)
  })
}
