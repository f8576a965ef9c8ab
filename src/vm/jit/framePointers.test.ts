import assert from "node:assert/strict"
import { test } from "node:test"
import { imageOf, runText } from "../../../tests/support/vmCode.ts"
import { compile, interpret } from "../index.ts"
import { translate } from "./program.ts"
import { Op } from "./wasm/opcodes.ts"

/** Whether the number at r10 − 8 becomes a variable: nothing else in these texts is stored with 64 bits. */
function apart(text: string, isApart: boolean): void {
  test(`${text}: r10 - 8 is ${isApart ? "a variable" : "in memory"}`, () => {
    const start = "r6 = *(u64 *)(r1 + 8); *(u64 *)(r10 - 8) = r6; r7 = *(u64 *)(r1 + 16)"
    const insns = `${start}; ${text}; r1 = *(u64 *)(r10 - 8); r0 += r1; exit`.replaceAll("; ", "\n")
    const context = Uint8Array.from({ length: 64 }, (_, i) => (i === 16 ? 5 : i > 16 && i < 24 ? 0 : i))
    const helpers = { 16: () => 3 }
    const expected = runText(insns, { context: context.slice(), translate: interpret, helpers })
    for (const verified of [false, true]) {
      const given = runText(insns, { context: context.slice(), translate: i => compile(i, { verified }), helpers })
      assert.equal(given, expected)
    }
    const { bytes } = translate(imageOf(insns, { helpers }), { verified: true })
    assert.equal(!bytes.includes(Op.i64Store), isApart)
  })
}

const pointer = "r3 = r10; r3 += -64; r3 += r7"
apart(`r7 &= 15; ${pointer}; *(u8 *)(r3 + 0) = 7; r0 = *(u8 *)(r10 - 59)`, true)
apart(
  `if r7 > 40 goto +0; r7 &= 15; r3 = r10; r7 <<= 2; r3 += r7; *(u32 *)(r3 - 72) = 7; r0 = *(u32 *)(r10 - 52)`,
  true,
)
apart(`r7 &= 63; ${pointer}; *(u8 *)(r3 + 0) = 7; r0 = *(u8 *)(r10 - 59)`, false)
apart(`r7 &= 15; ${pointer}; *(u8 *)(r3 + 48) = 7; r0 = *(u8 *)(r10 - 11)`, false)
apart(`r7 &= 15; ${pointer}; *(u8 *)(r3 + 40) = 7; r0 = *(u8 *)(r10 - 19)`, true)
apart(`${pointer}; *(u8 *)(r3 + 0) = 7; r0 = *(u8 *)(r10 - 59)`, false)
// The address is copied, added to once more, compared.
apart(`r7 &= 7; ${pointer}; r4 = r3; r4 += 3; r4 += r7; *(u8 *)(r4 + 0) = 7; r0 = *(u8 *)(r10 - 51)`, true)
apart(`r7 &= 7; ${pointer}; if r3 == 0 goto +1; *(u8 *)(r3 + 0) = 7; r0 = 1`, true)
// It gets out of sight.
apart(`r7 &= 7; ${pointer}; r0 = r3; r3 *= 2; r0 -= r3; r0 &= 0`, false)
apart(`r7 &= 7; ${pointer}; r4 = 0; if r7 == 9 goto +1; r4 = r3; *(u8 *)(r4 + 0) = 7; r0 = 0`, false)
// A helper that is given how much it may touch.
apart(`r7 &= 7; ${pointer}; r1 = r3; r2 = 8; *(u8 *)(r3 + 0) = 0; call 16`, true)
apart(`r7 &= 15; ${pointer}; r1 = r3; r2 = 48; *(u8 *)(r3 + 0) = 0; call 16`, false)
