import assert from "node:assert/strict"
import { test } from "node:test"
import fc from "fast-check"
import * as isa from "../../isa/index.ts"
import {
  allows,
  alu,
  constant,
  includes,
  isTaken,
  printScalar,
  refine,
  type Scalar,
  signExtend32,
  signExtend64,
  truncate,
  UNKNOWN,
  zeroExtend32,
} from "./index.ts"

const s64 = (value: bigint) => BigInt.asIntN(64, value)
const u64 = (value: bigint) => BigInt.asUintN(64, value)
const view = (value: bigint, width: 32 | 64) => BigInt.asUintN(width, value)
const signedView = (value: bigint, width: 32 | 64) => BigInt.asIntN(width, value)

type Concrete = (a: bigint, b: bigint, width: 32 | 64) => bigint
const operations: Record<string, [number, Concrete]> = {
  add: [isa.BPF_ADD, (a, b) => a + b],
  sub: [isa.BPF_SUB, (a, b) => a - b],
  mul: [isa.BPF_MUL, (a, b) => a * b],
  div: [isa.BPF_DIV, (a, b) => (b === 0n ? 0n : a / b)],
  mod: [isa.BPF_MOD, (a, b) => (b === 0n ? a : a % b)],
  and: [isa.BPF_AND, (a, b) => a & b],
  or: [isa.BPF_OR, (a, b) => a | b],
  xor: [isa.BPF_XOR, (a, b) => a ^ b],
  neg: [isa.BPF_NEG, a => -a],
  lsh: [isa.BPF_LSH, (a, b, width) => a << (b & BigInt(width - 1))],
  rsh: [isa.BPF_RSH, (a, b, width) => a >> (b & BigInt(width - 1))],
  arsh: [isa.BPF_ARSH, (a, b, width) => signedView(a, width) >> (b & BigInt(width - 1))],
}
const conditions: Record<string, [number, (a: bigint, b: bigint, width: 32 | 64) => boolean]> = {
  jeq: [isa.BPF_JEQ, (a, b) => a === b],
  jne: [isa.BPF_JNE, (a, b) => a !== b],
  jset: [isa.BPF_JSET, (a, b) => (a & b) !== 0n],
  jgt: [isa.BPF_JGT, (a, b) => a > b],
  jge: [isa.BPF_JGE, (a, b) => a >= b],
  jlt: [isa.BPF_JLT, (a, b) => a < b],
  jle: [isa.BPF_JLE, (a, b) => a <= b],
  jsgt: [isa.BPF_JSGT, (a, b, w) => signedView(a, w) > signedView(b, w)],
  jsge: [isa.BPF_JSGE, (a, b, w) => signedView(a, w) >= signedView(b, w)],
  jslt: [isa.BPF_JSLT, (a, b, w) => signedView(a, w) < signedView(b, w)],
  jsle: [isa.BPF_JSLE, (a, b, w) => signedView(a, w) <= signedView(b, w)],
}

const arbWidth = fc.constantFrom<32 | 64>(32, 64)
/** Numbers near the places where types end. */
const arbNumber = fc.oneof(
  fc.bigInt(0n, 70n),
  fc.bigInt({ min: 0n, max: (1n << 64n) - 1n }),
  fc
    .tuple(fc.constantFrom(8n, 15n, 16n, 31n, 32n, 33n, 63n, 64n), fc.bigInt(-3n, 3n))
    .map(([bit, by]) => u64((1n << bit) + by)),
)

/** A step by which a pair of what is known and one number of it becomes another such pair. */
type Step = { name: string; width: 32 | 64; other: bigint; loose: boolean }
const arbStep: fc.Arbitrary<Step> = fc.record({
  name: fc.constantFrom(...Object.keys(operations), ...Object.keys(conditions), "zext", "sext32", "sext64", "truncate"),
  width: arbWidth,
  other: arbNumber,
  loose: fc.boolean(),
})
type Pair = { known: Scalar; value: bigint }

/** What is known of one number after a comparison of anything with it, so that it is not one number. */
function loosen(value: bigint): Pair {
  return { known: refine(isa.BPF_JLE, true, UNKNOWN, constant(value), 64).a, value: value / 2n }
}

function apply({ known, value }: Pair, step: Step): Pair {
  const { name, width } = step
  const other = step.loose ? loosen(step.other) : { known: constant(step.other), value: step.other }
  if (name in operations) {
    const [operation, concrete] = operations[name]
    const result = view(concrete(view(value, width), view(other.value, width), width), width)
    return { known: alu(operation, known, other.known, width), value: result }
  }
  if (name in conditions) {
    const [condition, concrete] = conditions[name]
    const holds = concrete(view(value, width), view(other.value, width), width)
    const taken = isTaken(condition, known, other.known, width)
    if (taken !== undefined) {
      assert.equal(taken, holds, `${printScalar(known)} ${name}${width} ${printScalar(other.known)}`)
      return { known, value }
    }
    const refined = refine(condition, holds, known, other.known, width)
    assert.ok(allows(refined.b, other.value), `${name} right: ${printScalar(refined.b)} has not ${other.value}`)
    return { known: refined.a, value }
  }
  const bytes = [1, 2, 4][Number(step.other % 3n)]
  if (name === "zext") return { known: zeroExtend32(known), value: view(value, 32) }
  if (name === "truncate") return { known: truncate(known, bytes), value: BigInt.asUintN(bytes * 8, value) }
  if (name === "sext64") return { known: signExtend64(known, bytes), value: u64(BigInt.asIntN(bytes * 8, value)) }
  const narrow = bytes === 4 ? 2 : bytes
  return { known: signExtend32(known, narrow), value: view(BigInt.asIntN(narrow * 8, value), 32) }
}

test("whatever happens to a number, what is known of it allows it", () => {
  const property = fc.property(arbNumber, fc.array(arbStep, { minLength: 1, maxLength: 12 }), (start, steps) => {
    let pair = loosen(start)
    for (const step of steps) {
      const next = apply(pair, step)
      const what = `${printScalar(pair.known)} ∋ ${pair.value} ${step.name}${step.width} ${step.other}`
      assert.ok(allows(next.known, next.value), `${what}: ${printScalar(next.known)} has not ${next.value}`)
      assert.ok(includes(UNKNOWN, next.known) && includes(next.known, next.known))
      pair = next
    }
  })
  fc.assert(property, { numRuns: Number(process.env.SKEP_COUNT ?? 3000), seed: Number(process.env.SKEP_SEED ?? 618) })
})

test("operations on single numbers give a single number", () => {
  for (const [name, [operation, concrete]] of Object.entries(operations)) {
    if (name === "div" || name === "mod") continue
    for (const width of [32, 64] as const) {
      for (const [a, b] of [
        [0n, 0n],
        [5n, 3n],
        [(1n << 63n) + 7n, 31n],
        [0xffff_fffen, 1n],
      ] as const) {
        const got = alu(operation, constant(a), constant(b), width)
        const expected = view(concrete(view(a, width), view(b, width), width), width)
        assert.equal(printScalar(got), printScalar(constant(expected)), `${a} ${name}${width} ${b}`)
      }
    }
  }
})

/** An unsigned range as comparisons make it. */
function between(low: bigint, high: bigint): Scalar {
  const above = refine(isa.BPF_JGE, true, UNKNOWN, constant(low), 64).a
  return refine(isa.BPF_JLE, true, above, constant(high), 64).a
}

/** An operation on all small numbers of a range gives the numbers from the least to the greatest result, and bits above are known to be 0. */
test("sums, products and shifts of small ranges are exact", () => {
  for (const name of ["add", "mul", "lsh"]) {
    const [operation, concrete] = operations[name]
    for (let low = 0n; low < 6n; low++) {
      for (let high = low; high < 6n; high++) {
        for (let by = 0n; by < 5n; by++) {
          const got = alu(operation, between(low, high), constant(by), 64)
          assert.equal(got.umin, concrete(low, by, 64), `${low}…${high} ${name} ${by}`)
          assert.equal(got.umax, concrete(high, by, 64), `${low}…${high} ${name} ${by}`)
          assert.equal(got.smax, s64(got.umax))
          assert.equal(BigInt(got.u32max), got.umax)
        }
      }
    }
  }
})

/** Every comparison of every pair of small ranges is decided if and only if all their numbers agree. */
test("comparisons of small ranges are decided where they can be", () => {
  for (const name of Object.keys(conditions)) {
    const [condition, concrete] = conditions[name]
    if (name === "jset") continue
    for (let a = 0n; a < 4n; a++) {
      for (let b = a; b < 4n; b++) {
        for (let c = 0n; c < 4n; c++) {
          for (let d = c; d < 4n; d++) {
            const answers = new Set<boolean>()
            for (let x = a; x <= b; x++) for (let y = c; y <= d; y++) answers.add(concrete(x, y, 64))
            const got = isTaken(condition, between(a, b), between(c, d), 64)
            assert.equal(got, answers.size === 2 ? undefined : [...answers][0], `${a}…${b} ${name} ${c}…${d}`)
          }
        }
      }
    }
  }
})

function prints(scalar: Scalar, text: string) {
  test(text, () => assert.equal(printScalar(scalar), text))
}

const low8 = alu(isa.BPF_AND, UNKNOWN, constant(255n), 64)
prints(UNKNOWN, "scalar()")
prints(constant(u64(-1n)), "-1")
prints(constant(0x12345678n), "0x12345678")
prints(low8, "scalar(smin=smin32=0,smax=umax=smax32=umax32=255,var_off=(0x0; 0xff))")
prints(zeroExtend32(UNKNOWN), "scalar(smin=0,smax=umax=0xffffffff,var_off=(0x0; 0xffffffff))")
prints(alu(isa.BPF_ADD, low8, constant(u64(-5n)), 64), "scalar(smin=smin32=-5,smax=smax32=250)")
prints(signExtend64(UNKNOWN, 4), "scalar(smin=0xffffffff80000000,smax=0x7fffffff)")
prints(
  refine(isa.BPF_JSGT, true, UNKNOWN, constant(0n), 64).a,
  "scalar(smin=umin=1,umax=0x7fffffffffffffff,var_off=(0x0; 0x7fffffffffffffff))",
)
prints(
  alu(isa.BPF_LSH, low8, constant(2n), 64),
  "scalar(smin=smin32=0,smax=umax=smax32=umax32=1020,var_off=(0x0; 0x3fc))",
)
