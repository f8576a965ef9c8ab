import assert from "node:assert/strict"
import { test } from "node:test"
import { runText } from "../../../tests/support/vmCode.ts"
import { compile, interpret, type Translate } from "../index.ts"

/** Every case is run by both. */
const executors: readonly (readonly [string, Translate])[] = [
  ["interpreted", interpret],
  ["as WebAssembly", compile],
]

/** r0 that a program leaves: the conformance cases of RFC 9669, one a line. */
function gives(text: string, expected: bigint | number): void {
  for (const [how, translate] of executors) {
    test(`${how}, ${text} gives ${expected}`, () => {
      const value = runText(`${text.replaceAll("; ", "\n")}\nexit`, { translate })
      assert.equal(value, BigInt.asUintN(64, BigInt(expected)))
    })
  }
}

// Section 4.1: arithmetic. Each operation on 64 bits with an immediate and a register, then on 32.
gives("r0 = 5; r0 += -7", -2)
gives("r0 = 0xffffffff ll; r0 += 1", 0x1_0000_0000n)
gives("r0 = -1; r1 = 2; r0 += r1", 1)
gives("r0 = 0; r0 -= 1", -1)
gives("r0 = 0x100000000 ll; r1 = 1; r0 -= r1", 0xffff_ffffn)
gives("r0 = 0x123456789abcdef ll; r0 *= -3", -3n * 0x123456789abcdefn)
gives("r0 = 0x123456789abcdef ll; r1 = 0xfedcba9876543210 ll; r0 *= r1", 0x123456789abcdefn * 0xfedcba9876543210n)
gives("r0 = 0xffffffffffffffff ll; r0 /= 10", 0xffff_ffff_ffff_ffffn / 10n)
gives("r0 = 100; r0 /= -1", 0)
gives("r0 = 0x1fffffffffffff ll; r1 = 0x100000001 ll; r0 /= r1", 0x1fffffffffffffn / 0x100000001n)
gives("r0 = 7; r1 = 0; r0 /= r1", 0)
gives("r0 = 0xfffffffffffffff7 ll; r0 %= 10", 0xffff_ffff_ffff_fff7n % 10n)
gives("r0 = 0xfffffffffffffff7 ll; r1 = 0; r0 %= r1", 0xffff_ffff_ffff_fff7n)
gives("r0 = -7; r0 s/= 2", -3)
gives("r0 = -7; r1 = -2; r0 s/= r1", 3)
gives("r0 = 0x8000000000000000 ll; r1 = -1; r0 s/= r1", 0x8000_0000_0000_0000n)
gives("r0 = -7; r1 = 0; r0 s/= r1", 0)
gives("r0 = -7; r0 s%= 3", -1)
gives("r0 = 0x8000000000000000 ll; r1 = -1; r0 s%= r1", 0)
gives("r0 = -7; r1 = 0; r0 s%= r1", -7)
gives("r0 = 0xf0f0f0f0f0 ll; r0 |= -16", -16)
gives("r0 = 0xf0f0f0f0f0 ll; r1 = 0x0f0f0f0f0f ll; r0 |= r1", 0xff_ffff_ffffn)
gives("r0 = 0xf0f0f0f0f0 ll; r0 &= -16", 0xf0f0f0f0f0n)
gives("r0 = 0xf0f0f0f0f0 ll; r0 ^= -1", ~0xf0f0f0f0f0n)
for (const count of [0, 1, 31, 32, 63]) {
  const value = 0x8123456789abcdefn
  gives(`r0 = ${value} ll; r0 <<= ${count}`, value << BigInt(count))
  gives(`r0 = ${value} ll; r1 = ${64 + count}; r0 <<= r1`, value << BigInt(count))
  gives(`r0 = ${value} ll; r0 >>= ${count}`, value >> BigInt(count))
  gives(`r0 = ${value} ll; r1 = ${64 + count}; r0 >>= r1`, value >> BigInt(count))
  gives(`r0 = ${value} ll; r0 s>>= ${count}`, BigInt.asIntN(64, value) >> BigInt(count))
  gives(`r0 = ${value} ll; r1 = ${count}; r0 s>>= r1`, BigInt.asIntN(64, value) >> BigInt(count))
}
gives("r0 = 0x100000000 ll; r0 = -r0", -0x1_0000_0000n)
gives("r0 = 5; r0 = -r0", -5)
gives("w0 = -1; w0 += 2", 1)
gives("r0 = -1; w0 += 0", 0xffff_ffff)
gives("w0 = 3; w1 = 5; w0 -= w1", 0xffff_fffe)
gives("w0 = 0x10001; w0 *= 0x10001", 0x20001)
gives("w0 = -1; w0 /= 2", 0x7fff_ffff)
gives("r0 = -1; w1 = 0; w0 /= w1", 0)
gives("w0 = -1; w0 %= 10", 5)
gives("r0 = -1; w1 = 0; w0 %= w1", 0xffff_ffff)
gives("w0 = -7; w0 s/= 2", 0xffff_fffd)
gives("w0 = 0x80000000; w1 = -1; w0 s/= w1", 0x8000_0000)
gives("w0 = -7; w0 s%= 3", 0xffff_ffff)
gives("w0 = 0x80000000; w1 = -1; w0 s%= w1", 0)
gives("w0 = -1; w0 <<= 4", 0xffff_fff0)
gives("w0 = 1; w1 = 33; w0 <<= w1", 2)
gives("w0 = -16; w0 >>= 4", 0x0fff_ffff)
gives("w0 = -16; w0 s>>= 2", 0xffff_fffc)
gives("r1 = 0x8123456789abcdef ll; r0 = addr_space_cast(r1, 0, 1)", 0x8123456789abcdefn)
gives("w0 = 5; w0 = -w0", 0xffff_fffb)
gives("w0 = -1", 0xffff_ffff)
gives("r0 = -1", -1)
gives("r1 = 0x80 ll; r0 = (s8)r1", -128)
gives("r1 = 0x8000 ll; r0 = (s16)r1", -32768)
gives("r1 = 0x180000000 ll; r0 = (s32)r1", -0x8000_0000n)
gives("r1 = 0x80 ll; w0 = (s8)w1", 0xffff_ff80)
gives("r1 = 0x8000 ll; w0 = (s16)w1", 0xffff_8000)

// Section 4.2: byte swaps.
const WORD = "r0 = 0x0102030405060708 ll"
gives(`${WORD}; r0 = be16 r0`, 0x0807)
gives(`${WORD}; r0 = be32 r0`, 0x08070605)
gives(`${WORD}; r0 = be64 r0`, 0x0807060504030201n)
gives(`${WORD}; r0 = le16 r0`, 0x0708)
gives(`${WORD}; r0 = le32 r0`, 0x05060708)
gives(`${WORD}; r0 = le64 r0`, 0x0102030405060708n)
gives(`${WORD}; r0 = bswap16 r0`, 0x0807)
gives(`${WORD}; r0 = bswap32 r0`, 0x08070605)
gives(`${WORD}; r0 = bswap64 r0`, 0x0807060504030201n)

// Section 4.3: jumps. Both values of every condition, with immediate and register, on 64 and 32 bits.
const CONDITIONS: Readonly<Record<string, (a: bigint, b: bigint) => boolean>> = {
  "==": (a, b) => a === b,
  "!=": (a, b) => a !== b,
  "&": (a, b) => (a & b) !== 0n,
  ">": (a, b) => BigInt.asUintN(64, a) > BigInt.asUintN(64, b),
  ">=": (a, b) => BigInt.asUintN(64, a) >= BigInt.asUintN(64, b),
  "<": (a, b) => BigInt.asUintN(64, a) < BigInt.asUintN(64, b),
  "<=": (a, b) => BigInt.asUintN(64, a) <= BigInt.asUintN(64, b),
  "s>": (a, b) => a > b,
  "s>=": (a, b) => a >= b,
  "s<": (a, b) => a < b,
  "s<=": (a, b) => a <= b,
}
for (const [condition, holds] of Object.entries(CONDITIONS)) {
  for (const [a, b] of [
    [1n, 1n],
    [1n, 2n],
    [-1n, 1n],
    [1n, -1n],
    [-2n, -1n],
    [0x1_0000_0001n, 1n],
    [-0x8000_0000_0000_0000n, 0n],
  ] as const) {
    const expected = holds(a, b) ? 1 : 0
    gives(`r0 = 1; r1 = ${a} ll; if r1 ${condition} ${b} goto +1; r0 = 0`, expected)
    gives(`r0 = 1; r1 = ${a} ll; r2 = ${b} ll; if r1 ${condition} r2 goto +1; r0 = 0`, expected)
    const narrow = holds(BigInt.asIntN(32, a), BigInt.asIntN(32, b)) ? 1 : 0
    gives(`r0 = 1; r1 = ${a} ll; if w1 ${condition} ${b} goto +1; r0 = 0`, narrow)
    gives(`r0 = 1; r1 = ${a} ll; r2 = ${b} ll; if w1 ${condition} w2 goto +1; r0 = 0`, narrow)
  }
}
gives("r0 = 1; goto +1; r0 = 2; r0 += 1", 2)
gives("r0 = 1; gotol +1; r0 = 2; r0 += 1", 2)
gives("r0 = 0; r1 = 10; r0 += r1; r1 += -1; if r1 != 0 goto -3", 55)
gives("r0 = 3; may_goto +1; r0 = 4", 4)
// A jump over the move of a constant, where a constant was before.
for (const [before, after] of [
  [0, 1],
  [1, 0],
  [6, 17],
  [-1, 5],
  [5, -1],
] as const) {
  for (const value of [8, 9]) {
    const taken = (value & 8) !== 0 && value !== 9
    gives(`r1 = ${value}; r0 = ${before}; if r1 == 8 goto +1; r0 = ${after}`, taken ? before : after)
    gives(`r1 = ${value}; r0 = ${before}; if w1 & 1 goto +1; w0 = ${after}`, value === 9 ? before : after >>> 0)
    gives(
      `r0 = ${value}; r0 -= 8; r2 = r0; r0 = ${before}; if r2 != 0 goto +1; r0 = ${after}`,
      value === 9 ? before : after,
    )
    gives(`r0 = ${value}; if r0 == 8 goto +1; r0 = ${after}; r0 += 1`, value === 8 ? 9 : after + 1)
  }
}
gives("r0 = 1; r1 = 2; if r1 > 1 goto +1; r0 = 5; if r1 > 2 goto +1; r0 = 7; r0 += r1", 9)
gives("r2 = 0; r0 = 1; if r2 == 0 goto +1; r0 = 2; r2 += 1; if r2 < 5 goto -3; r0 += r2", 7)
/** Labels stand on lines of their own. */
const labelled = (text: string): string => text.replaceAll(": ", ":\n")
// Loops in loops, and one that is left in its middle.
gives(
  labelled("r0 = 0; r1 = 0; a: r2 = 0; b: r0 += 1; r2 += 1; if r2 < 3 goto b; r1 += 1; if r1 < 4 goto a; r0 += r2"),
  15,
)
gives(labelled("r0 = 0; r1 = 0; a: r1 += 1; if r1 == 5 goto b; r0 += r1; goto a; b: r0 += 100"), 110)
// A loop that is entered at two places, from each of them.
const TWO_WAYS = "if r1 == 0 goto b; a: r0 += 1; b: r0 += 10; r2 += 1; if r2 < 3 goto a; r0 += r2"
gives(labelled(`r0 = 0; r1 = 0; r2 = 0; ${TWO_WAYS}`), 35)
gives(labelled(`r0 = 0; r1 = 1; r2 = 0; ${TWO_WAYS}`), 36)
// Code that nothing leads to.
gives(labelled("r0 = 1; goto a; r0 = 2; b: r0 += 7; a: r0 += 10"), 11)

// Section 5: loads and stores.
const STORE = "*(u64 *)(r10 - 16) = -1; *(u64 *)(r10 - 8) = 0"
gives(`${STORE}; r0 = *(u64 *)(r10 - 16)`, -1)
gives(`${STORE}; r0 = *(u32 *)(r10 - 16)`, 0xffff_ffff)
gives(`${STORE}; r0 = *(u16 *)(r10 - 16)`, 0xffff)
gives(`${STORE}; r0 = *(u8 *)(r10 - 16)`, 0xff)
gives(`${STORE}; r0 = *(s32 *)(r10 - 16)`, -1)
gives(`${STORE}; r0 = *(s16 *)(r10 - 16)`, -1)
gives(`${STORE}; r0 = *(s8 *)(r10 - 16)`, -1)
gives(`${STORE}; r0 = *(u64 *)(r10 - 12)`, 0xffff_ffff)
gives(`${STORE}; *(u8 *)(r10 - 15) = 1; r0 = *(u64 *)(r10 - 16)`, 0xffff_ffff_ffff_01ffn)
gives(`${STORE}; r1 = 0x0102030405060708 ll; *(u16 *)(r10 - 16) = r1; r0 = *(u32 *)(r10 - 16)`, 0xffff_0708)
gives(`${STORE}; r1 = 0x0102030405060708 ll; *(u64 *)(r10 - 12) = r1; r0 = *(u64 *)(r10 - 12)`, 0x0102030405060708n)
gives("r0 = -1 ll", -1)
gives("r0 = 0x123456789abcdef0 ll", 0x123456789abcdef0n)

// Section 5.3: atomics.
const CELL = "r1 = 0x100000002 ll; *(u64 *)(r10 - 8) = r1; r2 = 0x200000003 ll"
const AFTER = "r0 = *(u64 *)(r10 - 8)"
for (const [operation, wide, narrow] of [
  ["+=", 0x300000005n, 0x100000005n],
  ["|=", 0x300000003n, 0x100000003n],
  ["&=", 0x000000002n, 0x100000002n],
  ["^=", 0x300000001n, 0x100000001n],
] as const) {
  gives(`${CELL}; lock *(u64 *)(r10 - 8) ${operation} r2; ${AFTER}`, wide)
  gives(`${CELL}; lock *(u32 *)(r10 - 8) ${operation} r2; ${AFTER}`, narrow)
}
for (const [name, wide] of [
  ["add", 0x300000005n],
  ["or", 0x300000003n],
  ["and", 0x000000002n],
  ["xor", 0x300000001n],
] as const) {
  gives(`${CELL}; r2 = atomic64_fetch_${name}((u64 *)(r10 - 8), r2); ${AFTER}`, wide)
  gives(`${CELL}; r2 = atomic64_fetch_${name}((u64 *)(r10 - 8), r2); r0 = r2`, 0x100000002n)
  gives(`${CELL}; r2 = atomic_fetch_${name}((u32 *)(r10 - 8), r2); r0 = r2`, 2)
}
gives(`${CELL}; r2 = atomic64_xchg((u64 *)(r10 - 8), r2); ${AFTER}; r0 += r2`, 0x300000005n)
gives(`${CELL}; r2 = atomic_xchg((u32 *)(r10 - 8), r2); ${AFTER}`, 0x100000003n)
gives(`${CELL}; r0 = r1; r0 = atomic64_cmpxchg((u64 *)(r10 - 8), r0, r2); ${AFTER}`, 0x200000003n)
gives(`${CELL}; r0 = 2; r0 = atomic64_cmpxchg((u64 *)(r10 - 8), r0, r2); r2 = r0; ${AFTER}; r0 -= r2`, 0)
gives(`${CELL}; r0 = 2; r0 = atomic_cmpxchg((u32 *)(r10 - 8), r0, r2); ${AFTER}`, 0x100000003n)
gives(`${CELL}; r0 = -1; r0 = atomic_cmpxchg((u32 *)(r10 - 8), r0, r2)`, 2)
gives(`${CELL}; r1 = r10; r0 = load_acquire((u32 *)(r1 - 8))`, 2)
gives(`${CELL}; r1 = r10; r0 = load_acquire((u64 *)(r1 - 8))`, 0x100000002n)
gives(`${CELL}; r1 = r10; store_release((u8 *)(r1 - 8), r2); ${AFTER}`, 0x100000003n)

// Section 4.3.1: calls. Registers r6 to r9 and the frame are the caller's own.
gives("r6 = 7; r1 = 5; call f; r0 += r6; exit; f: r6 = r1; r6 += 1; r0 = r6".replaceAll("f: ", "f:\n"), 13)
gives(
  "*(u64 *)(r10 - 8) = 1; call f; r0 = *(u64 *)(r10 - 8); exit; f: *(u64 *)(r10 - 8) = 2; r0 = 0".replaceAll(
    "f: ",
    "f:\n",
  ),
  1,
)

/** What packet loads leave, in network order. */
function loads(text: string, expected: number): void {
  for (const [how, translate] of executors) {
    test(`${how}, packet loads: ${text} gives ${expected}`, () => {
      const packet = Uint8Array.of(1, 2, 3, 4, 5)
      const value = runText(`r6 = r1\nr0 = 9\n${text.replaceAll("; ", "\n")}\nexit`, { packet, translate })
      assert.equal(value, BigInt(expected))
    })
  }
}
loads("r0 = *(u8 *)skb[4]", 5)
loads("r0 = *(u16 *)skb[1]", 0x0203)
loads("r0 = *(u32 *)skb[1]", 0x02030405)
loads("r3 = 3; r0 = *(u16 *)skb[r3 - 2]", 0x0203)
loads("r0 = *(u32 *)skb[2]; r0 = 7", 0)
loads("r0 = *(u8 *)skb[-1]; r0 = 7", 0)
loads("call f; r0 += 3; exit; f: r0 = *(u32 *)skb[2]; r0 = 7".replaceAll("f: ", "f:\n"), 3)

for (const [how, translate] of executors) {
  test(`${how}, a load through a typed pointer gives 0 where nothing is`, () => {
    const bad = "r1 = 0xffff888000000008 ll\nr0 = *(u64 *)(r1 + 0)\nexit"
    assert.equal(runText(bad, { probes: [2], translate }), 0n)
  })
}

/** How a run ends that cannot go on. Compiled code checks less. */
function faults(text: string, code: string, message: RegExp, slot: number, translate = interpret): void {
  test(`${text}: ${code}${translate === interpret ? "" : " as WebAssembly"}`, () => {
    assert.throws(
      () => runText(text.replaceAll("; ", "\n"), { translate }),
      (error: { code?: string; message?: string; place?: { slot: number } }) => {
        assert.equal(error.code, code)
        assert.match(error.message ?? "", message)
        assert.equal(error.place?.slot, slot)
        return true
      },
    )
  })
}
faults("r1 = 0; r0 = *(u64 *)(r1 + 8); exit", "VM_ACCESS", /reads 8 bytes at 0x8, .* byte 8 behind a null pointer/, 1)
faults("*(u32 *)(r10 + 0) = 1; exit", "VM_ACCESS", /writes 4 bytes at 0xffff8880.* behind the end of stack/, 0)
faults("r2 = r1; r0 = *(u64 *)(r2 + 60); exit", "VM_ACCESS", /context has 4 bytes left/, 1)
faults("r1 = 5 ll; r1 <<= 32; r0 = *(u8 *)(r1 + 0); exit", "VM_ACCESS", /no address of this machine/, 3)
faults("r1 = 0; lock *(u64 *)(r1 + 0) += r1; exit", "VM_ACCESS", /null pointer/, 1)
faults("goto -1; exit", "VM_BUDGET", /1000000 instructions/, 0)
faults("f:; r0 = 1; call f; exit", "VM_STACK", /more than 16/, 1)
faults("call 999; exit", "VM_HELPER", /helper number 999/, 0)
faults("goto -1; exit", "VM_BUDGET", /1000000 instructions/, 0, compile)
faults("r0 = 0; r0 += 1; if r0 != 0 goto -2; exit", "VM_BUDGET", /1000000 instructions/, 1, compile)
faults("f:; r0 = 1; call f; exit", "VM_STACK", /more than 16/, 1, compile)
faults("r0 = 0; call 999; exit", "VM_HELPER", /helper number 999/, 1, compile)
faults("r0 = 0; r1 = -8; r0 = *(u64 *)(r1 + 0); exit", "VM_ACCESS", /leaves the machine's memory/, 2, compile)
faults("call f; exit; f:; r1 = -8; *(u8 *)(r1 + 0) = 1; exit", "VM_ACCESS", /leaves the machine's memory/, 3, compile)
