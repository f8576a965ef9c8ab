import assert from "node:assert/strict"
import { test } from "node:test"
import { constants, deflateRawSync } from "node:zlib"
import fc from "fast-check"
import { inflate } from "./inflate.ts"

const text = new TextEncoder()

function unpacks(what: string, bytes: Uint8Array, options = {}): void {
  test(`unpacks ${what}`, () => assert.deepEqual(inflate(deflateRawSync(bytes, options), bytes.length), bytes))
}

unpacks("nothing", new Uint8Array())
unpacks("one byte", Uint8Array.of(7))
unpacks("a long run", new Uint8Array(100_000).fill(1))
unpacks("text by its own codes", text.encode("the same words again and again, ".repeat(500)))
unpacks("text by the fixed codes", text.encode("short"), { strategy: constants.Z_FIXED })
unpacks("what was only stored", text.encode("as it is".repeat(20_000)), { level: 0 })
unpacks(
  "what has no repetition",
  Uint8Array.from({ length: 5000 }, (_, i) => (i * 2654435761) >>> 13),
)

test("whatever zlib packs comes out again", () => {
  const bytes = fc.array(fc.constantFrom(0, 1, 2, 65, 66, 255), { maxLength: 2000 }).map(list => Uint8Array.from(list))
  fc.assert(
    fc.property(bytes, fc.integer({ min: 0, max: 9 }), (list, level) =>
      assert.deepEqual(inflate(deflateRawSync(list, { level }), list.length), list),
    ),
  )
})

function refused(what: string, packed: Uint8Array, size: number): void {
  test(`refused: ${what}`, () => assert.throws(() => inflate(packed, size), { code: "SNAPSHOT_BAD" }))
}

const packed = deflateRawSync(text.encode("some text, some text"))
refused("nothing at all", new Uint8Array(), 1)
refused("a block without a type", Uint8Array.of(7), 0)
refused("a stored block of another length", Uint8Array.of(1, 5, 0, 5, 0), 5)
refused("an end in the middle", packed.subarray(0, 8), 20)
refused("more than it says", packed, 19)
refused("less than it says", packed, 21)

test("damage is found or harmless, and ends", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), fc.nat(5000), (bytes, size) => {
      try {
        assert.equal(inflate(bytes, size).length, size)
      } catch (error) {
        assert.equal((error as { code?: string }).code, "SNAPSHOT_BAD")
      }
    }),
  )
})
