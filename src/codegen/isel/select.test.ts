import assert from "node:assert/strict"
import { test } from "node:test"
import { assertValid, parseModule } from "../../ir/index.ts"
import { disassemble } from "../../isa/index.ts"
import { type CpuLevel, generate } from "../index.ts"

/** Code of a program whose body is given, with `%p` its context; `;` ends a line of IR and one of code. */
function code(body: string, cpu: CpuLevel, parts: { params?: string; ret?: string; role?: string } = {}): string {
  const { params = "ptr %p", ret = "i64" } = parts
  const text = `program @f section "test"\nfunc @f(${params}) -> ${ret} {\nb0:\n${body.replaceAll(";", "\n")}\n}`
  const module = parseModule(text)
  for (const func of module.functions) assertValid(func, "", module)
  const [program] = generate(module, { cpu, check: true }).programs
  const lines = disassemble(program.insns, { syntax: "llvm", slots: false }).trim().split("\n")
  return lines.map(line => line.trim()).join("; ")
}

function selects(body: string, cpu: CpuLevel, expected: string, parts: { params?: string; ret?: string } = {}): void {
  test(`level ${cpu}: ${body}`, () => assert.equal(code(body, cpu, parts), expected))
}

selects("ret", 3, "r0 = 0; exit", { ret: "void" })
test("a global subprogram without a result leaves none", () => {
  const program = 'program @f section "test"\nfunc @f(ptr %p) -> i32 {\nb0:\n  ret 0\n}\n'
  const module = parseModule(`${program}static func @g(ptr %p) -> void {\nb0:\n  ret\n}`)
  module.functions[1].role = "global"
  const found = generate(module, { cpu: 3 }).functions.find(fn => fn.name === "g")
  assert.equal(found?.insns.length, 1)
})

const ab = { params: "i64 %a, i64 %b" }
const xy = { params: "i32 %x, i32 %y" }

// Not zero, and then one less: the bound is told to old verifiers, too.
selects(
  "%1 = cmp eq i64 %a, 0; br %1, b1, b2; b1:; ret 7; b2:; %2 = add i64 %a, -1; ret %2",
  3,
  "r0 = 7; if r1 < 1 goto +2; r0 = r1; r0 += -1; exit",
  ab,
)

// Arithmetic of 64 bits.
selects("%1 = add i64 %a, %b; ret %1", 3, "r0 = r1; r0 += r2; exit", ab)
selects("%1 = sub i64 %a, 5; ret %1", 3, "r0 = r1; r0 += -5; exit", ab)
selects("%1 = sub i64 0, %a; ret %1", 3, "r0 = r1; r0 = -r0; exit", ab)
selects("%1 = sub i64 %a, -2147483648; ret %1", 3, "r0 = r1; r0 -= -2147483648; exit", ab)
selects("%1 = and i64 %a, 4294967295; ret %1", 3, "w0 = w1; exit", ab)
selects("ret 4294967295", 3, "w0 = -1; exit")
selects("ret 4294967295", 1, "r0 = 4294967295 ll; exit")
selects("ret 4294967296", 3, "r0 = 4294967296 ll; exit")
selects("%1 = and i64 %a, 4294967295; ret %1", 1, "r0 = r1; r0 <<= 32; r0 >>= 32; exit", ab)
selects("%1 = and i64 %a, 4294901760; ret %1", 3, "r0 = r1; w0 &= -65536; exit", ab)
selects("%1 = and i64 %a, 4294901760; ret %1", 1, "r0 = 4294901760 ll; r0 &= r1; exit", ab)
selects("%1 = shl i64 %a, 67; ret %1", 3, "r0 = r1; r0 <<= 3; exit", ab)
selects("%1 = shl i64 1, %a; ret %1", 3, "r0 = 1; r0 <<= r1; exit", ab)
selects("%1 = udiv i64 %a, 0; ret %1", 3, "r0 = 0; exit", ab)
selects("%1 = urem i64 %a, 0; ret %1", 3, "r0 = r1; exit", ab)
selects("%1 = udiv i64 %a, -1; ret %1", 3, "r0 = r1; r1 = -1; r0 /= r1; exit", ab)
selects("%1 = sdiv i64 %a, %b; ret %1", 4, "r0 = r1; r0 s/= r2; exit", ab)
selects("%1 = sdiv i64 %a, 8; ret %1", 3, "r0 = r1; r0 s>>= 63; r0 >>= 61; r0 += r1; r0 s>>= 3; exit", ab)
selects("%1 = and i64 %a, 255; %2 = sdiv i64 %1, 10; ret %2", 3, "r0 = r1; r0 &= 255; r0 /= 10; exit", ab)
selects("%1 = bswap 64 %a; ret %1", 3, "r0 = r1; r0 = be64 r0; exit", ab)
selects("%1 = bswap 64 %a; ret %1", 4, "r0 = r1; r0 = bswap64 r0; exit", ab)
selects("%1 = sextin i64 8 %a; ret %1", 4, "r0 = (s8)r1; exit", ab)
selects("%1 = sextin i64 8 %a; ret %1", 3, "r0 = r1; r0 <<= 56; r0 s>>= 56; exit", ab)

// Values of 32 bits: upper halves are cleared where somebody needs that, and only there.
selects("%1 = add i32 %x, %y; %2 = zext i64 %1; ret %2", 3, "r0 = r1; w0 += w2; exit", xy)
selects("%1 = add i32 %x, %y; %2 = zext i64 %1; ret %2", 1, "r0 = r1; r0 += r2; r0 <<= 32; r0 >>= 32; exit", xy)
selects("%1 = zext i64 %x; ret %1", 3, "w0 = w1; exit", xy)
selects("%1 = sext i64 %x; ret %1", 4, "r0 = (s32)r1; exit", xy)
selects("%1 = trunc i32 %a; %2 = zext i64 %1; ret %2", 3, "w0 = w1; exit", ab)
selects("%1 = lshr i64 %a, 32; %2 = trunc i32 %1; %3 = zext i64 %2; ret %3", 3, "r0 = r1; r0 >>= 32; exit", ab)
selects(
  "%1 = lshr i32 %x, %y; %2 = zext i64 %1; ret %2",
  2,
  "r0 = r1; r0 <<= 32; r0 >>= 32; r2 &= 31; r0 >>= r2; exit",
  xy,
)
selects("%1 = load i32 u2 %p; %2 = zext i64 %1; ret %2", 1, "w0 = *(u16 *)(r1 + 0); exit")
selects("%1 = load i32 u1 %p; %2 = sext i64 %1; ret %2", 3, "w0 = *(u8 *)(r1 + 0); exit")
selects("%1 = load i32 s2 %p; %2 = sext i64 %1; ret %2", 4, "r0 = *(s16 *)(r1 + 0); exit")
selects("%1 = load i32 s4 %p; %2 = sext i64 %1; ret %2", 3, "w0 = *(u32 *)(r1 + 0); r0 <<= 32; r0 s>>= 32; exit")
selects("ret -1", 3, "r0 = -1; exit", { ...xy, ret: "i32" })

// Comparisons.
selects("%1 = cmp ult i64 %a, %b; %2 = zext i64 %1; ret %2", 3, "r0 = 1; if r1 < r2 goto +1; r0 = 0; exit", ab)
selects("%1 = cmp ult i64 %a, %b; %2 = zext i64 %1; ret %2", 1, "r0 = 1; if r2 > r1 goto +1; r0 = 0; exit", ab)
selects("%1 = cmp slt i32 %x, 7; %2 = zext i64 %1; ret %2", 3, "r0 = 1; if w1 s< 7 goto +1; r0 = 0; exit", xy)
selects("%1 = and i64 %a, 4; %2 = select i64 %1, %a, %b; ret %2", 3, "if r1 & 4 goto +1; r1 = r2; r0 = r1; exit", ab)
selects("%1 = cmp eq i64 7, %a; %2 = select i64 %1, 3, %b; ret %2", 3, "if r1 != 7 goto +1; r2 = 3; r0 = r2; exit", ab)
selects(
  "%1 = lshr i64 %a, 6; %2 = cmp eq i64 %1, 0; %3 = select i64 %2, 1, 2; ret %3",
  3,
  "r0 = 1; if r1 <= 63 goto +1; r0 = 2; exit",
  ab,
)
selects(
  "%1 = lshr i32 %x, 33; %2 = cmp ne i32 %1, 0; %3 = select i64 %2, 1, 2; ret %3",
  3,
  "r0 = 1; if w1 > 1 goto +1; r0 = 2; exit",
  xy,
)
// A branch on a value that was extended elsewhere tells the verifier of the extension.
selects(
  "%1 = load i32 u4 %p; %2 = sext i64 %1; %3 = cmp ugt i32 %1, 99; %4 = select i64 %3, 99, %2; ret %4",
  3,
  "w0 = *(u32 *)(r1 + 0); r0 <<= 32; r0 s>>= 32; if r0 <= 99 goto +1; r0 = 99; exit",
)

// Memory: offsets, immediates, alignment on the stack.
selects("%1 = ptradd %p, 8; %2 = ptradd %1, 8; %3 = load i64 u8 %2; ret %3", 3, "r0 = *(u64 *)(r1 + 16); exit")
selects("%1 = ptradd %p, 32768; %2 = load i64 u8 %1; ret %2", 3, "r1 += 32768; r0 = *(u64 *)(r1 + 0); exit")
selects("store 4 %p, 7; ret 0", 3, "r2 = 7; *(u32 *)(r1 + 0) = w2; r0 = 0; exit")
selects("%1 = alloca 8 align 8; store 8 %1, 7; ret 0", 3, "*(u64 *)(r10 - 8) = 7; r0 = 0; exit")
selects(
  "%1 = alloca 2 align 2; %2 = load i32 u2 %p; %3 = sub i32 %2, 1; %4 = and i32 %3, 65535; store 2 %1, %4; ret 0",
  3,
  "w1 = *(u16 *)(r1 + 0); w1 += -1; *(u16 *)(r10 - 2) = w1; r0 = 0; exit",
)
selects(
  "%1 = alloca 8 align 8; store 8 %1, 0x100000002; ret 0",
  3,
  "*(u32 *)(r10 - 8) = 2; *(u32 *)(r10 - 4) = 1; r0 = 0; exit",
)
selects(
  "%1 = alloca 8 align 8; store 8 volatile %1, 0x100000002; ret 0",
  3,
  "r5 = 4294967298 ll; *(u64 *)(r10 - 8) = r5; r0 = 0; exit",
)
selects(
  "%1 = alloca 8 align 1; %2 = ptradd %1, 2; %3 = load i64 u4 align 1 %2; ret %3",
  3,
  "w0 = *(u16 *)(r10 - 6); w1 = *(u16 *)(r10 - 4); r1 <<= 16; r0 |= r1; exit",
)
selects(
  "%1 = alloca 8 align 1; %2 = ptradd %1, 1; %3 = load i64 u8 %p; store 2 align 1 %2, %3; ret 0",
  3,
  "r1 = *(u64 *)(r1 + 0); *(u8 *)(r10 - 7) = w1; r1 >>= 8; *(u8 *)(r10 - 6) = w1; r0 = 0; exit",
)
selects(
  "%1 = alloca 16 align 1; %2 = ptradd %1, 4; memset 7 align 1 %2, 0; ret 0",
  3,
  "*(u32 *)(r10 - 12) = 0; *(u16 *)(r10 - 8) = 0; *(u8 *)(r10 - 6) = 0; r0 = 0; exit",
)
selects(
  "%1 = alloca 8 align 8; %2 = ptradd %p, 4; memcpy 8 align 4 %1, %2; ret 0",
  3,
  "w2 = *(u32 *)(r1 + 4); *(u32 *)(r10 - 8) = w2; w1 = *(u32 *)(r1 + 8); *(u32 *)(r10 - 4) = w1; r0 = 0; exit",
)
selects(
  "%1 = alloca 24 align 4; %2 = ptradd %1, 4; memset 18 align 2 %2, 0; ret 0",
  3,
  "*(u32 *)(r10 - 20) = 0; *(u64 *)(r10 - 16) = 0; *(u32 *)(r10 - 8) = 0; *(u16 *)(r10 - 4) = 0; r0 = 0; exit",
)
selects(
  "%1 = alloca 64 align 8; %2 = load i64 u1 %p; %3 = ptradd %1, %2; store 1 %3, 1; ret 0",
  3,
  "w1 = *(u8 *)(r1 + 0); r1 += r10; *(u8 *)(r1 - 64) = 1; r0 = 0; exit",
)

// Atomics.
selects("%1 = atomic add 8 %p, 1; ret 0", 1, "r2 = 1; lock *(u64 *)(r1 + 0) += r2; r0 = 0; exit")
selects("%1 = atomic add 8 %p, 1; ret %1", 3, "r0 = 1; r0 = atomic_fetch_add((u64 *)(r1 + 0), r0); exit")
selects("%1 = atomic xchg 4 %p, 1; ret 0", 3, "r2 = 1; w2 = xchg32_32(r1 + 0, w2); r0 = 0; exit")
selects("%1 = atomic cmpxchg 8 %p, 2, 1; ret %1", 3, "r2 = 1; r0 = 2; r0 = cmpxchg_64(r1 + 0, r0, r2); exit")

// Packets.
selects("%1 = ldpacket 2 at 12 %p; %2 = zext i64 %1; ret %2", 3, "r6 = r1; r0 = *(u16 *)skb[12]; exit")
selects("%1 = ldpacket 1 at 3 %p, i32 9; %2 = zext i64 %1; ret %2", 3, "r6 = r1; r1 = 9; r0 = *(u8 *)skb[r1 + 3]; exit")

test("a value that nothing uses is not computed, but a volatile read is", () => {
  assert.equal(code("%1 = load i64 u8 %p; %2 = mul i64 %1, 3; ret 0", 3), "r0 = 0; exit")
  assert.match(code("%1 = load i64 u8 volatile %p; ret 0", 3), /^r1 = \*\(u64 \*\)\(r1 \+ 0\); r0 = 0; exit$/)
})

test("a table of addresses that is indexed while the program runs is refused", () => {
  const module = parseModule(`program @f section "test"
global @t .rodata+0 size 8 align 8 constant = 0000000000000000 reloc 0 global @t 0
func @f(i64 %i) -> i64 {
b0:
 %1 = globaladdr @t
 %2 = ptradd %1, %i
 %3 = load i64 u8 %2
 ret %3
}`)
  assert.throws(() => generate(module, { cpu: 3 }), { code: "CODEGEN_ADDRESS" })
})
