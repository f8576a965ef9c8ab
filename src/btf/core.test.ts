import assert from "node:assert/strict"
import { test } from "node:test"
import { SkepError } from "../base/index.ts"
import { Btf, BtfBuilder, type BtfTypeInput, type CoreKind, CoreMatcher, layoutRecord } from "./index.ts"

type Field = number | { readonly type: number; readonly bits: number }

/** Writes types down as C has them, sizes and offsets included. */
class Types {
  readonly builder = new BtfBuilder()
  readonly #sizes = new Map<number, number>()
  readonly #aligns = new Map<number, number>()
  readonly int = this.add({ kind: "int", name: "int", size: 4, signed: true }, 4)
  readonly u32 = this.add({ kind: "int", name: "unsigned int", size: 4 }, 4)
  readonly u8 = this.add({ kind: "int", name: "unsigned char", size: 1 }, 1)
  readonly long = this.add({ kind: "int", name: "long", size: 8, signed: true }, 8)
  readonly u64 = this.add({ kind: "int", name: "unsigned long", size: 8 }, 8)
  readonly pointer = this.add({ kind: "ptr", type: 0 }, 8)

  add(type: BtfTypeInput, size: number, align = size): number {
    const id = this.builder.add(type)
    this.#sizes.set(id, size)
    this.#aligns.set(id, align)
    return id
  }

  /** A member whose name starts with `_` has none. */
  record(kind: "struct" | "union", name: string, fields: Readonly<Record<string, Field>>): number {
    const list = Object.entries(fields).map(([member, field]) => {
      const { type, bits } = typeof field === "number" ? { type: field, bits: undefined } : field
      return { name: member.startsWith("_") ? "" : member, type, bits }
    })
    const layout = layoutRecord(
      list.map(({ type, bits }) => ({ size: this.#sizes.get(type)!, align: this.#aligns.get(type)!, bitWidth: bits })),
      { union: kind === "union" },
    )
    const members = list.map(({ name: member, type, bits }, i) => ({
      name: member,
      type,
      bitOffset: layout.bitOffsets[i],
      bitSize: bits ?? 0,
    }))
    return this.add({ kind, name, size: layout.size, members }, layout.size, layout.align)
  }

  struct(name: string, fields: Readonly<Record<string, Field>>): number {
    return this.record("struct", name, fields)
  }

  array(type: number, count: number): number {
    const input = { kind: "array", type, indexType: this.int, count } as const
    return this.add(input, this.#sizes.get(type)! * count, this.#aligns.get(type))
  }

  ptr(type: number): number {
    return this.add({ kind: "ptr", type }, 8)
  }

  typedef(name: string, type: number): number {
    return this.add({ kind: "typedef", name, type }, this.#sizes.get(type)!, this.#aligns.get(type))
  }

  enum(name: string, values: Readonly<Record<string, number>>): number {
    const list = Object.entries(values).map(([value, n]) => ({ name: value, value: n }))
    return this.add({ kind: "enum", name, size: 4, signed: list.some(v => v.value < 0), values: list }, 4)
  }

  enum64(name: string, values: Readonly<Record<string, bigint>>): number {
    const list = Object.entries(values).map(([value, n]) => ({ name: value, value: n }))
    return this.add({ kind: "enum64", name, size: 8, values: list }, 8)
  }

  fn(type: number, ...params: readonly number[]): number {
    const input = { kind: "func_proto", type, params: params.map((p, i) => ({ name: `a${i}`, type: p })) } as const
    return this.add(input, 0, 1)
  }
}

type Define = (t: Types) => number
/** What a relocation comes to, what is not there, or an error's code. */
type Outcome = bigint | "missing" | string

function outcome(kind: CoreKind, access: string, local: Define, target: Define, modules: readonly Define[]): Outcome {
  const program = new Types()
  const type = local(program)
  const kernel = new Types()
  target(kernel)
  const btf = Btf.parse(kernel.builder.encode())
  const split = modules.map(define => {
    const types = new Types()
    define(types)
    return Btf.parse(types.builder.encode())
  })
  const matcher = new CoreMatcher(Btf.parse(program.builder.encode()), { btf, modules: () => split })
  try {
    return matcher.resolve({ kind, access, type }).target?.value ?? "missing"
  } catch (error) {
    if (error instanceof SkepError) return error.code
    throw error
  }
}

function core(
  what: string,
  kind: CoreKind,
  access: string,
  local: Define,
  target: Define,
  expected: Outcome,
  ...modules: readonly Define[]
): void {
  test(`${kind} ${access}: ${what}`, () => {
    assert.deepEqual(outcome(kind, access, local, target, modules), expected)
  })
}

const pid: Define = t => t.struct("task", { pid: t.int })
const offset = "field_byte_offset"

core("a member that has moved", offset, "0:0", pid, t => t.struct("task", { a: t.long, pid: t.int }), 8n)
core("a member that is gone", offset, "0:0", pid, t => t.struct("task", { a: t.long }), "missing")
core("a type that is gone", offset, "0:0", pid, t => t.struct("other", { pid: t.int }), "missing")
core("a type of another kind", offset, "0:0", pid, t => t.record("union", "task", { pid: t.int }), "missing")
core(
  "a type in a module",
  offset,
  "0:0",
  pid,
  t => t.int,
  8n,
  t => t.struct("task", { a: t.long, pid: t.int }),
)
core("an element of an array of it", offset, "2:0", pid, t => t.struct("task", { a: t.long, pid: t.int }), 40n)
core(
  "a flavour of the program's",
  offset,
  "0:0",
  t => t.struct("task___v2", { pid: t.int }),
  t => t.struct("task", { a: t.int, pid: t.int }),
  4n,
)
core("a flavour of the kernel's", offset, "0:0", pid, t => t.struct("task___new", { a: t.int, pid: t.int }), 4n)
core("no flavour", offset, "0:0", pid, t => t.struct("task____new", { a: t.int, pid: t.int }), "missing")
core(
  "a member that has moved into an anonymous union",
  offset,
  "0:0",
  pid,
  t =>
    t.struct("task", { a: t.long, _: t.record("union", "", { x: t.long, _: t.struct("", { y: t.int, pid: t.int }) }) }),
  12n,
)
core(
  "a member that has left an anonymous struct",
  offset,
  "0:1:1",
  t => t.struct("task", { a: t.long, _: t.struct("", { b: t.int, pid: t.int }) }),
  t => t.struct("task", { pid: t.int }),
  0n,
)
core("an integer of another width", offset, "0:0", pid, t => t.struct("task", { a: t.long, pid: t.u64 }), 8n)
core("an integer that has become a pointer", offset, "0:0", pid, t => t.struct("task", { pid: t.pointer }), "missing")
core(
  "a member behind a typedef",
  offset,
  "0:0",
  pid,
  t => t.struct("task", { a: t.int, pid: t.typedef("pid_t", t.int) }),
  4n,
)
core(
  "a member of a member",
  offset,
  "0:0:1",
  t => t.struct("outer", { in: t.struct("inner", { a: t.int, b: t.int }) }),
  t => t.struct("outer", { x: t.long, in: t.struct("different", { b: t.int }) }),
  8n,
)

const array =
  (count: number, type: "u8" | "long" = "long"): Define =>
  t =>
    t.struct("s", { pad: t.int, list: t.array(t[type], count) })
core("an element of an array", offset, "0:1:3", array(4), array(6), 32n)
core("an element past the kernel's array", offset, "0:1:3", array(4), array(3), "missing")
core("an element of a flexible array", offset, "0:1:3", array(0), array(0), 32n)
core("an element past the program's array", offset, "0:1:3", array(2), array(2), "CORE_ACCESS")
core("elements of another size", offset, "0:1:2", array(4), array(4, "u8"), 6n)

core("a member", "field_byte_size", "0:0", pid, t => t.struct("task", { pid: t.long }), 8n)
core("an array", "field_byte_size", "0:1", array(4), array(6), 48n)
core("a member", "field_exists", "0:0", pid, pid, 1n)
core("a member that is gone", "field_exists", "0:0", pid, t => t.struct("task", { a: t.int }), 0n)
core("a type that is gone", "field_exists", "0:0", pid, t => t.int, 0n)
core("int", "field_signed", "0:0", pid, pid, 1n)
core("int that is unsigned there", "field_signed", "0:0", pid, t => t.struct("task", { pid: t.u32 }), 0n)
core("a member that is gone", "field_signed", "0:0", pid, t => t.int, "missing")

const bits =
  (pad: number, width: number, type: "u32" | "u8" | "u64" = "u32"): Define =>
  t =>
    t.struct("b", { p: { type: t[type], bits: pad }, f: { type: t[type], bits: width } })
core("a bit-field", offset, "0:1", bits(3, 5), bits(17, 9), 0n)
core("a bit-field", "field_byte_size", "0:1", bits(3, 5), bits(17, 9), 4n)
core("a bit-field", "field_lshift_u64", "0:1", bits(3, 5), bits(17, 9), 38n)
core("a bit-field", "field_rshift_u64", "0:1", bits(3, 5), bits(17, 9), 55n)
core("a bit-field in the next unit", offset, "0:1", bits(3, 5), bits(30, 5), 4n)
core(
  "a bit-field that has become an integer",
  offset,
  "0:1",
  bits(3, 5),
  t => t.struct("b", { p: t.u32, f: t.u32 }),
  4n,
)
core(
  "a bit-field that has become an integer",
  "field_lshift_u64",
  "0:1",
  bits(3, 5),
  t => t.struct("b", { p: t.u32, f: t.u32 }),
  32n,
)

core("a type", "type_exists", "0", pid, t => t.struct("task", { x: t.int }), 1n)
core("a type that is gone", "type_exists", "0", pid, t => t.struct("other", { pid: t.int }), 0n)
core("a type", "type_size", "0", pid, t => t.struct("task", { x: t.long }), 8n)
core("a type that is gone", "type_size", "0", pid, t => t.int, 0n)
core(
  "a type",
  "type_id_local",
  "0",
  t => t.u32,
  t => t.int,
  2n,
)
core(
  "a type",
  "type_id_target",
  "0",
  t => t.u32,
  t => t.int,
  2n,
)
core("a type that is gone", "type_id_target", "0", pid, t => t.int, 0n)
core(
  "a typedef of a pointer",
  "type_exists",
  "0",
  t => t.typedef("p", t.ptr(t.int)),
  t => t.typedef("p", t.ptr(t.long)),
  1n,
)
core(
  "a typedef of something else",
  "type_exists",
  "0",
  t => t.typedef("p", t.ptr(t.int)),
  t => t.typedef("p", t.int),
  0n,
)
core(
  "a prototype",
  "type_exists",
  "0",
  t => t.typedef("f", t.fn(t.int, t.long)),
  t => t.typedef("f", t.fn(t.u32, t.int)),
  1n,
)
core(
  "a prototype of more parameters",
  "type_exists",
  "0",
  t => t.typedef("f", t.fn(t.int)),
  t => t.typedef("f", t.fn(t.int, t.int)),
  0n,
)
core(
  "a prototype of other parameters",
  "type_exists",
  "0",
  t => t.typedef("f", t.fn(t.int, t.int)),
  t => t.typedef("f", t.fn(t.int, t.pointer)),
  0n,
)

core("a type with more in it", "type_matches", "0", pid, t => t.struct("task", { a: t.long, pid: t.int }), 1n)
core("a type with less in it", "type_matches", "0", pid, t => t.struct("task", { a: t.long, b: t.long }), 0n)
core("a member of another size", "type_matches", "0", pid, t => t.struct("task", { pid: t.long }), 0n)
core("a member of another sign", "type_matches", "0", pid, t => t.struct("task", { pid: t.u32 }), 0n)
core(
  "a pointer to another type",
  "type_matches",
  "0",
  t => t.struct("s", { p: t.ptr(t.struct("a", { x: t.int })) }),
  t => t.struct("s", { p: t.ptr(t.struct("b", { x: t.int })) }),
  0n,
)
core(
  "a pointer to a type that is different inside",
  "type_matches",
  "0",
  t => t.struct("s", { p: t.ptr(t.struct("a", { x: t.int })) }),
  t => t.struct("s", { p: t.ptr(t.struct("a", { y: t.long })) }),
  1n,
)
core(
  "fewer enumerators",
  "type_matches",
  "0",
  t => t.enum("e", { A: 1 }),
  t => t.enum("e", { B: 1, A: 2 }),
  1n,
)
core(
  "an enumerator that is gone",
  "type_matches",
  "0",
  t => t.enum("e", { A: 1 }),
  t => t.enum("e", { B: 1 }),
  0n,
)

const value: Define = t => t.enum("e", { A: 1, B: 2 })
core("another value", "enum_value", "1", value, t => t.enum("e", { A: 1, X: 2, B: 3 }), 3n)
core("a negative value", "enum_value", "1", value, t => t.enum("e", { B: -3 }), -3n)
core("a value of 64 bits", "enum_value", "1", value, t => t.enum64("e", { B: 1n << 40n }), 1n << 40n)
core("a flavour", "enum_value", "0", t => t.enum("e___x", { A___x: 5 }), value, 1n)
core("a value that is gone", "enum_value", "1", value, t => t.enum("e", { A: 1 }), "missing")
core("a value", "enum_value_exists", "1", value, value, 1n)
core("a value that is gone", "enum_value_exists", "1", value, t => t.enum("e", { A: 1 }), 0n)
core("a value past the enum", "enum_value", "2", value, value, "CORE_ACCESS")

core(
  "a type without a name",
  offset,
  "0:0",
  t => t.struct("", { a: t.int }),
  t => t.int,
  "CORE_ANONYMOUS",
)
core("no list of numbers", offset, "0:x", pid, pid, "CORE_ACCESS")
core("a member past the struct", offset, "0:1", pid, pid, "CORE_ACCESS")
core("a member of an integer", offset, "0:0:0", pid, pid, "CORE_ACCESS")
core(
  "two types that differ",
  offset,
  "0:0",
  pid,
  t => [t.struct("task", { pid: t.int }), t.struct("task", { a: t.int, pid: t.int })][0],
  "CORE_AMBIGUOUS",
)
core(
  "two types that agree",
  offset,
  "0:0",
  pid,
  t => [t.struct("task", { pid: t.int }), t.struct("task", { pid: t.int, a: t.int })][0],
  0n,
)

test("all that is asked of a type has to be in one type of the kernel", () => {
  const program = new Types()
  const type = program.struct("s", { a: program.int, b: program.int })
  const kernel = new Types()
  kernel.struct("s", { a: kernel.int })
  kernel.struct("s", { b: kernel.int })
  const target = { btf: Btf.parse(kernel.builder.encode()) }
  const matcher = new CoreMatcher(Btf.parse(program.builder.encode()), target)
  const resolve = (access: string) => matcher.resolve({ kind: "field_byte_offset", access, type })
  assert.equal(resolve("0:0").target?.value, 0n)
  assert.equal(resolve("0:1").target, undefined)
  assert.equal(resolve("0:1").what, "field b of struct s")
})
