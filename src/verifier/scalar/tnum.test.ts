import assert from "node:assert/strict"
import { test } from "node:test"
import { Tnum } from "./tnum.ts"

const WIDTH = 3
const ALL = 1n << BigInt(WIDTH)

/** Every tnum of so few bits that all pairs can be tried. */
const small: Tnum[] = []
for (let mask = 0n; mask < ALL; mask++) {
  for (let value = 0n; value < ALL; value++) if ((value & mask) === 0n) small.push(new Tnum(value, mask))
}

const membersOf = (a: Tnum): bigint[] => {
  const members: bigint[] = []
  for (let value = 0n; value < ALL; value++) if (a.has(value)) members.push(value)
  return members
}

/** The least tnum that holds all of these. */
const hull = (values: readonly bigint[]): Tnum =>
  values.map(value => Tnum.constant(value)).reduce((all, one) => all.union(one))

/** `exact`: the result says all that can be said of the results bit by bit. */
function binary(
  name: string,
  exact: boolean,
  tnum: (a: Tnum, b: Tnum) => Tnum,
  number: (a: bigint, b: bigint) => bigint,
) {
  test(`${name}: every pair of ${small.length} tnums`, () => {
    for (const a of small) {
      for (const b of small) {
        const got = tnum(a, b)
        const results = membersOf(a).flatMap(x => membersOf(b).map(y => BigInt.asUintN(64, number(x, y))))
        for (const result of results) assert.ok(got.has(result), `${a} ${b}: ${got} has not ${result}`)
        if (exact) assert.equal(`${got}`, `${hull(results)}`, `${a} ${b}`)
      }
    }
  })
}

binary(
  "add",
  true,
  (a, b) => a.add(b),
  (a, b) => a + b,
)
binary(
  "sub",
  true,
  (a, b) => a.sub(b),
  (a, b) => a - b,
)
binary(
  "and",
  true,
  (a, b) => a.and(b),
  (a, b) => a & b,
)
binary(
  "or",
  true,
  (a, b) => a.or(b),
  (a, b) => a | b,
)
binary(
  "xor",
  true,
  (a, b) => a.xor(b),
  (a, b) => a ^ b,
)
binary(
  "mul",
  false,
  (a, b) => a.mul(b),
  (a, b) => a * b,
)
binary(
  "neg",
  true,
  a => a.neg(),
  a => -a,
)
binary(
  "shift left",
  true,
  a => a.shiftLeft(62),
  a => a << 62n,
)
binary(
  "shift right",
  true,
  a => a.shiftRight(1),
  a => a >> 1n,
)
binary(
  "arithmetic shift right of 64 bits",
  true,
  a => a.shiftLeft(61).shiftRightArithmetic(60, 64),
  a => BigInt.asIntN(64, a << 61n) >> 60n,
)
test("union is the least that holds both", () => {
  for (const a of small) {
    for (const b of small) assert.equal(`${a.union(b)}`, `${hull([...membersOf(a), ...membersOf(b)])}`)
  }
})

test("intersection, overlap and inclusion are those of the sets", () => {
  for (const a of small) {
    for (const b of small) {
      const both = membersOf(a).filter(x => b.has(x))
      assert.equal(a.overlaps(b), both.length > 0, `${a} ${b}`)
      assert.equal(a.contains(b), both.length === membersOf(b).length, `${a} ${b}`)
      if (both.length > 0) assert.deepEqual(membersOf(a.intersect(b)), both, `${a} ${b}`)
    }
  }
})

test("a range holds its numbers, and no bit more than they differ in from the top", () => {
  for (let low = 0n; low < 40n; low++) {
    for (let high = low; high < 40n; high++) {
      const got = Tnum.range(low, high)
      for (let x = low; x <= high; x++) assert.ok(got.has(x))
      assert.ok(got.mask <= (low ^ high) * 2n, `${low} … ${high}: ${got}`)
    }
  }
  assert.ok(Tnum.range(1n, 1n << 63n).isUnknown)
})

test("the 32-bit views", () => {
  const a = new Tnum(0xf0_0000_0001n, 0x0f_0000_0010n)
  assert.equal(`${a.low32()}`, "(0x1; 0x10)")
  assert.equal(`${a.cast(1)}`, "(0x1; 0x10)")
  assert.equal(`${a.withLow32(Tnum.constant(5n))}`, "(0xf000000005; 0xf00000000)")
  assert.equal(`${new Tnum(0x8000_0000n, 0x4000_0000n).shiftRightArithmetic(4, 32)}`, "(0xf8000000; 0x4000000)")
  assert.ok(!a.isConstant32)
})

test("the next number", () => {
  for (const a of small) {
    for (let from = 0n; from <= ALL; from++) {
      assert.equal(
        a.leastFrom(from),
        membersOf(a).find(x => x >= from),
        `${a} from ${from}`,
      )
    }
  }
  assert.equal(Tnum.unknown.leastFrom(1n << 64n), undefined)
})
