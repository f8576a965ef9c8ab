import assert from "node:assert/strict"
import { existsSync, rmSync } from "node:fs"
import { after, test } from "node:test"
import { kernel, map, needsRoot, object } from "../../tests/support/kernel.ts"
import { pinPath } from "./pins.ts"

const folder = `skep-test-${process.pid}`
const spec = map("kept", "hash", { pin: `${folder}/maps/kept` })
const key = new Uint8Array([1, 0, 0, 0])
const value = new Uint8Array([7, 0, 0, 0, 0, 0, 0, 0])

after(() => {
  if (!needsRoot) rmSync(pinPath(folder), { recursive: true, force: true })
})

test("a pinned map outlives its object and is found again", { skip: needsRoot }, () => {
  {
    using first = kernel().load(object({ maps: [spec] }))
    first.map("kept").update(key, value)
  }
  assert.ok(existsSync(pinPath(spec.pin as string)))
  using second = kernel().load(object({ maps: [spec] }))
  assert.deepEqual(second.map("kept").lookup(key), value)
})

test("a pinned map of another shape is not taken", { skip: needsRoot }, () => {
  kernel()
    .load(object({ maps: [spec] }))
    [Symbol.dispose]()
  for (const other of [{ valueSize: 16 }, { keySize: 8 }, { maxEntries: 17 }, { type: "lru_hash" }]) {
    assert.throws(() => kernel().load(object({ maps: [{ ...spec, ...other }] })), {
      code: "KERNEL_PIN_DIFFERS",
      message: `what is pinned at ${pinPath(spec.pin as string)} is not the map kept of this program`,
    })
  }
})

test("a map cannot be pinned outside a BPF file system", { skip: needsRoot }, () => {
  const outside = { ...spec, pin: `/tmp/${folder}/kept` }
  try {
    assert.throws(() => kernel().load(object({ maps: [outside] })), { code: "KERNEL_PIN" })
  } finally {
    rmSync(`/tmp/${folder}`, { recursive: true, force: true })
  }
})
