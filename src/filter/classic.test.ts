import assert from "node:assert/strict"
import { test } from "node:test"
import { randomClassic } from "../../tests/support/classicRandom.ts"
import { Random } from "../../tests/support/random.ts"
import { SkepError } from "../base/index.ts"
import * as filter from "./index.ts"
import { OPCODES } from "./opcodes.ts"

/** What `tcpdump -d 'tcp port 80'` writes for IPv4. */
const WEB = `(000) ldh      [12]
(001) jeq      #0x800           jt 2	jf 12
(002) ldb      [23]
(003) jeq      #0x6             jt 4	jf 12
(004) ldh      [20]
(005) jset     #0x1fff          jt 12	jf 6
(006) ldxb     4*([14]&0xf)
(007) ldh      [x + 14]
(008) jeq      #0x50            jt 11	jf 9
(009) ldh      [x + 16]
(010) jeq      #0x50            jt 11	jf 12
(011) ret      #262144
(012) ret      #0
`

test("a filter is assembled from tcpdump's text, and written the same", () =>
  assert.equal(filter.disassembleClassic(filter.assembleClassic(WEB)), WEB))

/** Text of an instruction, and its code and constant. */
function line(text: string, code: number, k = 0): void {
  test(text, () => {
    const [insn] = filter.assembleClassic(text)
    assert.deepEqual([insn.code, insn.k], [code, k])
    assert.equal(
      filter
        .formatClassicInsn(insn, 0)
        .replace(/^\(000\) (\w+) */, "$1 ")
        .trim(),
      text,
    )
  })
}
line("ld [12]", 0x20, 12)
line("ldh [12]", 0x28, 12)
line("ldb [x + 3]", 0x50, 3)
line("ld [x + -4]", 0x40, 0xffff_fffc)
line("ldb [type]", 0x30, 0xffff_f004)
line("ld [vlan_tci]", 0x20, 0xffff_f02c)
line("ld [-1048576]", 0x20, 0xfff0_0000)
line("ld #pktlen", 0x80)
line("ldx #pktlen", 0x81)
line("ld #0xff", 0x00, 255)
line("ldx #0xff", 0x01, 255)
line("ld M[3]", 0x60, 3)
line("ldx M[15]", 0x61, 15)
line("ldxb 4*([14]&0xf)", 0xb1, 14)
line("st M[0]", 0x02)
line("stx M[1]", 0x03, 1)
line("add #-1", 0x04, 0xffff_ffff)
line("add x", 0x0c)
line("and #0xf0", 0x54, 0xf0)
line("lsh #2", 0x64, 2)
line("neg", 0x84)
line("mod x", 0x9c)
line("xor #0x1", 0xa4, 1)
line("tax", 0x07)
line("txa", 0x87)
line("ret #-1", 0x06, 0xffff_ffff)
line("ret", 0x16)
line("unimp 0x1234", 0x1234)

test("labels, and text without numbers", () => {
  const insns = filter.assembleClassic(
    `
    ld #pktlen ; on the wire
    jgt #100 jt keep jf drop
    drop: ret #0
    keep: ret #-1`,
  )
  assert.deepEqual(insns[1], { code: 0x25, jt: 1, jf: 0, k: 100 })
})

/** Text that is refused, and a piece of why. */
function bad(text: string, why: RegExp): void {
  test(`'${text}' is refused`, () => {
    const error = (() => {
      try {
        filter.assembleClassic(text)
      } catch (thrown) {
        return thrown
      }
    })()
    assert.ok(error instanceof SkepError)
    assert.equal(error.code, "FILTER_TEXT")
    assert.match(`${error.message} ${error.hint}`, why)
  })
}
bad("lhd [12]", /line 1: 'lhd' is no instruction; did you mean 'ld'\?/)
bad("ldh #4", /cannot take '#4'.*ldh \[k\], ldh \[x \+ k\]/)
bad("ld [tpye]", /no field.*did you mean 'type'/)
bad("jeq #1 jt 1 jf nowhere", /no label 'nowhere'/)
bad("ret #0\nja 0", /line 2: jumps .* forward/)
bad("ld #0x100000000", /32 bits/)
bad("a: a: ret #0", /second time/)

test("numbers of tcpdump -ddd and -dd", () => {
  const insns = filter.assembleClassic(WEB)
  const decimal = filter.formatNumbers(insns)
  assert.match(decimal, /^13\n40 0 0 12\n21 0 10 2048\n/)
  assert.deepEqual(filter.parseNumbers(decimal), insns)
  assert.deepEqual(filter.parseNumbers(decimal.trim().replaceAll("\n", ",")), insns)
  const c = filter.formatC(insns)
  assert.match(c, /^\{ 0x28, 0, 0, 0x0000000c \},\n\{ 0x15, 0, 10, 0x00000800 \},\n/)
  assert.deepEqual(filter.parseNumbers(`struct sock_filter code[] = {\n${c}};`.replace("= {", "=")), insns)
})
for (const [text, why] of [
  ["2\n6 0 0 0", /2 instructions are announced, and there are 1/],
  ["1\n6 0 0", /four numbers/],
  ["1\n6 0 256 0", /256 is more than 255/],
  ["", /number of instructions is missing/],
] as const) {
  test(`numbers '${text.replaceAll("\n", ",")}' are refused`, () =>
    assert.throws(() => filter.parseNumbers(text), { code: "FILTER_TEXT", stack: why }))
}

test("bytes are struct sock_filter", () => {
  const insns = filter.assembleClassic("ldh [12]\njeq #0x800 jt 2 jf 3\nret #-1\nret #0")
  const bytes = [...filter.encodeClassic(insns)]
  const hex = bytes.map(byte => byte.toString(16).padStart(2, "0")).join("")
  assert.equal(hex, "280000000c000000" + "1500000100080000" + "06000000ffffffff" + "0600000000000000")
  for (const bigEndian of [false, true]) {
    assert.deepEqual(filter.decodeClassic(filter.encodeClassic(insns, { bigEndian }), { bigEndian }), insns)
  }
  assert.throws(() => filter.decodeClassic(new Uint8Array(9)), { code: "FILTER_INVALID" })
})

test("random filters are valid, and pass through every form of text", () => {
  const random = new Random(1993)
  for (let i = 0; i < 500; i++) {
    const insns = randomClassic(random)
    filter.checkClassic(insns)
    assert.deepEqual(filter.assembleClassic(filter.disassembleClassic(insns)), insns)
    assert.deepEqual(filter.parseNumbers(filter.formatNumbers(insns)), insns)
    assert.deepEqual(filter.parseNumbers(filter.formatC(insns)), insns)
  }
})

/** A filter that the kernel refuses, the place and a piece of why. */
function refused(text: string, insn: number, why: RegExp): void {
  test(`the check refuses '${text.replaceAll("\n", "; ")}'`, () => {
    const problem = filter.classicProblem(filter.assembleClassic(text))
    assert.equal(problem?.insn, insn)
    assert.match(problem?.message ?? "", why)
  })
}
refused("", 0, /empty/)
refused("ret #0\nld #0", 1, /has to be a ret/)
refused("unimp 0xb4\nret #0", 0, /0xb4 is no opcode/)
refused("ja 2\nret #0", 0, /out of the filter/)
refused("jeq x jt 1 jf 9\nret #0", 0, /out of the filter/)
refused("div #0\nret #0", 0, /divides by zero/)
refused("mod #0\nret #0", 0, /divides by zero/)
refused("lsh #32\nret #0", 0, /shifts 32 bits by 32/)
refused("st M[16]\nret #0", 0, /no M\[16\]/)
refused("ld M[0]\nret", 0, /M\[0\] may be read before/)
refused("jeq #1 jt 1 jf 2\nst M[3]\nldx M[3]\nret #0", 2, /M\[3\] may be read before/)
refused("ld [-4095]\nret", 0, /no metadata at -4095/)
test("the check accepts a word of scratch memory that every way has written", () =>
  filter.checkClassic(filter.assembleClassic("jeq #1 jt 1 jf 3\nst M[3]\nja 5\nstx M[3]\nja 5\nldx M[3]\nret #0")))
test("4,096 instructions are the most", () => {
  const insns = Array.from({ length: 4097 }, () => ({ code: 6, jt: 0, jf: 0, k: 0 }))
  assert.equal(filter.classicProblem(insns.slice(1)), undefined)
  assert.match(filter.classicProblem(insns)!.message, /4097 instructions/)
})
test("no two instructions have one code", () =>
  assert.equal(OPCODES.length, new Set(OPCODES.map(({ code }) => code)).size))

const packet = Uint8Array.from({ length: 64 }, (_, i) => i)

/** A filter, and what it returns for the packet 0, 1, 2 … 63. */
function gives(text: string, result: number, input: Partial<filter.FilterInput> = {}): void {
  test(`${text.replaceAll("\n", "; ")} gives ${result}`, () => {
    const insns = filter.assembleClassic(`${text}\nret`)
    filter.checkClassic(insns)
    assert.equal(filter.runClassic(insns, { data: packet, ...input }), result)
  })
}
gives("ld [1]", 0x01020304)
gives("ldh [62]", 0x3e3f)
gives("ldh [63]", 0)
gives("ld #5\nldb [64]", 0)
gives("ldx #3\nldb [x + 4]", 7)
gives("ldx #-1\nldb [x + 4]", 3)
gives("ldx #0x7fffffff\nldb [x + 0x7fffffff]", 0)
gives("ldxb 4*([21]&0xf)\ntxa", 20)
gives("ld #pktlen", 1500, { length: 1500 })
gives("ldx #pktlen\ntxa", 64)
gives("ld #3\nsub #5", 0xffff_fffe)
gives("ld #0x10001\nmul #0x10001", 0x20001)
gives("ld #-1\ndiv #2", 0x7fff_ffff)
gives("ld #-1\nmod #10", 5)
gives("ld #7\nldx #0\ndiv x", 0)
gives("ld #7\nldx #0\nmod x", 0)
gives("ld #1\nlsh #31", 0x8000_0000)
gives("ld #-1\nrsh #28", 15)
gives("ld #1\nneg", 0xffff_ffff)
gives("ld #0xf0\nxor #0xff\nor #0x100", 0x10f)
gives("ld #9\nst M[2]\nld #0\nldx M[2]\ntxa", 9)
gives("ld #2\nja 3\nld #3", 0x2)
gives("ld #-1\njgt #5 jt 3 jf 2\nret #1", 0xffff_ffff)
gives("ld [-1048576]", 0x0e0f1011)
gives("ld [-2097152]", 0x00010203)
gives("ld [-1048576]", 0x04050607, { networkOffset: 4 })
gives("ld [vlan_tci]", 77, { metadata: { vlanTag: 77 } })
gives("ld [mark]", 0)
gives("ld #5\nldx #3\nld [xor_x]", 6)
