import assert from "node:assert/strict"
import { test } from "node:test"
import { bpfDescriptors, func, kernel, map, needsRoot, object, program, returns } from "../../tests/support/kernel.ts"
import { BtfBuilder } from "../btf/index.ts"
import {
  addrSpaceCast,
  alu64Imm,
  BPF_ADD,
  BPF_DW,
  BPF_JEQ,
  BPF_W,
  call,
  callSub,
  exit,
  type Insn,
  jumpImm,
  lddw,
  loadFunc,
  loadMapFd,
  loadMem,
  mov64Imm,
  mov64Reg,
  storeImm,
} from "../isa/index.ts"
import type { BpfObject, ProgramSpec } from "../object/index.ts"
import { kernelAtLeast } from "./host/index.ts"

const skip = needsRoot
const packet = new Uint8Array(64)

/** r0 of a program's trial run on an empty packet. */
function run(obj: BpfObject, name: string): number {
  using loaded = kernel().load(obj)
  return loaded.program(name).testRun({ data: packet }).retval
}

const filter = { type: "socket_filter" } as const

test("a program runs", { skip }, () => {
  const result = (() => {
    using loaded = kernel().load(object({ programs: [program("two", returns(2), filter)] }))
    return loaded.program("two").testRun({ data: packet, repeat: 10 })
  })()
  assert.equal(result.retval, 2)
  assert.equal(result.data.length, packet.length)
  assert.ok(result.duration >= 0)
})

test("a program calls subprograms that call others", { skip }, () => {
  const main = program("main", [mov64Imm(1, 5), callSub(-1), exit()], {
    ...filter,
    relocations: [{ kind: "call", insn: 1, function: "outer" }],
  })
  const outer = func("outer", [lddw(2, 0, 100, 0), callSub(-1), alu64Imm(BPF_ADD, 0, 1), exit()], {
    relocations: [{ kind: "call", insn: 1, function: "inner" }],
  })
  const inner = func("inner", [mov64Reg(0, 1), alu64Imm(BPF_ADD, 0, 10), exit()])
  const unused = func("unused", [exit()])
  const obj = object({ programs: [main], functions: [inner, unused, outer] })
  assert.equal(run(obj, "main"), 16)
  assert.equal(main.insns[1].imm, -1, "the object is left as it was")
})

test("a subprogram is passed as a callback", { skip }, () => {
  // bpf_loop(3, callback, context, 0): the callback adds 2 to what the context points to.
  const main = program(
    "main",
    [
      storeImm(BPF_DW, 10, -8, 0),
      mov64Imm(1, 3),
      loadFunc(2, 0),
      mov64Reg(3, 10),
      alu64Imm(BPF_ADD, 3, -8),
      mov64Imm(4, 0),
      call(181),
      loadMem(BPF_DW, 0, 10, -8),
      exit(),
    ],
    { ...filter, relocations: [{ kind: "function", insn: 2, function: "callback" }] },
  )
  const callback = func("callback", [
    loadMem(BPF_DW, 1, 2, 0),
    alu64Imm(BPF_ADD, 1, 2),
    { op: 0x7b, dst: 2, src: 1, off: 0, imm: 0 },
    mov64Imm(0, 0),
    exit(),
  ])
  // The kernel tells callbacks from other code by their types.
  const { btf, mainId, subId } = types("main", "callback")
  const programs = [{ ...main, btfId: mainId }]
  assert.equal(run(object({ programs, functions: [{ ...callback, btfId: subId }], btf }), "main"), 6)
})

test("a program reads and writes its maps, and the process sees it", { skip }, () => {
  const count = program(
    "count",
    [
      storeImm(BPF_W, 10, -4, 0),
      mov64Reg(2, 10),
      alu64Imm(BPF_ADD, 2, -4),
      loadMapFd(1, 0),
      call(1),
      jumpImm(BPF_JEQ, 0, 0, 3),
      loadMem(BPF_DW, 1, 0, 0),
      alu64Imm(BPF_ADD, 1, 1),
      { op: 0x7b, dst: 0, src: 1, off: 0, imm: 0 },
      mov64Imm(0, 0),
      exit(),
    ],
    { ...filter, relocations: [{ kind: "map", insn: 3, map: "counts" }] },
  )
  using loaded = kernel().load(object({ programs: [count], maps: [map("counts", "array", { maxEntries: 1 })] }))
  loaded.program("count").testRun({ data: packet, repeat: 7 })
  const value = loaded.map("counts").lookup(new Uint8Array(4)) as Uint8Array
  assert.equal(value[0], 7)
})

test("a program reads global data at an offset", { skip }, () => {
  const data = new Uint8Array([0, 0, 0, 0, 0, 0, 0, 0, 9, 0, 0, 0, 0, 0, 0, 0])
  const main = program("main", [lddw(1, 0, 0, 0), loadMem(BPF_DW, 0, 1, 0), exit()], {
    ...filter,
    relocations: [{ kind: "mapValue", insn: 0, map: ".data", offset: 8 }],
  })
  const maps = [map(".data", "array", { maxEntries: 1, valueSize: 16, data })]
  assert.equal(run(object({ programs: [main], maps }), "main"), 9)
})

test("maps of the caller stand for the object's", { skip }, () => {
  const spec = map("counts", "array", { maxEntries: 1 })
  const key = new Uint8Array(4)
  const value = (n: number): Uint8Array => new Uint8Array(BigUint64Array.of(BigInt(n)).buffer)
  using first = kernel().load(object({ maps: [spec] }))
  const second = kernel().load(object({ maps: [spec] }), { maps: first.maps })
  using third = kernel().load(object({ maps: [spec] }), { maps: first.maps })
  second.map("counts").update(key, value(7))
  second[Symbol.dispose]()
  assert.deepEqual(first.map("counts").lookup(key), value(7))
  first[Symbol.dispose]()
  assert.deepEqual(third.map("counts").lookup(key), value(7))
})

/** What the error of a refused object is like. */
function refused(
  name: string,
  programs: ProgramSpec[],
  wanted: { code: string; message: RegExp; hint?: RegExp },
): void {
  test(`refused: ${name}`, { skip }, () => {
    const before = bpfDescriptors().length
    assert.throws(
      () => kernel().load(object({ programs, maps: [map("m", "hash")] })),
      (error: { code?: string; message: string; hint?: string }) => {
        assert.equal(error.code, wanted.code)
        assert.match(error.message, wanted.message)
        assert.ok(!error.message.includes("\n"), "one line")
        if (wanted.hint) assert.match(error.hint ?? "", wanted.hint)
        return true
      },
    )
    assert.equal(bpfDescriptors().length, before, "nothing is left behind")
  })
}
const ok = program("ok", returns(0), filter)
refused("no return value", [ok, program("bad", [exit()], filter)], {
  code: "KERNEL_VERIFIER",
  message: /^the kernel's verifier refused program bad: the function ends without a value to return$/,
})
refused(
  "a map value without a test for NULL",
  [
    program(
      "bad",
      [
        storeImm(BPF_W, 10, -4, 0),
        mov64Reg(2, 10),
        alu64Imm(BPF_ADD, 2, -4),
        loadMapFd(1, 0),
        call(1),
        loadMem(BPF_DW, 0, 0, 0),
        exit(),
      ],
      { ...filter, relocations: [{ kind: "map", insn: 3, map: "m" }] },
    ),
  ],
  {
    code: "KERNEL_VERIFIER",
    message: /a lookup in map 'm' gave may be NULL/,
    hint: /test the pointer/,
  },
)
refused(
  "a helper the type may not call",
  [program("bad", [mov64Imm(1, 1), mov64Imm(2, 0), call(23), exit()], filter)],
  {
    code: "KERNEL_VERIFIER",
    message: /programs of type socket_filter may not call bpf_redirect/,
    hint: /bpf_redirect came with Linux 4\.4/,
  },
)
refused("a helper that does not exist", [program("bad", [call(9999), exit()], filter)], {
  code: "KERNEL_VERIFIER",
  message: /no helper with number 9999/,
  hint: /too old/,
})
refused("an endless loop", [program("bad", [mov64Imm(0, 0), jumpImm(BPF_JEQ, 0, 0, -1), exit()], filter)], {
  code: "KERNEL_VERIFIER",
  message: /the loop has no end/,
  hint: /count to a constant/,
})
refused(
  "no such map",
  [program("bad", [loadMapFd(1, 0), ...returns(0)], { ...filter, relocations: [{ kind: "map", insn: 0, map: "x" }] })],
  {
    code: "MACHINE_NO_MAP",
    message: /no map x/,
    hint: /it has: m/,
  },
)
refused(
  "no such function",
  [program("bad", [callSub(0), exit()], { ...filter, relocations: [{ kind: "call", insn: 0, function: "f" }] })],
  {
    code: "KERNEL_NO_FUNCTION",
    message: /bad needs f/,
  },
)
refused(
  "no such kernel function",
  [program("bad", [callSub(0), exit()], { ...filter, relocations: [{ kind: "kfunc", insn: 0, name: "nope_f" }] })],
  {
    code: "KERNEL_NO_FUNCTION",
    message: /no function nope_f/,
  },
)
refused(
  "a relocation outside the program",
  [program("bad", returns(0), { ...filter, relocations: [{ kind: "map", insn: 9, map: "m" }] })],
  {
    code: "KERNEL_BAD_OBJECT",
    message: /instruction 9/,
  },
)

test("a refusal that no GPL licence causes says so", { skip }, () => {
  const bad = program(
    "bad",
    [mov64Reg(1, 10), alu64Imm(BPF_ADD, 1, -8), mov64Imm(2, 8), mov64Imm(3, 0), call(113), ...returns(0)],
    {
      type: "raw_tracepoint",
    },
  )
  assert.throws(() => kernel().load(object({ programs: [bad], license: "Proprietary" })), {
    code: "KERNEL_VERIFIER",
    message: /bpf_probe_read_kernel is for programs under the GPL/,
  })
})

test("the whole of a long log is kept", { skip }, () => {
  // Many branches, each explored: a log of several megabytes, with the fault at its end.
  const insns = [mov64Imm(6, 0)]
  for (let i = 0; i < 3000; i++) {
    insns.push(call(7), jumpImm(BPF_JEQ, 0, 5, 1), alu64Imm(BPF_ADD, 6, 1))
  }
  insns.push(mov64Reg(0, 9), exit())
  const error = caught(() => kernel().load(object({ programs: [program("long", insns, filter)] })))
  assert.equal(error.code, "KERNEL_VERIFIER")
  assert.match(error.log ?? "", /^(func#0|0: )/)
  assert.ok((error.log ?? "").length > 1 << 18, `${error.log?.length} characters`)
})

function caught(action: () => unknown): { code?: string; message: string; log?: string; notes?: unknown } {
  try {
    action()
  } catch (error) {
    return error as { message: string }
  }
  throw new Error("did not throw")
}

/** Types of a program and of a subprogram. */
function types(main: string, sub: string): { btf: Uint8Array; mainId: number; subId: number } {
  const btf = new BtfBuilder()
  const type = btf.add({ kind: "int", name: "int", size: 4, signed: true })
  const proto = btf.add({ kind: "func_proto", type, params: [] })
  const mainId = btf.add({ kind: "func", name: main, type: proto, linkage: "global" })
  const subId = btf.add({ kind: "func", name: sub, type: proto, linkage: "static" })
  return { btf: btf.encode(), mainId, subId }
}

/** An object with types and lines: main (test.c:3) calls sub (test.c:8), whose body is one instruction. */
function withLines(body: Insn): BpfObject {
  const { btf, mainId, subId } = types("main_prog", "sub")
  return object({
    btf,
    lines: [
      { file: "test.c", line: 3, text: "  return sub();" },
      { file: "test.c", line: 8, text: "  return y;" },
    ],
    programs: [
      program("main_prog", [callSub(0), exit()], {
        ...filter,
        btfId: mainId,
        lineInfo: [{ insn: 0, line: 0, column: 10 }],
        relocations: [{ kind: "call", insn: 0, function: "sub" }],
      }),
    ],
    functions: [func("sub", [body, exit()], { btfId: subId, lineInfo: [{ insn: 0, line: 1, column: 3 }] })],
  })
}

test("a program with types and lines loads", { skip }, () => {
  using loaded = kernel().load(withLines(mov64Imm(0, 1)))
  assert.deepEqual(loaded.notes, [])
  assert.equal(loaded.programs.size, 1)
})

test("a program whose lines the kernel refuses loads without them, and a note says so", { skip }, () => {
  const good = withLines(mov64Imm(0, 1))
  // Type 1 is an int, and a function it is not.
  const bad = { ...good, programs: good.programs.map(p => ({ ...p, btfId: 1 })) }
  using loaded = kernel().load(bad)
  assert.equal(loaded.notes.length, 1)
  assert.match(loaded.notes[0], /^the kernel did not take the types and lines of program main_prog: /)
})

test("type information that the kernel refuses is done without, and a note says so", { skip }, () => {
  const btf = new BtfBuilder()
  btf.add({ kind: "typedef", name: "", type: 0 })
  using loaded = kernel().load(object({ programs: [ok], btf: btf.encode() }))
  assert.match(loaded.notes[0], /^the kernel did not take the program's type information: EINVAL/)
})

test("a refusal quotes the C line, in the subprogram where it is", { skip }, () => {
  const error = caught(() => kernel().load(withLines(mov64Reg(0, 3))))
  assert.equal(
    error.message,
    "the kernel's verifier refused program main_prog: a variable is read before it is set (test.c:8: return y;)",
  )
  assert.match(error.log ?? "", /; return y;/)
})

test("a verifier's log of a program that loads, when it is asked for", { skip }, () => {
  using quiet = kernel().load(object({ programs: [ok] }))
  assert.equal(quiet.program("ok").log, "")
  using loaded = kernel().load(object({ programs: [ok] }), { verifierLog: 2 })
  assert.match(loaded.program("ok").log, /processed 2 insns/)
})

test("a program without a type is loaded when its type is known", { skip }, () => {
  using loaded = kernel().load(object({ programs: [program("free", returns(1))] }))
  assert.equal(loaded.programs.size, 0)
  assert.throws(() => loaded.program("free"), { code: "MACHINE_NO_TYPE" })
  assert.throws(() => loaded.program("frei"), { code: "MACHINE_NO_PROGRAM", hint: "it has: free" })
  const free = loaded.program("free", filter)
  assert.equal(free.type, "socket_filter")
  assert.equal(loaded.program("free"), free)
  assert.throws(() => loaded.program("free", { type: "xdp" }), { code: "MACHINE_OTHER_TYPE" })
})

test("names the kernel would refuse", { skip }, () => {
  const odd = program("a::very/long name.of<a>program", returns(0), filter)
  using loaded = kernel().load(object({ programs: [odd], maps: [map(".rodata.str1.1/long", "array")] }))
  assert.equal(loaded.programs.size, 1)
})

test("a kprobe program cannot be run by itself", { skip }, () => {
  using loaded = kernel().load(object({ programs: [program("k", returns(0), { type: "kprobe" })] }))
  assert.throws(() => loaded.program("k").testRun(), { code: "MACHINE_NO_TEST_RUN" })
})

test("the packet a program leaves needs room", { skip }, () => {
  using loaded = kernel().load(object({ programs: [program("x", returns(2), { type: "xdp" })] }))
  assert.throws(() => loaded.program("x").testRun({ data: packet, dataRoom: 10 }), /ENOSPC/)
  assert.throws(() => loaded.program("x").testRun({ data: new Uint8Array(3) }), /running program x: EINVAL/)
})

const kfuncs = needsRoot || (kernelAtLeast("6.3") ? false : "bpf_cpumask_create came with Linux 6.3")

test("a program in the kernel calls a kernel function", { skip: kfuncs }, () => {
  // bpf_cpumask_create takes no argument and gives a pointer that must be released.
  const main = program("main", [callSub(0), ...returns(0)], {
    type: "syscall",
    relocations: [{ kind: "kfunc", insn: 0, name: "bpf_cpumask_create" }],
  })
  assert.match(
    caught(() => kernel().load(object({ programs: [main] }))).message,
    /bpf_cpumask_create gave is not given back/,
  )
})

const arenas = needsRoot || (kernelAtLeast("6.9") ? false : "arenas came with Linux 6.9")

test("an arena has its content and is a program's to read", { skip: arenas }, () => {
  const data = new Uint8Array(Uint32Array.of(7, 9).buffer)
  const MMAPABLE = 1 << 10
  const arena = map("arena", "arena", { keySize: 0, valueSize: 0, maxEntries: 2, flags: MMAPABLE, data })
  const insns = [lddw(1, 0, 0, 0), addrSpaceCast(1, 1, 0, 1), loadMem(BPF_W, 0, 1, 0), exit()]
  const relocations = [{ kind: "mapValue", insn: 0, map: "arena", offset: 4 }] as const
  const main = program("main", insns, { type: "syscall", relocations })
  using loaded = kernel().load(object({ programs: [main], maps: [arena] }))
  assert.equal(loaded.program("main").testRun().retval, 9)
})
