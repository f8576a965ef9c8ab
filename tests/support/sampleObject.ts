import { BtfBuilder } from "../../src/btf/index.ts"
import { assembleUnit } from "../../src/isa/index.ts"
import {
  type BpfObject,
  type FunctionSpec,
  type MapSpec,
  type ProgramSpec,
  relocationsOf,
  type SourceLine,
} from "../../src/object/index.ts"

const LINES: SourceLine[] = [
  { file: "sample.c", text: "int count(struct __sk_buff *skb)", line: 3 },
  { file: "sample.c", text: "  total += add(skb->len, 1);", line: 5 },
  { file: "sample.c", text: "static long add(long a, long b)", line: 12 },
  { file: "sample.c", text: "static long each(u32 i, void *ctx)", line: 20 },
  { file: "sample.c", text: "int pass(struct xdp_md *ctx)", line: 30 },
]

function fn(name: string, line: number, btfId: number, text: string): FunctionSpec {
  const { insns, symbols } = assembleUnit(text, `${name}.s`)
  const lineInfo = [{ insn: 0, line, column: 1 }]
  if (name === "count") lineInfo.push({ insn: 8, line: 1, column: 3 })
  return { name, insns, relocations: relocationsOf(symbols), core: [], btfId, lineInfo, linkage: "static" }
}

const COUNT = `
  r6 = r1
  *(u32 *)(r10 - 4) = 0
  r2 = r10
  r2 += -4
  r1 = map[stats]
  call bpf_map_lookup_elem
  if r0 == 0 goto out
  r7 = r0
  r1 = *(u32 *)(r6 + 0)
  r2 = map[.rodata][0]+4
  r2 = *(u32 *)(r2 + 0)
  call add
  r1 = map[.bss][0]+8
  *(u64 *)(r1 + 0) = r0
  lock *(u64 *)(r7 + 0) += r0
  r1 = 3
  r2 = subprog[each]
  r3 = 0
  r4 = 0
  call bpf_loop
out:
  r0 = 0
  exit
`

const ADD = "r0 = r1\nr0 += r2\ncall twice\nexit"
const TWICE = "r0 = r1\nr0 += r0\nexit"
const EACH = "r0 = 0\nr1 = map[.data][0]+0\n*(u64 *)(r1 + 0) = r0\nexit"
const PASS = "r0 = 2\nexit"

/** An object that uses all that an ELF file can say: maps with types, global data, subprograms, a callback, lines. */
export function sampleObject(change: Partial<BpfObject> = {}): BpfObject {
  const builder = new BtfBuilder()
  const int = builder.add({ kind: "int", name: "int", size: 4, signed: true })
  const long = builder.add({ kind: "int", name: "long", size: 8, signed: true })
  const u32 = builder.add({ kind: "int", name: "unsigned int", size: 4 })
  const event = builder.add({
    kind: "struct",
    name: "event",
    size: 16,
    members: [
      { name: "pid", type: u32, bitOffset: 0 },
      { name: "when", type: long, bitOffset: 64 },
    ],
  })
  const pointer = builder.add({ kind: "ptr", type: 0 })
  const main = builder.add({ kind: "func_proto", type: int, params: [{ name: "ctx", type: pointer }] })
  const binary = builder.add({
    kind: "func_proto",
    type: long,
    params: [
      { name: "a", type: long },
      { name: "b", type: long },
    ],
  })
  const callback = builder.add({
    kind: "func_proto",
    type: long,
    params: [
      { name: "i", type: u32 },
      { name: "ctx", type: pointer },
    ],
  })
  const func = (name: string, type: number, linkage: "static" | "global"): number =>
    builder.add({ kind: "func", name, type, linkage })
  const program = (spec: FunctionSpec, more: Omit<ProgramSpec, keyof FunctionSpec>): ProgramSpec => ({
    ...spec,
    linkage: "global",
    ...more,
  })
  const functions = [
    fn("add", 2, func("add", binary, "static"), ADD),
    fn("twice", 2, func("twice", binary, "static"), TWICE),
    fn("each", 3, func("each", callback, "static"), EACH),
  ]
  const programs = [
    program(fn("count", 0, func("count", main, "global"), COUNT), { section: ".bpf.fn.count", type: "socket_filter" }),
    program(fn("pass", 4, func("pass", main, "global"), PASS), { section: ".bpf.fn.pass", type: "xdp" }),
    program(fn("switched", 4, func("switched", main, "global"), PASS), {
      section: ".bpf.fn.switched",
      type: "tracepoint",
      attach: { kind: "tracepoint", category: "sched", event: "sched_switch" },
    }),
  ]
  const word = (...values: number[]): Uint8Array => new Uint8Array(Uint32Array.from(values).buffer)
  const map = (name: string, type: string, more: Partial<MapSpec>): MapSpec => ({
    name,
    type,
    keySize: 4,
    valueSize: 4,
    maxEntries: 0,
    flags: 0,
    keyType: 0,
    valueType: 0,
    ...more,
  })
  return {
    name: "sample.c",
    license: "GPL",
    programs,
    functions,
    maps: [
      map("stats", "hash", { valueSize: 8, maxEntries: 64, flags: 1, keyType: u32, valueType: long }),
      map("events", "perf_event_array", { eventType: event }),
      map("inner", "array", { maxEntries: 4, keyType: u32, valueType: u32 }),
      map("outer", "array_of_maps", { maxEntries: 2, inner: "inner" }),
      map("ring", "ringbuf", { keySize: 0, valueSize: 0, maxEntries: 4096 }),
      map(".rodata", "array", { valueSize: 8, maxEntries: 1, flags: 0x80, data: word(7, 9), frozen: true }),
      map(".data", "array", { valueSize: 8, maxEntries: 1, data: word(1, 2) }),
      map(".bss", "array", { valueSize: 16, maxEntries: 1, data: word(0, 0, 0, 0) }),
    ],
    btf: builder.encode(),
    lines: LINES,
    ...change,
  }
}
