import assert from "node:assert/strict"
import { test } from "node:test"
import { runObject } from "../../../tests/support/runObject.ts"
import { SourceFile } from "../../base/index.ts"
import { assertValid, constant, FunctionBuilder, type Module, newFunction, type Value } from "../../ir/index.ts"
import { BPF_JMP, BPF_JMP32, encodeInsns, OP_JA32, slotCount } from "../../isa/index.ts"
import { type CpuLevel, generate } from "../index.ts"

/** `if (x) { n statements } else x = 5; loop back to the start once` — jumps over `n` statements in both directions. */
function farJumps(n: number): Module {
  const span = { file: new SourceFile("far.c", ""), start: 0, end: 0 }
  const func = newFunction({ name: "f", params: [{ type: "i64", name: "x" }], ret: "i64", span })
  const b = new FunctionBuilder(func)
  const [header, long, short, join, done] = [b.newBlock(), b.newBlock(), b.newBlock(), b.newBlock(), b.newBlock()]
  b.jump(header)
  b.start(header)
  const round = b.phi("i64")
  const x = b.phi("i64")
  b.addIncoming(round, func.blocks[0], constant("i64", 0))
  b.addIncoming(x, func.blocks[0], func.params[0])
  b.br(x, long, short)
  b.start(long)
  let v: Value = x
  for (let i = 0; i < n; i++) v = b.binary(i % 2 === 0 ? "add" : "xor", v, constant("i64", i + 1))
  b.jump(join)
  b.start(short)
  b.jump(join)
  b.start(join)
  const merged = b.phi("i64")
  b.addIncoming(merged, long, v)
  b.addIncoming(merged, short, constant("i64", 5))
  const next = b.binary("add", round, constant("i64", 1))
  b.addIncoming(round, join, next)
  b.addIncoming(x, join, merged)
  b.br(b.cmp("ult", next, constant("i64", 2)), header, done)
  b.start(done)
  b.ret(merged)
  assertValid(func)
  const btf = { addString: () => 0, encode: () => new Uint8Array(0) }
  return {
    name: "far",
    license: "GPL",
    functions: [func],
    programs: [{ func: "f", section: "t" }],
    maps: [],
    globals: [],
    btf,
  }
}

function expected(n: number, x: bigint): bigint {
  for (let round = 0; round < 2; round++) {
    if (x === 0n) {
      x = 5n
      continue
    }
    for (let i = 0; i < n; i++) x = BigInt.asUintN(64, i % 2 === 0 ? x + BigInt(i + 1) : x ^ BigInt(i + 1))
  }
  return x
}

function reaches(n: number, cpu: CpuLevel, long: boolean): void {
  test(`jumps over ${n} instructions, level ${cpu}`, () => {
    const object = generate(farJumps(n), { cpu, check: true })
    const { insns } = object.programs[0]
    assert.ok(slotCount(insns) >= n)
    encodeInsns(insns)
    assert.equal(
      insns.some(i => i.op === OP_JA32),
      long,
    )
    for (const i of insns) {
      const jumps = (i.op & 7) === BPF_JMP || (i.op & 7) === BPF_JMP32
      if (jumps) assert.ok(Math.abs(i.off) <= 32767, `distance ${i.off}`)
    }
    for (const x of [0n, 7n]) assert.equal(runObject(object, "f", [x]), expected(n, x))
  })
}

reaches(100, 3, false)
reaches(31_000, 3, false)
reaches(40_000, 3, false)
reaches(40_000, 4, true)
reaches(120_000, 3, false)
reaches(120_000, 4, true)
