import assert from "node:assert/strict"
import { test } from "node:test"
import fc from "fast-check"
import { arbitraryInsns } from "../../tests/support/arbitraryInsn.ts"
import { sampleObject } from "../../tests/support/sampleObject.ts"
import { SkepError } from "../base/index.ts"
import { Btf, BtfBuilder } from "../btf/index.ts"
import { assemble, callKfunc, callSub, exit, type Insn, lddw, mov64Imm } from "../isa/index.ts"
import {
  type BpfObject,
  disassembleFunction,
  disassembleObject,
  type FunctionSpec,
  type MapSpec,
  type ProgramSpec,
  readElf,
  writeElf,
} from "./index.ts"

/** The types of an encoded BTF. */
function types(bytes: Uint8Array): unknown[] {
  if (bytes.length === 0) return []
  const btf = Btf.parse(bytes)
  return Array.from({ length: btf.count - 1 }, (_, i) => btf.type(i + 1))
}

/** What an object file keeps of a function. */
const functionParts = ({ name, insns, relocations, btfId }: FunctionSpec): unknown => ({
  name,
  insns,
  relocations,
  btfId,
})

/** The lines of a function, without their numbers in the object's list. */
const linesOf = (object: BpfObject, { lineInfo }: FunctionSpec): unknown =>
  lineInfo.map(({ insn, line, column }) => ({ insn, column, ...object.lines[line] }))

test("readElf(writeElf(o)) is o", () => {
  const object = sampleObject()
  const read = readElf(writeElf(object))
  assert.equal(read.name, object.name)
  assert.equal(read.license, object.license)
  assert.deepEqual(read.functions.map(functionParts), object.functions.map(functionParts))
  assert.deepEqual(read.programs.map(functionParts), object.programs.map(functionParts))
  assert.deepEqual(
    read.programs.map(({ section, type, attach }) => [section, type, attach]),
    [
      ["socket", "socket_filter", undefined],
      ["xdp", "xdp", undefined],
      ["tracepoint/sched/sched_switch", "tracepoint", { kind: "tracepoint", category: "sched", event: "sched_switch" }],
    ],
  )
  const all = (o: BpfObject): FunctionSpec[] => [...o.programs, ...o.functions]
  assert.deepEqual(
    all(read).map(fn => linesOf(read, fn)),
    all(object).map(fn => linesOf(object, fn)),
  )
  assert.deepEqual(read.maps, object.maps)
  assert.deepEqual(types(read.btf), types(object.btf))
})

test("writing again what was read gives the same bytes", () => {
  const first = writeElf(sampleObject())
  const second = writeElf(readElf(first))
  assert.deepEqual(readElf(second), readElf(first))
  assert.equal(second.length, first.length)
  assert.deepEqual(writeElf(readElf(second)), second)
})

/** An object of one program, with nothing but what a case needs. */
function object(insns: readonly Insn[], more: Partial<BpfObject> = {}, program: Partial<ProgramSpec> = {}): BpfObject {
  const spec = {
    name: "main",
    insns,
    relocations: [],
    core: [],
    btfId: 0,
    lineInfo: [],
    linkage: "global" as const,
    section: "socket",
    ...program,
  }
  return {
    name: "t.c",
    license: "GPL",
    programs: [spec],
    functions: [],
    maps: [],
    btf: new Uint8Array(),
    lines: [],
    ...more,
  }
}

const subprogram = (name: string, insns: readonly Insn[] = [exit()]): FunctionSpec => ({
  name,
  insns,
  relocations: [],
  core: [],
  btfId: 0,
  lineInfo: [],
  linkage: "static",
})

const map = (name: string, more: Partial<MapSpec> = {}): MapSpec => ({
  name,
  type: "hash",
  keySize: 4,
  valueSize: 8,
  maxEntries: 1,
  flags: 0,
  keyType: 0,
  valueType: 0,
  ...more,
})

test("random code is read as it was written", () => {
  // A call of a subprogram must lead to one: it needs a relocation, and has none here.
  const code = arbitraryInsns(30).map(insns => [...insns.filter(insn => !(insn.op === 0x85 && insn.src === 1)), exit()])
  fc.assert(
    fc.property(code, code, (main, sub) => {
      const written = object(main, { functions: [subprogram("sub", sub)] })
      const read = readElf(writeElf(written))
      assert.deepEqual(read.programs[0].insns, main)
      assert.deepEqual(read.functions[0].insns, sub)
    }),
  )
})

test("random maps are read as they were written", () => {
  const u32 = fc.nat(2 ** 31)
  const spec = fc.record(
    {
      type: fc.constantFrom("hash", "array", "lru_hash", "percpu_array", "queue", "ringbuf"),
      keySize: u32,
      valueSize: u32,
      maxEntries: fc.nat(0xffffffff),
      flags: fc.nat(0xffffffff),
    },
    { noNullPrototype: true },
  )
  fc.assert(
    fc.property(fc.array(spec, { maxLength: 5 }), specs => {
      const maps = specs.map((s, i) => map(`m${i}`, s))
      assert.deepEqual(readElf(writeElf(object([exit()], { maps }))).maps, maps)
    }),
  )
})

test("pinning by name, inner maps and kernel functions are kept", () => {
  const builder = new BtfBuilder()
  builder.add({ kind: "int", name: "int", size: 4, signed: true })
  const proto = builder.add({ kind: "func_proto", type: 0, params: [] })
  builder.add({ kind: "func", name: "bpf_rcu_read_lock", type: proto, linkage: "extern" })
  const maps = [
    map("inner"),
    map("outer", { type: "hash_of_maps", valueSize: 4, inner: "inner" }),
    map("kept", { pin: "/sys/fs/bpf/kept" }),
  ]
  const relocations = [{ kind: "kfunc", insn: 0, name: "bpf_rcu_read_lock" }] as const
  const written = object([callKfunc(0), exit()], { maps, btf: builder.encode() }, { relocations })
  const read = readElf(writeElf(written))
  assert.deepEqual(read.maps, maps)
  assert.deepEqual(read.programs[0].relocations, relocations)
  assert.deepEqual(types(read.btf), types(written.btf))
  assert.deepEqual(readElf(writeElf(read)), read)
})

test("programs of one section stand in it one after the other", () => {
  const programs = ["a", "b"].map((name, i) => ({ ...object([mov64Imm(0, i), exit()]).programs[0], name }))
  const read = readElf(writeElf(object([], { programs })))
  assert.deepEqual(
    read.programs.map(p => [p.name, p.section, p.insns[0].imm]),
    [
      ["a", "socket", 0],
      ["b", "socket", 1],
    ],
  )
})

test("a program that says nothing keeps its section", () => {
  const read = readElf(writeElf(object([exit()], {}, { section: ".bpf.fn.main" })))
  assert.equal(read.programs[0].section, ".bpf.fn.main")
  assert.equal(read.programs[0].type, undefined)
})

test("lines are left out when a function has none", () => {
  const functions = sampleObject().functions.map(fn => (fn.name === "add" ? { ...fn, lineInfo: [] } : fn))
  const read = readElf(writeElf(sampleObject({ functions })))
  for (const fn of [...read.programs, ...read.functions]) {
    assert.deepEqual(fn.lineInfo, [])
    assert.notEqual(fn.btfId, 0)
  }
})

/** The object is refused with this code. */
function refused(what: string, code: string, make: () => BpfObject): void {
  test(`does not write ${what}`, () => {
    assert.throws(
      () => writeElf(make()),
      (error: unknown) => error instanceof SkepError && error.code === code && error.hint !== undefined,
    )
  })
}

const load = [lddw(1, 1, 0, 0), exit()]
refused("a function without code", "OBJECT_EMPTY_FUNCTION", () => object([]))
refused("two things of one name", "OBJECT_DUPLICATE_NAME", () => object([exit()], { maps: [map("main")] }))
refused("a map that is not there", "OBJECT_NO_MAP", () =>
  object(load, {}, { relocations: [{ kind: "map", insn: 0, map: "gone" }] }),
)
refused("an inner map that is not there", "OBJECT_NO_MAP", () =>
  object([exit()], { maps: [map("m", { inner: "gone" })] }),
)
refused("a call of a program", "OBJECT_NO_FUNCTION", () =>
  object([callSub(-1), exit()], {}, { relocations: [{ kind: "call", insn: 0, function: "main" }] }),
)
refused("a relocation of another instruction", "OBJECT_RELOCATION", () =>
  object(load, { maps: [map("m")] }, { relocations: [{ kind: "map", insn: 1, map: "m" }] }),
)
refused("a relocation outside the code", "OBJECT_RELOCATION", () =>
  object(load, { maps: [map("m")] }, { relocations: [{ kind: "map", insn: 9, map: "m" }] }),
)
refused("a value of a map that is no global data", "OBJECT_RELOCATION", () =>
  object(load, { maps: [map("m")] }, { relocations: [{ kind: "mapValue", insn: 0, map: "m", offset: 0 }] }),
)
refused("a map of an unknown type", "OBJECT_MAP_TYPE", () => object([exit()], { maps: [map("m", { type: "heap" })] }))
refused("a pin at a path", "OBJECT_PIN_PATH", () => object([exit()], { maps: [map("m", { pin: "/sys/fs/bpf/x/m" })] }))
refused("an undeclared kernel function", "OBJECT_NO_PROTOTYPE", () =>
  object([callKfunc(0), exit()], {}, { relocations: [{ kind: "kfunc", insn: 0, name: "bpf_thing" }] }),
)
refused("a program in .text", "OBJECT_SECTION", () => object([exit()], {}, { section: ".text" }))
refused("a program in no section", "OBJECT_SECTION", () => object([exit()], {}, { section: "" }))
refused("values in .bss", "OBJECT_BSS", () => object([exit()], { maps: [map(".bss", { data: Uint8Array.of(1) })] }))
refused("a line that is not there", "OBJECT_LINE", () => ({ ...sampleObject(), lines: [] }))
refused("BTF that describes other maps", "OBJECT_BTF_MAPS", () => {
  const builder = new BtfBuilder()
  builder.add({ kind: "datasec", name: ".maps", size: 0, vars: [] })
  return object([exit()], { btf: builder.encode(), maps: [map("m")] })
})

test("a function reads as text with names, and back", () => {
  const [count] = sampleObject().programs
  const text = disassembleFunction(count, { slots: false })
  assert.match(text, /^\(18\) r1 = map\[stats\]$/m)
  assert.match(text, /^\(18\) r2 = map\[\.rodata\]\[0\]\+4$/m)
  assert.match(text, /^\(85\) call add$/m)
  assert.match(text, /^\(18\) r2 = subprog\[each\]$/m)
})

test("an object reads as text with its lines of source", () => {
  const insns = assemble("r0 = 0\nif r0 == 0 goto +1\nr0 = 1\nexit")
  const lineInfo = [
    { insn: 0, line: 0, column: 1 },
    { insn: 2, line: 1, column: 1 },
  ]
  const lines = [
    { file: "t.c", text: "\tint x = 0;", line: 3 },
    { file: "t.c", text: "return 1;", line: 4 },
  ]
  assert.equal(
    disassembleObject(object(insns, { lines }, { lineInfo }), { syntax: "llvm", labels: true }),
    [
      "; section socket",
      "main:",
      "; int x = 0; @ t.c:3",
      "       0: r0 = 0",
      "       1: if r0 == 0 goto +1 <LBB0_1>",
      "; return 1; @ t.c:4",
      "       2: r0 = 1",
      "LBB0_1:",
      "       3: exit",
      "",
    ].join("\n"),
  )
})

test("a map of counters of drops keeps the names of its ring buffers", () => {
  const plain = { keySize: 0, valueSize: 0, maxEntries: 4096, flags: 0, keyType: 0, valueType: 0 }
  const ring = (name: string): MapSpec => ({ ...plain, name, type: "ringbuf" })
  const drops: MapSpec = {
    ...plain,
    name: "drops",
    type: "percpu_array",
    keySize: 4,
    valueSize: 8,
    maxEntries: 2,
    drops: ["b", "a"],
  }
  const maps = [ring("a"), ring("b"), drops]
  const object: BpfObject = { ...sampleObject(), programs: [], functions: [], maps, btf: new Uint8Array(0) }
  assert.deepEqual(readElf(writeElf(object)).maps, maps)
})
