import assert from "node:assert/strict"
import { test } from "node:test"
import { Random } from "../../tests/support/random.ts"
import { evalBinary, type Inst, isBinary, parseFunction, type Value } from "../ir/index.ts"
import { allOnes, anything, constantOf, decide, either, exactly, type Known, knownOf } from "./known.ts"

/** What is known of the last value of a body of `@f(i32 %a, i64 %b, ptr %p)`, as a mask and the bits that are surely one. */
function knows(body: string, mask: bigint, ones = 0n): void {
  test(body, () => {
    const k = lastOf(body)
    assert.deepEqual([k.mask.toString(16), k.ones.toString(16)], [mask.toString(16), ones.toString(16)])
  })
}

function lastOf(body: string): Known {
  const text = `func @f(i32 %a, i64 %b, ptr %p) -> i32 {\nb0:\n${body.replaceAll("; ", "\n")}\nret 0\n}`
  const known = new Map<Value, Known>()
  const of = (v: Value): Known => (v.kind === "const" ? exactly(v.value) : (known.get(v) ?? anything(v)))
  let last: Inst | undefined
  for (const inst of parseFunction(text).blocks[0].insts) {
    if (inst.type !== "void") known.set(inst, knownOf(inst, of))
    last = inst
  }
  return known.get(last!)!
}

const ALL32 = 0xffff_ffffn
const ALL64 = 0xffff_ffff_ffff_ffffn

knows("%1 = load i32 u1 %p", 0xffn)
knows("%1 = load i32 s1 %p", ALL32)
knows("%1 = load i64 u4 %p", ALL32)
knows("%1 = load i32 u1 %p; %2 = zext i64 %1", 0xffn)
knows("%1 = load i32 u1 %p; %2 = sext i64 %1", 0xffn)
knows("%1 = and i32 %a, 12", 12n)
knows("%1 = or i32 %a, 12", ALL32, 12n)
knows("%1 = and i32 %a, 12; %2 = or i32 %1, 1", 13n, 1n)
knows("%1 = and i32 %a, 12; %2 = xor i32 %1, 5", 13n, 1n)
knows("%1 = and i32 %a, 15; %2 = add i32 %1, 1", 31n)
knows("%1 = and i32 %a, 12; %2 = add i32 %1, 1", 13n, 1n)
knows("%1 = and i32 %a, 15; %2 = shl i32 %1, 4", 0xf0n)
knows("%1 = lshr i32 %a, 28", 0xfn)
knows("%1 = and i32 %a, 15; %2 = mul i32 %1, 15", 0xffn)
knows("%1 = cmp ult i32 %a, 9", 1n)
knows("%1 = trunc i32 %b", ALL32)
knows("%1 = and i64 %b, 0xff00ff00ff; %2 = trunc i32 %1", 0xff00ffn)
knows("%1 = and i32 %a, 3; %2 = sub i32 %1, 1", ALL32)
// The verifier knows nothing of these, so nothing may be claimed.
knows("%1 = udiv i32 %a, 1000", ALL32)
knows("%1 = urem i32 %a, 10", ALL32)
knows("%1 = lshr i32 %a, %a", ALL32)
knows("%1 = udiv i32 %a, 1000; %2 = zext i64 %1", ALL64)
knows("%1 = shl i32 %a, %a; %2 = zext i64 %1", ALL64)
knows("%1 = shl i32 %a, %a; %2 = select i32 %b, %1, 5; %3 = zext i64 %2", ALL64)
knows("%1 = shl i32 %a, %a; %2 = and i32 %1, 255; %3 = zext i64 %2", 0xffn)
knows("%1 = shl i32 %a, %a; %2 = or i32 %1, %a; %3 = zext i64 %2", ALL32)
knows("%1 = shl i32 %a, 3; %2 = zext i64 %1", 0xffff_fff8n)
knows("%1 = bswap 16 %a", ALL32)
knows("%1 = ldpacket 1 at 0 %p", ALL32)
knows("%1 = call helper 8 get_smp_processor_id() -> i64", ALL64)
knows("%1 = sextin i32 8 %a", ALL32)

test("what holds of both", () => {
  const k = either(exactly(5n), exactly(6n))
  assert.deepEqual([k.mask, k.ones, k.nonZero], [7n, 4n, true])
  assert.equal(constantOf(k), undefined)
  assert.equal(constantOf(exactly(5n)), 5n)
})

const upTo = (mask: bigint): Known => ({ mask, ones: 0n, nonZero: false })
/** What a comparison of 32 bits must give. */
function decides(pred: Parameters<typeof decide>[0], a: Known, b: Known, expected: boolean | undefined): void {
  test(`${pred} ${a.mask}/${a.ones} ${b.mask}/${b.ones}: ${expected}`, () =>
    assert.equal(decide(pred, 32, a, b), expected))
}
decides("ult", upTo(7n), exactly(8n), true)
decides("ult", upTo(7n), exactly(7n), undefined)
decides("ugt", upTo(7n), exactly(7n), false)
decides("slt", upTo(7n), exactly(0xffff_ffffn), false)
decides("eq", upTo(6n), exactly(1n), false)
decides("ne", { mask: 6n, ones: 0n, nonZero: true }, exactly(0n), true)

// Whatever the operands are within what is known of them, the result is within what is known of it.
for (const op of ["add", "sub", "mul", "and", "or", "xor", "shl", "lshr", "ashr", "udiv", "urem"] as const) {
  test(`${op} keeps to what is known`, () => {
    const random = new Random(op.length * 31 + op.charCodeAt(0))
    const word = (): bigint => BigInt(random.below(2 ** 32)) >> BigInt(random.below(32))
    const { insts } = parseFunction(`func @f(i32 %a, i32 %b) -> i32 {\nb0:\n%1 = ${op} i32 %a, %b\nret %1\n}`).blocks[0]
    const [inst] = insts
    assert.ok(isBinary(inst))
    for (let i = 0; i < 500; i++) {
      const operands = [0, 1].map((): Known => {
        const mask = word()
        return { mask, ones: mask & word(), nonZero: false }
      })
      const result = knownOf(inst, v => operands[inst.args.indexOf(v)])
      const values = operands.map(({ mask, ones }) => (word() & mask) | ones)
      const value = evalBinary(op, 32, values[0], values[1])
      assert.equal(value & ~result.mask, 0n, `${op} ${values}`)
      assert.equal(result.ones & ~value, 0n, `${op} ${values}`)
      assert.equal(result.mask & ~allOnes(inst), 0n)
    }
  })
}
