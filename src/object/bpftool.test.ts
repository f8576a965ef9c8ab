import assert from "node:assert/strict"
import { spawnSync } from "node:child_process"
import { readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { test } from "node:test"
import { everyForm } from "../../tests/support/arbitraryInsn.ts"
import { inBpffs, noBpftool } from "../../tests/support/bpffs.ts"
import { CLANG_PRELUDE, clangObject, skipClang } from "../../tests/support/clang.ts"
import { sampleObject } from "../../tests/support/sampleObject.ts"
import { inTempDir, runTool } from "../../tests/support/tools.ts"
import {
  assemble,
  exit,
  formatInsn,
  goto,
  type Insn,
  jumpDistance,
  mov64Imm,
  OP_CALL,
  OP_CALLX,
  OP_EXIT,
} from "../isa/index.ts"
import { type BpfObject, linkObjects, readElf, writeElf } from "./index.ts"

const skip = noBpftool()

/** Loads the object's programs with bpftool and calls `use` with the folder they are pinned in. */
function loaded<T>(object: BpfObject, use: (dir: string) => T): T {
  return inBpffs((bpffs, dir) => {
    writeFileSync(join(dir, "a.o"), writeElf(object))
    runTool("bpftool", "prog", "loadall", join(dir, "a.o"), join(bpffs, "p"), "pinmaps", join(bpffs, "m"))
    return use(bpffs)
  })!
}

interface ProgInfo {
  readonly type: string
  readonly name: string
  readonly gpl_compatible: boolean
  readonly map_ids: readonly number[]
  readonly btf_id: number
}

interface MapInfo {
  readonly type: string
  readonly name: string
  readonly bytes_key: number
  readonly bytes_value: number
  readonly max_entries: number
  readonly flags: number
  readonly frozen: number
  readonly btf_id?: number
}

const json = (...args: string[]): unknown => JSON.parse(runTool("bpftool", "-j", ...args))

test("bpftool and libbpf load what is written", { skip }, () => {
  loaded(sampleObject(), dir => {
    const count = json("prog", "show", "pinned", join(dir, "p", "count")) as ProgInfo
    assert.deepEqual([count.type, count.name, count.gpl_compatible], ["socket_filter", "count", true])
    assert.equal(count.map_ids.length, 4)
    assert.ok(count.btf_id > 0)
    const pass = json("prog", "show", "pinned", join(dir, "p", "pass")) as ProgInfo
    assert.equal(pass.type, "xdp")
    const switched = json("prog", "show", "pinned", join(dir, "p", "switched")) as ProgInfo
    assert.equal(switched.type, "tracepoint")
    const map = (name: string): MapInfo => json("map", "show", "pinned", join(dir, "m", name)) as MapInfo
    const stats = map("stats")
    assert.deepEqual(
      [stats.type, stats.bytes_key, stats.bytes_value, stats.max_entries, stats.flags],
      ["hash", 4, 8, 64, 1],
    )
    assert.ok((stats.btf_id ?? 0) > 0)
    assert.deepEqual([map("ring").type, map("ring").max_entries], ["ringbuf", 4096])
    assert.deepEqual([map("outer").type, map("outer").bytes_value], ["array_of_maps", 4])
    assert.equal(map("events").type, "perf_event_array")
    const text = runTool("bpftool", "prog", "dump", "xlated", "pinned", join(dir, "p", "count"))
    assert.match(text, /^int count\(void \* ctx\):\n; int count\(struct __sk_buff \*skb\)\n/)
    assert.match(text, /; total \+= add\(skb->len, 1\);/)
    assert.match(text, /long twice\(long a, long b\):/)
  })
})

test("global data has its initial bytes", { skip }, () => {
  loaded(sampleObject(), dir => {
    const count = json("prog", "show", "pinned", join(dir, "p", "count")) as ProgInfo
    const maps = count.map_ids.map(id => json("map", "show", "id", `${id}`) as MapInfo)
    const rodata = maps.findIndex(map => map.name.endsWith(".rodata"))
    assert.equal(maps[rodata].frozen, 1)
    const [{ value }] = json("map", "dump", "id", `${count.map_ids[rodata]}`) as { value: string[] }[]
    assert.deepEqual(value.map(Number), [7, 0, 0, 0, 9, 0, 0, 0])
  })
})

test("what bpftool lists can be assembled", { skip }, () => {
  loaded(sampleObject(), dir => {
    const text = runTool("bpftool", "prog", "dump", "xlated", "pinned", join(dir, "p", "switched"))
    const listing = text.split("\n").filter(line => !line.startsWith("int "))
    assert.deepEqual(assemble(listing.join("\n")), [mov64Imm(0, 2), exit()])
  })
})

/** The listing of a whole program that kernels since 6.15 begin the verifier's log with, slot numbers left out. */
function kernelListing(insns: readonly Insn[]): string[] | undefined {
  const program = {
    name: "main",
    section: "socket",
    insns,
    relocations: [],
    core: [],
    btfId: 0,
    lineInfo: [],
    linkage: "global" as const,
  }
  const object: BpfObject = {
    name: "a",
    license: "GPL",
    programs: [program],
    functions: [],
    maps: [],
    btf: new Uint8Array(),
    lines: [],
  }
  return inBpffs((bpffs, dir) => {
    writeFileSync(join(dir, "a.o"), writeElf(object))
    // It may well be refused: the listing comes before the proof.
    const run = spawnSync("bpftool", ["-d", "prog", "load", join(dir, "a.o"), join(bpffs, "p")], { encoding: "utf8" })
    const log = run.stdout + run.stderr
    if (!log.includes("Live regs before insn:")) return undefined
    return log
      .split("\n")
      .map(line => /^ +\d+: [.\d]{10} (\(.*)$/.exec(line)?.[1])
      .filter(line => line !== undefined)
  })
}

test("every form of instruction reads as in the verifier's log", { skip }, t => {
  const insns = [...everyForm(1, 2, 0, 7), ...everyForm(3, 4, 0, -1)].filter(insn => {
    // Calls of what is not there and 64-bit loads of descriptors are refused before the listing is made.
    if (insn.op === OP_EXIT || insn.op === OP_CALLX || (insn.op === OP_CALL && (insn.src !== 0 || insn.imm < 1)))
      return false
    if (insn.imm64 !== undefined && insn.src !== 0) return false
    return jumpDistance(insn) === undefined || jumpDistance(insn) === 0
  })
  const program = [...insns, goto(0), exit()]
  assert.ok(new Set(program.map(insn => insn.op)).size > 120)
  const listing = kernelListing(program)
  if (listing === undefined) return t.skip("this kernel's log does not list the whole program")
  assert.deepEqual(
    listing,
    program.map(insn => formatInsn(insn)),
  )
})

const LINKED = [
  `extern int total; extern int twice(int x); extern int CONFIG_HZ __kconfig __weak;
   __weak int limit = 1; static __noinline int own(int x) { return x + 1; }
   SEC("socket") int prog(void *ctx) { return total + twice(own(limit)) + CONFIG_HZ; }`,
  `int total = 40; int limit = 4; static __noinline int own(int x) { return x * 2; }
   __noinline int twice(int x) { return own(x); } char licence[] SEC("license") = "GPL";`,
]

test("bpftool loads what is linked, and its linker takes it", { skip: skip || skipClang }, () => {
  const objects = LINKED.map((source, i) => readElf(clangObject(CLANG_PRELUDE + source, "ab"[i])))
  const linked = linkObjects(objects)
  loaded(linked, dir => {
    const prog = json("prog", "show", "pinned", join(dir, "p", "prog")) as ProgInfo
    assert.equal(prog.type, "socket_filter")
    const text = runTool("bpftool", "prog", "dump", "xlated", "pinned", join(dir, "p", "prog"))
    assert.equal([...text.matchAll(/^int own\(int x\):/gm)].length, 2)
  })
  inTempDir(dir => {
    writeFileSync(join(dir, "ours.o"), writeElf(linked))
    runTool("bpftool", "gen", "object", join(dir, "again.o"), join(dir, "ours.o"))
    const again = readElf(readFileSync(join(dir, "again.o")))
    const shape = (o: BpfObject): unknown => [
      o.programs.map(p => [p.name, p.insns.length, p.relocations.length]),
      o.functions.map(fn => [fn.name, fn.linkage]).sort(),
      o.maps.map(m => [m.name, m.valueSize]).sort(),
    ]
    assert.deepEqual(shape(again), shape(linked))
  })
})

test("skeletons are made of what is linked", { skip: skip || skipClang }, () => {
  const linked = linkObjects(LINKED.map((source, i) => readElf(clangObject(CLANG_PRELUDE + source, "ab"[i]))))
  inTempDir(dir => {
    writeFileSync(join(dir, "linked.o"), writeElf(linked))
    const text = runTool("bpftool", "gen", "skeleton", join(dir, "linked.o"), "name", "linked")
    assert.match(text, /int limit;/)
    assert.match(text, /int total;/)
  })
})
