import assert from "node:assert/strict"
import { test } from "node:test"
import { assemble, encodeInsns } from "../isa/index.ts"
import { verify } from "./index.ts"
import { OLDEST_KERNEL } from "./input.ts"

/** A program that kernels take from a version on, and are asked for as the one before. */
function since(minor: number, source: string, type = "socket_filter"): void {
  const insns = encodeInsns(assemble(source.replaceAll("; ", "\n")))
  const takes = (version: number) => verify({ insns, type, kernel: { major: 6, minor: version } }).accepted
  test(`6.${minor}: ${source}`, () => {
    for (const version of [OLDEST_KERNEL.minor, minor - 1]) assert.equal(takes(version), false, `6.${version}`)
    for (const version of [minor, 18]) assert.equal(takes(version), true, `6.${version}`)
  })
}

const NUMBER = "r6 = r1; call bpf_get_prandom_u32#7"
// A comparison is decided where a constant is on its left, and by ranges: the other way reads a register that nothing was put into.
since(4, `${NUMBER}; r0 &= 7; r1 = 9; if r1 > r0 goto pc+1; r0 = r9; r0 = 0; exit`)
since(
  8,
  `${NUMBER}; r7 = r0; r7 &= 7; call bpf_get_prandom_u32#7; r0 |= 8; if r0 > r7 goto pc+1; r0 = r9; r0 = 0; exit`,
)
// A part of a spilled constant, and of a spilled zero.
since(9, "*(u32 *)(r10 -8) = 20; r4 = *(u16 *)(r10 -8); if r4 == 20 goto pc+1; r0 = r9; r0 = 0; exit")
// A loop that is entered in its middle.
since(7, "r0 = 0; goto pc+1; r0 += 1; r0 += 1; if r0 < 4 goto pc-3; exit")
// A copy that a constant was added to, and that one was taken from.
const COPIED = `${NUMBER}; r1 = r0`
since(11, `${COPIED}; r1 += 4; if r0 > 7 goto pc+2; if r1 < 12 goto pc+1; r0 = r9; r0 = 0; exit`)
since(18, `${COPIED}; r1 -= 4; if r0 > 7 goto pc+3; if r0 < 4 goto pc+2; if r1 < 4 goto pc+1; r0 = r9; r0 = 0; exit`)
