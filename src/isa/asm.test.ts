import assert from "node:assert/strict"
import { test } from "node:test"
import fc from "fast-check"
import { arbitraryInsns, everyForm } from "../../tests/support/arbitraryInsn.ts"
import { SkepError } from "../base/index.ts"
import * as isa from "./index.ts"

/** Both spellings are read as the instruction, and it is written as them. */
function both(kernel: string, llvm: string, insn: isa.Insn): void {
  test(`${kernel} | ${llvm}`, () => {
    assert.equal(isa.formatInsn(insn, "kernel"), kernel)
    assert.equal(isa.formatInsn(insn, "llvm"), llvm)
    assert.deepEqual(isa.assemble(kernel), [insn])
    assert.deepEqual(isa.assemble(llvm), [insn])
  })
}

both("(bf) r6 = r1", "r6 = r1", isa.mov64Reg(6, 1))
both("(bc) w1 = w2", "w1 = w2", isa.mov32Reg(1, 2))
both("(b7) r1 = 5", "r1 = 5", isa.mov64Imm(1, 5))
both("(04) w1 += -5", "w1 += -5", isa.alu32Imm(isa.BPF_ADD, 1, -5))
both("(cf) r1 s>>= r2", "r1 s>>= r2", isa.alu64Reg(isa.BPF_ARSH, 1, 2))
both("(3f) r1 s/= r2", "r1 s/= r2", isa.signed64Reg(isa.BPF_DIV, 1, 2))
both("(94) w1 s%= 5", "w1 s%= 5", isa.signed32Imm(isa.BPF_MOD, 1, 5))
both("(87) r1 = -r1", "r1 = -r1", isa.neg64(1))
both("(bf) r1 = (s8)r2", "r1 = (s8)r2", isa.movsx64(1, 2, 8))
both("(bc) w1 = (s16)w2", "w1 = (s16)w2", isa.movsx32(1, 2, 16))
both("(dc) r0 = be16 r0", "r0 = be16 r0", isa.toBe(0, 16))
both("(d7) r0 = bswap64 r0", "r0 = bswap64 r0", isa.bswap(0, 64))
both("(79) r1 = *(u64 *)(r2 +8)", "r1 = *(u64 *)(r2 + 8)", isa.loadMem(isa.BPF_DW, 1, 2, 8))
both("(61) r1 = *(u32 *)(r2 -8)", "w1 = *(u32 *)(r2 - 8)", isa.loadMem(isa.BPF_W, 1, 2, -8))
both("(91) r1 = *(s8 *)(r2 +0)", "r1 = *(s8 *)(r2 + 0)", isa.loadMemSx(isa.BPF_B, 1, 2, 0))
both("(63) *(u32 *)(r10 -4) = r1", "*(u32 *)(r10 - 4) = w1", isa.storeReg(isa.BPF_W, 10, 1, -4))
both("(7a) *(u64 *)(r10 -8) = -1", "*(u64 *)(r10 - 8) = -1", isa.storeImm(isa.BPF_DW, 10, -8, -1))
both("(db) lock *(u64 *)(r1 +0) += r2", "lock *(u64 *)(r1 + 0) += r2", isa.atomic(isa.BPF_DW, isa.BPF_ADD, 1, 2, 0))
both(
  "(c3) r2 = atomic_fetch_xor((u32 *)(r1 +4), r2)",
  "w2 = atomic_fetch_xor((u32 *)(r1 + 4), w2)",
  isa.atomic(isa.BPF_W, isa.BPF_XOR | isa.BPF_FETCH, 1, 2, 4),
)
both(
  "(db) r2 = atomic64_xchg((u64 *)(r1 +4), r2)",
  "r2 = xchg_64(r1 + 4, r2)",
  isa.atomic(isa.BPF_DW, isa.BPF_XCHG, 1, 2, 4),
)
both(
  "(c3) r0 = atomic_cmpxchg((u32 *)(r1 -4), r0, r2)",
  "w0 = cmpxchg32_32(r1 - 4, w0, w2)",
  isa.atomic(isa.BPF_W, isa.BPF_CMPXCHG, 1, 2, -4),
)
both("(d3) r1 = load_acquire((u8 *)(r2 +4))", "w1 = load_acquire((u8 *)(r2 + 4))", isa.loadAcquire(isa.BPF_B, 1, 2, 4))
both(
  "(db) store_release((u64 *)(r1 +4), r2)",
  "store_release((u64 *)(r1 + 4), r2)",
  isa.storeRelease(isa.BPF_DW, 1, 2, 4),
)
both("(bf) r1 = addr_space_cast(r2, 0, 1)", "r1 = addr_space_cast(r2, 0, 1)", isa.addrSpaceCast(1, 2, 0, 1))
both("(30) r0 = *(u8 *)skb[5]", "r0 = *(u8 *)skb[5]", isa.loadAbs(isa.BPF_B, 5))
both("(48) r0 = *(u16 *)skb[r3 + -2]", "r0 = *(u16 *)skb[r3 - 2]", isa.loadInd(isa.BPF_H, 3, -2))
both("(18) r1 = 0x5", "r1 = 5 ll", isa.loadImm64(1, 5n))
both("(18) r1 = 0xffffffffffffffff", "r1 = -1 ll", isa.loadImm64(1, -1n))
both("(18) r1 = 0x80000000", "r1 = 2147483648 ll", isa.loadImm64(1, 0x80000000n))
both("(18) r1 = map[id:5]", "ld_pseudo\tr1, 1, 5", isa.loadMapFd(1, 5))
both("(18) r1 = map[id:5][0]+8", "ld_pseudo\tr1, 2, 5 <+8>", isa.loadMapValue(1, 5, 8))
both("(18) r1 = map[idx:5]", "ld_pseudo\tr1, 5, 5", isa.loadMapIdx(1, 5))
both("(18) r1 = map[idx:5]+8", "ld_pseudo\tr1, 6, 5 <+8>", isa.loadMapIdxValue(1, 5, 8))
both("(18) r1 = subprog[+7]", "ld_pseudo\tr1, 4, 7", isa.loadFunc(1, 7))
both("(18) r1 = btf[id:5][fd:3]", "ld_pseudo\tr1, 3, 5 <+3>", isa.loadBtfId(1, 5, 3))
both("(65) if r1 s> 0x5 goto pc+3", "if r1 s> 5 goto +3", isa.jumpImm(isa.BPF_JSGT, 1, 5, 3))
both("(a5) if r1 < 0xffffffff goto pc-3", "if r1 < -1 goto -3", isa.jumpImm(isa.BPF_JLT, 1, -1, -3))
both("(4e) if w1 & w2 goto pc+3", "if w1 & w2 goto +3", isa.jump32Reg(isa.BPF_JSET, 1, 2, 3))
both("(05) goto pc-1", "goto -1", isa.goto(-1))
both("(06) gotol pc+70000", "gotol +70000", isa.gotol(70000))
both("(e5) may_goto pc+1", "may_goto +1", isa.mayGoto(1))
both("(85) call bpf_map_lookup_elem#1", "call 1", isa.call(1))
both("(85) call unknown#300", "call 300", isa.call(300))
both("(85) call pc+4", "call 4 <subprogram>", isa.callSub(4))
both("(85) call kernel-function#1234", "call 1234 <kernel-function>", isa.callKfunc(1234))
both("(85) call kernel-function#1234 module 2", "call 1234 <kernel-function module 2>", isa.callKfunc(1234, 2))
both("(8d) callx r3", "callx r3", isa.callReg(3))
both("(95) exit", "exit", isa.exit())

for (const syntax of ["kernel", "llvm"] as const) {
  test(`assemble(disassemble(x)) = x for every form, ${syntax}`, () => {
    for (const insns of [everyForm(), everyForm(3, 4, 12, -1, -1), everyForm(0, 10, 0, 0, 0)]) {
      assert.deepEqual(isa.assemble(isa.disassemble(insns, { syntax })), insns)
    }
  })

  test(`assemble(disassemble(x)) = x, ${syntax}`, () => {
    fc.assert(
      fc.property(arbitraryInsns(), fc.boolean(), fc.boolean(), (insns, slots, labels) => {
        assert.deepEqual(isa.assemble(isa.disassemble(insns, { syntax, slots, labels })), insns)
      }),
    )
  })
}

/** The text is read as these instructions. */
function reads(text: string, ...insns: isa.Insn[]): void {
  test(JSON.stringify(text), () => assert.deepEqual(isa.assemble(text), insns))
}

reads("")
reads("; nothing\n// nothing\n# nothing\n\n   \t\n")
reads("r1 = 5 # five\r\nexit;all\r\n", isa.mov64Imm(1, 5), isa.exit())
reads("\tr1 = 0x10\n\tr2=r1 // copy", isa.mov64Imm(1, 16), isa.mov64Reg(2, 1))
reads("w1 = 0xffffffff", isa.mov32Imm(1, -1))
reads("r1 = *(u64*)(r2)", isa.loadMem(isa.BPF_DW, 1, 2, 0))
reads("r1 = 0x123456789abcdef0 ll", isa.loadImm64(1, 0x123456789abcdef0n))
reads("r1 = 18446744073709551615 ll", isa.loadImm64(1, -1n))
reads("call bpf_ktime_get_ns", isa.call(5))
reads("(85) call bpf_rcu_read_lock#70000", isa.callKfunc(70000))
reads("(85) call pc+30#bpf_prog_38931e7e10b4d11c_add", isa.callSub(30))
reads("goto +3 <LBB0_2>", isa.goto(3))
reads("loop: goto loop", isa.goto(-1))
reads("goto out\nr1 = 5 ll\nout:\nexit", isa.goto(2), isa.loadImm64(1, 5n), isa.exit())
reads("if w1 == 0 goto done\n<done>:", isa.jump32Imm(isa.BPF_JEQ, 1, 0, 0))
reads("gotol done\ndone:", isa.gotol(0))
reads("call twice\nexit\ntwice:\nexit", isa.callSub(1), isa.exit(), isa.exit())
reads("r2 = subprog[each]\nexit\neach:\nexit", isa.loadFunc(2, 2), isa.exit(), isa.exit())
reads("r1 = map[id:5]\nr1 = map[id:5][0]+4", isa.loadMapFd(1, 5), isa.loadMapValue(1, 5, 4))

test("reads a listing of llvm-objdump", () => {
  const text = `
0000000000000000 <hello>:
       0:	79 21 08 00 00 00 00 00	r1 = *(u64 *)(r2 + 0x8)
       1:	18 01 00 00 f0 de bc 9a 00 00 00 00 78 56 34 12	r1 = 0x123456789abcdef0 ll
       3:	65 01 01 00 05 00 00 00	if r1 s> 0x5 goto +0x1 <LBB0_2>
       4:	b7 00 00 00 00 00 00 00	r0 = 0x0

0000000000000028 <LBB0_2>:
       5:	95 00 00 00 00 00 00 00	exit
`
  assert.deepEqual(isa.assemble(text), [
    isa.loadMem(isa.BPF_DW, 1, 2, 8),
    isa.loadImm64(1, 0x123456789abcdef0n),
    isa.jumpImm(isa.BPF_JSGT, 1, 5, 1),
    isa.mov64Imm(0, 0),
    isa.exit(),
  ])
})

test("reads a log of the verifier", () => {
  const text = `
; int x = bpf_get_prandom_u32(); @ a.c:3
0: (85) call bpf_get_prandom_u32#7    ; R0_w=scalar()
1: (15) if r0 == 0x0 goto pc+1
2: (b7) r0 = 0                        ; R0_w=0
3: (95) exit
`
  assert.deepEqual(isa.assemble(text), [isa.call(7), isa.jumpImm(isa.BPF_JEQ, 0, 0, 1), isa.mov64Imm(0, 0), isa.exit()])
})

test("names that only a loader knows are read and written", () => {
  const text =
    "(18) r1 = map[stats]\n(18) r2 = map[.rodata][0]+16\n(85) call helper_fn\n(18) r3 = subprog[each]\n" +
    "(85) call kernel-function#bpf_rcu_read_lock\n(95) exit\n"
  const { insns, symbols } = isa.assembleUnit(text)
  assert.deepEqual(
    [...symbols],
    [
      [0, { kind: "map", name: "stats" }],
      [1, { kind: "mapValue", name: ".rodata", offset: 16 }],
      [2, { kind: "call", name: "helper_fn" }],
      [3, { kind: "function", name: "each" }],
      [4, { kind: "kfunc", name: "bpf_rcu_read_lock" }],
    ],
  )
  assert.deepEqual(
    insns.map(insn => insn.src),
    [isa.BPF_PSEUDO_MAP_FD, isa.BPF_PSEUDO_MAP_VALUE, 1, isa.BPF_PSEUDO_FUNC, isa.BPF_PSEUDO_KFUNC_CALL, 0],
  )
  assert.equal(isa.disassemble(insns, { slots: false, symbol: i => symbols.get(i) }), text)
})

test("labels are named in the order of the places", () => {
  const insns = isa.assemble("if r1 == 0 goto b\na: r1 = 5 ll\ngoto a\nb: exit")
  assert.equal(
    isa.disassemble(insns, { syntax: "llvm", labels: true }),
    [
      "       0: if r1 == 0 goto +3 <LBB0_2>",
      "LBB0_1:",
      "       1: r1 = 5 ll",
      "       3: goto -3 <LBB0_1>",
      "LBB0_2:",
      "       4: exit",
      "",
    ].join("\n"),
  )
})

/** The text is refused with this code, at this line and column, and says this. */
function refused(text: string, code: string, place: string, message: RegExp): void {
  test(`refuses ${JSON.stringify(text)}`, () => {
    assert.throws(
      () => isa.assemble(text, "a.s"),
      (error: unknown) => {
        assert.ok(error instanceof SkepError)
        assert.equal(error.code, code)
        assert.match(error.message, message)
        if (place !== "") assert.ok(error.message.startsWith(`a.s:${place}: `), error.message)
        assert.ok(error.hint)
        return true
      },
    )
  })
}

refused("exit\nfoo", "ISA_ASM_SYNTAX", "2:1", /expected an instruction/)
refused("r11 = 5", "ISA_ASM_SYNTAX", "1:1", /expected an instruction/)
refused("r1 = r11", "ISA_ASM_SYNTAX", "1:6", /expected a value/)
refused("r1 ** r2", "ISA_ASM_SYNTAX", "1:4", /expected an assignment operator/)
refused("r1 = w2", "ISA_ASM_SYNTAX", "1:6", /two widths/)
refused("r1 = -r2", "ISA_ASM_SYNTAX", "1:6", /same register/)
refused("w1 = (s32)w2", "ISA_ASM_SYNTAX", "1:6", /no such sign extension/)
refused("w1 = *(u64 *)(r2 +0)", "ISA_ASM_SYNTAX", "", /64 bits do not fit/)
refused("w1 = *(s8 *)(r2 +0)", "ISA_ASM_SYNTAX", "", /whole register/)
refused("*(u64 *)(r2 +0) = w1", "ISA_ASM_SYNTAX", "1:19", /whole register/)
refused("*(s8 *)(r2 +0) = r1", "ISA_ASM_SYNTAX", "", /no sign/)
refused("r1 = *(u128 *)(r2 +0)", "ISA_ASM_SYNTAX", "1:8", /expected u8/)
refused("r1 = *(u64 *)(w2 +0)", "ISA_ASM_SYNTAX", "1:15", /whole register/)
refused("r1 = *(u64 *)(r2 +32768)", "ISA_ASM_RANGE", "1:19", /-32768 to 32767/)
refused("r1 = *(u8 *)skb[0]", "ISA_ASM_SYNTAX", "", /in r0/)
refused("r1 = 4294967295", "ISA_ASM_RANGE", "1:6", /does not fit/)
refused("r1 += 4294967295", "ISA_ASM_RANGE", "1:7", /out of range/)
refused("r1 = 0x1ffffffffffffffff ll", "ISA_ASM_RANGE", "1:6", /64 bits/)
refused("r1 = 12ab", "ISA_ASM_SYNTAX", "1:6", /expected a number/)
refused("r1 = 5 6", "ISA_ASM_SYNTAX", "1:8", /end of the line/)
refused("if r1 = 5 goto +1", "ISA_ASM_SYNTAX", "1:7", /comparison/)
refused("if r1 == 5 +1", "ISA_ASM_SYNTAX", "1:12", /expected 'goto'/)
refused("goto 3", "ISA_ASM_SYNTAX", "1:6", /signed distance/)
refused("goto +40000", "ISA_ASM_RANGE", "1:6", /a distance/)
refused("goto nowhere", "ISA_ASM_LABEL", "1:1", /no label nowhere/)
refused("a:\na: exit", "ISA_ASM_LABEL", "2:4", /defined twice/)
refused("call bpf_map_lookup_elem#2", "ISA_ASM_HELPER", "1:6", /is helper 1, not 2/)
refused("call bpf_map_lookup_elm", "ISA_ASM_LABEL", "", /names bpf_map_lookup_elm/)
refused("r1 = map[stats]", "ISA_ASM_LABEL", "", /names stats/)
refused("(b7) r1 = r2", "ISA_ASM_OPCODE", "1:5", /opcode bf, not b7/)
refused("r1 = map[stats", "ISA_ASM_SYNTAX", "", /expected '\]'/)
refused("lock *(u64 *)(r1 +0) -= r2", "ISA_ASM_SYNTAX", "", /expected \+=/)
refused("r2 = atomic_xchg((u32 *)(r1 +0), r3)", "ISA_ASM_SYNTAX", "", /register on the left/)
refused("r1 = atomic_cmpxchg((u32 *)(r1 +0), r0, r3)", "ISA_ASM_SYNTAX", "", /r0/)
refused(`goto far\n${"r0 = 0\n".repeat(32768)}far: exit`, "ISA_ASM_RANGE", "1:1", /16-bit distance/)

test("any text is read or refused with a place", () => {
  const word = fc.constantFrom(
    ..."r1 w2 r0 = += s>> / goto if call callx exit lock * ( ) (u64 *)( [ ] map[ subprog[ skb[ < > : , + - 5 0x1f ll pc #".split(
      " ",
    ),
    "\n",
    "label:",
    "atomic_fetch_add((",
    "be16",
  )
  const text = fc.oneof(
    fc.array(word, { maxLength: 12 }).map(words => words.join(" ")),
    fc.string({ maxLength: 40 }),
  )
  fc.assert(
    fc.property(text, source => {
      try {
        isa.assembleUnit(source)
      } catch (error) {
        assert.ok(error instanceof SkepError && error.code.startsWith("ISA_ASM_") && error.span !== undefined)
      }
    }),
    { numRuns: 500 },
  )
})
