import assert from "node:assert/strict"
import { test } from "node:test"
import { needsRoot } from "../../tests/support/kernel.ts"
import { comparable, kernelVerdict } from "../../tests/support/kernelVerdict.ts"
import { assemble, encodeInsns } from "../isa/index.ts"
import { verify } from "./index.ts"

/** A program is judged as the running kernel judges it, with the same log. */
function like(source: string, type = "socket_filter"): void {
  test(`${type}: ${source}`, { skip: needsRoot }, () => {
    const insns = encodeInsns(assemble(source.replaceAll(";", "\n")))
    const ours = verify({ insns, type, logLevel: 2 })
    const theirs = kernelVerdict(insns, type)
    assert.deepEqual(comparable(ours.log), comparable(theirs.log))
    assert.equal(ours.refusal?.errno ?? 0, theirs.errno)
  })
}

// Numbers and branches.
like("r0 = 0; exit")
like("exit")
like("r0 = r2; exit")
like("r0 = 1; r0 /= 0; exit")
like("r0 = 1; r0 <<= 64; exit")
like("call bpf_get_prandom_u32#7; r6 = r0; r6 &= 15; if r6 > 7 goto pc+1; r6 += 1; r0 = r6; exit")
like("call bpf_get_prandom_u32#7; w6 = w0; if w6 s< 5 goto pc+1; r0 = 0; r0 = r6; exit")
like("call bpf_get_prandom_u32#7; r6 = r0; r7 = r6; if r7 > 100 goto pc+2; r6 += 1; r0 = r6; r0 = 0; exit")
like(
  "call bpf_get_prandom_u32#7; r0 s>>= 32; w7 = w0; if r7 s> 4 goto pc+1; r0 = r7; r5 = r10; r5 += -16; r0 = 0; exit",
)
like("r0 = 5; if r0 == 5 goto pc+1; r0 = r9; exit")

// Numbers that were copied, and then moved by a constant: what is found out of one holds for the others.
const COPIED = "r9 = *(u64 *)(r1 +8); r4 = 1; r0 = r9"
for (const moves of [
  "r0 += 4",
  "r0 += -65534",
  "r0 -= 4",
  "r0 -= -4",
  "r0 += 0",
  "r0 += -2147483648",
  "r0 -= -2147483648",
  "r2 = -65534; r0 += r2",
  "r2 = -4; r0 -= r2",
  "r2 = 0x80000000 ll; r0 += r2",
  "w2 = -4; r0 += r2",
  "r0 += 5; r0 += 3",
  "w0 += 4",
  "r9 += 2; r0 -= 3",
  "w9 = w9; r0 = r9; w0 -= 4",
  "r9 &= 255; r0 = r9; w0 -= 4",
  "r9 &= 255; r0 = r9; w0 -= -2147483648",
  "r9 &= 255; r0 = r9; r2 = 0xfffffffffffffffc ll; w0 += w2",
  "r9 &= 255; r0 = r9; r4 = r9; w0 -= 4; r4 += 5",
  "r9 &= 255; r0 = r9; r4 = r9; w0 -= 4; r4 -= 4",
]) {
  like(`${COPIED}; ${moves}; if r9 s> 7 goto pc+2; r3 = r0; r3 = r4; r0 = 0; exit`, "raw_tracepoint")
  like(`${COPIED}; ${moves}; if r0 > 7 goto pc+2; r3 = r9; r3 = r4; r9 += 4; r0 = 0; exit`, "raw_tracepoint")
}
like(
  "r9 = *(u64 *)(r1 +8); r1 = r9; r2 = -65534; call pc+5; if r9 < 7 goto pc+1; r0 = 0; if w0 != 18 goto pc+1; r1 &= -3; exit; r0 = r1; r0 += r2; exit",
  "raw_tracepoint",
)

// The stack.
like("r1 = 0; *(u64 *)(r10 -8) = r1; *(u32 *)(r10 -16) = r1; r0 = *(u32 *)(r10 -16); exit")
like("*(u64 *)(r10 -8) = r1; r0 = *(u32 *)(r10 -8); exit")
like("*(u32 *)(r10 -8) = r1; r0 = 0; exit")
like("r0 = *(u64 *)(r10 -520); exit")
like("*(u64 *)(r10 +0) = 1; r0 = 0; exit")
like("*(u32 *)(r10 -6) = 1; r0 = 0; exit")
like("*(u64 *)(r10 -8) = 0; *(u64 *)(r10 -16) = 7; r0 = *(u64 *)(r10 -16); r2 = r10; r2 += r0; r0 = 0; exit")
like(
  "call bpf_get_prandom_u32#7; r0 &= 7; r2 = r10; r2 += -16; r2 += r0; *(u8 *)(r2 +0) = 1; r0 = *(u8 *)(r2 +0); exit",
)

// Contexts and packets.
like("r0 = *(u32 *)(r1 +0); exit")
like("r0 = *(u32 *)(r1 +1000); exit")
like("r1 += 4; r0 = *(u32 *)(r1 +0); exit")
like("r0 = *(u32 *)(r1 +76); exit")
like(
  "r2 = *(u32 *)(r1 +4); r1 = *(u32 *)(r1 +0); r3 = r1; r3 += 14; if r3 > r2 goto pc+1; r0 = *(u8 *)(r1 +13); r0 = 0; exit",
  "xdp",
)
like("r2 = *(u32 *)(r1 +4); r1 = *(u32 *)(r1 +0); r0 = *(u8 *)(r1 +13); r0 = 0; exit", "xdp")
like("r6 = r1; r0 = *(u16 *)skb[12]; exit")

// The flow.
like("goto pc+1; r0 = 0; r0 = 1; exit")
like("r0 = 0; goto pc+5; exit")
like("r0 = 0")
like("r0 = 0; if r0 == 1 goto pc-1; exit")
like("r0 = 0; r0 += 1; if r0 < 20 goto pc-2; exit")
like("r0 = 0; goto pc-1; exit")
like("call bpf_get_prandom_u32#7; r6 = r0; r6 &= 3; r0 = 0; r0 += 1; if r0 < r6 goto pc-2; exit")

// Calls.
like("call pc+2; r0 = 0; exit; r0 = 1; exit")
like("r1 = 3; call pc+1; exit; r0 = r1; r0 += 1; exit")
like("call pc+1; exit; r0 = r10; exit")
like("call bpf_map_lookup_elem#1; exit")
like("r1 = 5; r2 = 3; call bpf_map_lookup_elem#1; exit")
like("call bpf_ktime_get_ns#5; r0 = r1; exit")
like("r1 = 7; call pc+1; exit; *(u64 *)(r10 -8) = r1; r0 = *(u64 *)(r10 -8); exit")
like("r1 = r10; r1 += -8; call pc+2; r0 = *(u64 *)(r10 -8); exit; *(u64 *)(r1 +0) = 5; r0 = 0; exit")
like("call pc+1; exit; call pc-1; exit")

// Atomic operations and what is written in pieces.
like("*(u64 *)(r10 -8) = 1; r1 = 2; r1 = atomic64_fetch_add((u64 *)(r10 -8), r1); r0 = r1; exit")
like("lock *(u32 *)(r1 +0) += r1; r0 = 0; exit")
like("*(u8 *)(r10 -1) = 3; *(u16 *)(r10 -4) = 0; r0 = *(u64 *)(r10 -8); exit")

// Loops.
like("r6 = 0; call bpf_get_prandom_u32#7; r6 += 1; if r6 > 10 goto pc+1; goto pc-4; r0 = r6; exit")
like("r6 = 0; may_goto pc+2; r6 += 1; goto pc-3; r0 = r6; exit")

// Numbers that are a distance apart, and bytes in another order.
const linked =
  "call bpf_get_prandom_u32#7; w0 = w0; r6 = r0; w6 += -3; r7 = r0; r7 += -5; r8 = r0; w8 -= 3; r9 = r0; r9 -= 2; CONDITION; r1 = r0; r1 = r6; r1 = r7; r1 = r8; r1 = r9; r0 = 0; exit"
for (const condition of ["w6 < 10", "r6 < 10", "r7 s< 10", "r0 > 4", "r9 > 100"]) {
  like(linked.replace("CONDITION", `if ${condition} goto pc+5`))
}
for (const order of ["be16", "be32", "be64", "le16", "le32", "le64", "bswap16", "bswap32", "bswap64"]) {
  like(`call bpf_get_prandom_u32#7; r6 = r0; r6 &= 4080; r6 = ${order} r6; r7 = 0x1234; r7 = ${order} r7; r0 = 0; exit`)
}

// What a function does to the stack of its caller, and where it may end.
const callee =
  "*(u64 *)(r10 -8) = 1; *(u64 *)(r10 -16) = 2; r1 = r10; r1 += -8; call pc+CALLEE; call bpf_get_prandom_u32#7; if r0 > 5 goto pc+1; r0 = 1; r0 = *(u64 *)(r10 -8); exit"
like(`${callee.replace("CALLEE", "5")}; *(u64 *)(r1 +0) = 5; r0 = 0; exit`)
like(
  `${callee.replace("CALLEE", "5")}; r6 = r1; call bpf_get_prandom_u32#7; if r0 > 3 goto pc+1; *(u64 *)(r6 +0) = 5; r0 = 0; exit`,
)
like(`${callee.replace("CALLEE", "5")}; r0 = *(u64 *)(r1 -8); exit`)
like("r6 = r1; call pc+2; r0 = 0; exit; r6 = r1; r0 = *(u8 *)skb[0]; if r0 == 0 goto pc+1; r0 = 3; exit")
like("r6 = r1; call pc+2; r0 = 0; exit; r2 = 0 ll; r3 = 0; call bpf_tail_call#12; r0 = 0; exit")
