import assert from "node:assert/strict"
import { test } from "node:test"
import { runText } from "../../../tests/support/vmCode.ts"
import { compile, interpret } from "../index.ts"

/** The context's first word chooses the way through the text: both ways, translated in all modes, give what the interpreter gives. */
function same(line: string): void {
  test(line, () => {
    const text = line.replaceAll(/[;:] /g, mark => (mark === "; " ? "\n" : ":\n"))
    for (const way of [0, 1]) {
      const context = (): Uint8Array =>
        Uint8Array.from({ length: 64 }, (_, i) => (i === 0 ? way : i < 8 ? 0 : 0x80 + i))
      const expected = runText(text, { context: context(), translate: interpret })
      for (const verified of [false, true]) {
        const translate = (image: Parameters<typeof compile>[0]) => compile(image, { verified })
        assert.equal(runText(text, { context: context(), translate }), expected, `way ${way}, verified ${verified}`)
      }
    }
  })
}

const WAY = "r6 = *(u64 *)(r1 + 0); r2 = *(u64 *)(r1 + 8); r3 = *(u32 *)(r1 + 16)"

// One web that both branches write, and that one reads early and wide.
same(
  `${WAY}; if r6 != 0 goto b; w4 = w3; r5 = r4; r5 <<= 32; r5 += r4; goto end; b: r4 = r2; r5 = 0; end: r0 = r4; r0 += r5; exit`,
)
same(
  `${WAY}; if r6 != 0 goto b; r4 = r2; r5 = r4; r5 >>= 32; goto end; b: w4 = w3; r5 = 0; end: w0 = w4; r0 += r5; exit`,
)
same(
  `${WAY}; if r6 != 0 goto b; w4 = 1; r5 = r4; r4 += r4; goto end; b: r4 = r2; r5 = r3; end: r0 = r4; r0 ^= r5; exit`,
)
same(
  `${WAY}; if r6 != 0 goto b; r4 = (s32)r2; r5 = r4; r5 s>>= 40; goto end; b: r4 = r3; r5 = r4; end: r0 = r4; r0 += r5; exit`,
)
same(
  `${WAY}; r4 = r3; if r6 != 0 goto b; r5 = r4; r5 *= r2; r4 = r2; goto end; b: r4 += 5; r5 = r4; end: r0 = r4; r0 -= r5; exit`,
)

// The same round a loop: the first turn finds less than the last one.
same(`${WAY}; r4 = r3; r0 = 0; w5 = 3; top: r0 += r4; r4 = r2; w5 -= 1; if w5 != 0 goto top; exit`)
same(`${WAY}; w4 = 0; r0 = 0; w5 = 3; top: r0 ^= r4; r4 = r0; r4 += r3; r4 <<= 7; w5 -= 1; if w5 != 0 goto top; exit`)
