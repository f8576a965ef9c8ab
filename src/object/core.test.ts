import assert from "node:assert/strict"
import { test } from "node:test"
import { func, object, program } from "../../tests/support/kernel.ts"
import { SkepError } from "../base/index.ts"
import { Btf, BtfBuilder, type BtfMemberInput, type CoreKind } from "../btf/index.ts"
import { assemble } from "../isa/index.ts"
import { disassembleFunction, type FunctionSpec, relocateCore } from "./index.ts"

interface Sizes {
  readonly u32: number
  readonly long: number
  readonly pointer: number
}

/** BTF of one struct `s`, which is type 4. */
function types(size: number, members: (t: Sizes) => readonly BtfMemberInput[]): Uint8Array {
  const builder = new BtfBuilder()
  const u32 = builder.add({ kind: "int", name: "unsigned int", size: 4 })
  const long = builder.add({ kind: "int", name: "long", size: 8, signed: true })
  const pointer = builder.add({ kind: "ptr", type: 0 })
  builder.add({ kind: "struct", name: "s", size, members: members({ u32, long, pointer }) })
  builder.add({ kind: "int", name: "unsigned long", size: 8 })
  return builder.encode()
}

const own = types(24, t => [
  { name: "a", type: t.u32, bitOffset: 0 },
  { name: "b", type: t.u32, bitOffset: 32 },
  { name: "gone", type: t.long, bitOffset: 64 },
  { name: "far", type: t.u32, bitOffset: 128 },
])

const kernel = Btf.parse(
  types(48, t => [
    { name: "b", type: 5, bitOffset: 64 },
    { name: "a", type: t.u32, bitOffset: 128 },
    { name: "far", type: t.u32, bitOffset: 40000 * 8 },
  ]),
)

/** The code with one relocation at its first instruction, after it was relocated. */
function relocated(code: string, kind: CoreKind, access: string): FunctionSpec {
  const core = [{ insn: 0, type: 4, kind, access }]
  const spec = program("p", assemble(`${code}\nif r1 == 0 goto +1\nr0 = 1\nexit`), { core })
  const lineInfo = [{ insn: 1, line: 0, column: 1 }]
  return relocateCore(object({ btf: own, programs: [{ ...spec, lineInfo }] }), { btf: kernel }).programs[0]
}

const first = (fn: FunctionSpec): string =>
  disassembleFunction(fn, { syntax: "llvm", slots: false }).split("\n")[0].trim()

function core(code: string, kind: CoreKind, access: string, expected: string): void {
  test(`${code} (${kind} ${access}): ${expected}`, () => {
    const fn = relocated(code, kind, access)
    assert.equal(first(fn), expected)
    assert.deepEqual(fn.core, [])
  })
}

core("w1 = *(u32 *)(r2 + 0)", "field_byte_offset", "0:0", "w1 = *(u32 *)(r2 + 16)")
core("*(u32 *)(r2 + 0) = w1", "field_byte_offset", "0:0", "*(u32 *)(r2 + 16) = w1")
core("*(u32 *)(r2 + 0) = 7", "field_byte_offset", "0:0", "*(u32 *)(r2 + 16) = 7")
core("r1 = *(u32 *)(r2 + 4)", "field_byte_offset", "0:1", "r1 = *(u64 *)(r2 + 8)")
core("r1 = 4", "field_byte_offset", "0:1", "r1 = 8")
core("r1 += 4", "field_byte_offset", "0:1", "r1 += 8")
core("r1 = 4 ll", "field_byte_offset", "0:1", "r1 = 8 ll")
core("r1 = 24", "type_size", "0", "r1 = 48")
core("r1 = 1", "field_exists", "0:2", "r1 = 0")
core("w1 = 16", "field_byte_offset", "0:3", "w1 = 40000")

function poisoned(code: string, kind: CoreKind, access: string, why: string): void {
  test(`${code} (${kind} ${access}): ${why}`, () => {
    const fn = relocated(code, kind, access)
    assert.equal(first(fn), "call 195896080")
    assert.deepEqual(fn.poisoned, [{ insn: 0, why }])
  })
}

poisoned("r1 = *(u64 *)(r2 + 8)", "field_byte_offset", "0:2", "field gone of struct s is not in this kernel")
poisoned("r1 = 8", "field_byte_offset", "0:2", "field gone of struct s is not in this kernel")
poisoned("r1 = 8 ll", "field_byte_offset", "0:2", "field gone of struct s is not in this kernel")

test("a 64-bit load that is poisoned keeps its two slots", () => {
  const fn = relocated("r1 = 8 ll", "field_byte_offset", "0:2")
  assert.deepEqual(
    fn.insns.slice(0, 3).map(i => i.op),
    [0x85, 0x85, 0x15],
  )
  assert.deepEqual(fn.lineInfo, [{ insn: 2, line: 0, column: 1 }])
})

test("relocations after a poisoned 64-bit load move with their instructions", () => {
  const insns = assemble("r1 = 8 ll\ncall -1\nexit")
  const spec = func("f", insns, {
    core: [{ insn: 0, type: 4, kind: "field_byte_offset", access: "0:2" }],
    relocations: [{ kind: "call", insn: 1, function: "g" }],
  })
  const [fn] = relocateCore(object({ btf: own, functions: [spec] }), { btf: kernel }).functions
  assert.deepEqual(fn.relocations, [{ kind: "call", insn: 2, function: "g" }])
})

function refused(what: string, code: string, kind: CoreKind, access: string): void {
  test(`refuses ${what}`, () => {
    assert.throws(
      () => relocated(code, kind, access),
      (error: unknown) => error instanceof SkepError && error.code === "CORE_VALUE" && error.hint !== undefined,
    )
  })
}

refused("an instruction without a number", "r1 = r2", "field_byte_offset", "0:0")
refused("a jump", "goto +0", "field_byte_offset", "0:0")
refused("another number than the program's", "r1 = 3", "field_byte_offset", "0:1")
refused("a displacement that does not fit", "r1 = *(u32 *)(r2 + 16)", "field_byte_offset", "0:3")
refused("a load of another width than the field's", "r1 = *(u8 *)(r2 + 4)", "field_byte_offset", "0:1")
