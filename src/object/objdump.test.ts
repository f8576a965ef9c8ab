import assert from "node:assert/strict"
import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { test } from "node:test"
import { clangObject, skipClang } from "../../tests/support/clang.ts"
import { sampleObject } from "../../tests/support/sampleObject.ts"
import { findTool, inTempDir, runTool } from "../../tests/support/tools.ts"
import { SkepError } from "../base/index.ts"
import { type BpfObject, readElf, writeElf } from "./index.ts"

const objdump = findTool("llvm-objdump-19", "llvm-objdump-20", "llvm-objdump-21")

const skipObjdump = objdump === undefined && "llvm-objdump-19 is not installed"

test("llvm-objdump shows names, relocations and source lines", { skip: skipObjdump }, () => {
  inTempDir(dir => {
    const path = join(dir, "a.o")
    writeFileSync(path, writeElf(sampleObject()))
    const text = runTool(objdump!, "-d", "-r", "-S", "--mcpu=v4", "--no-show-raw-insn", "--no-print-imm-hex", path)
    assert.match(text, /file format elf64-bpf/)
    assert.match(text, /<count>:\n; int count\(struct __sk_buff \*skb\)\n +0:\tr6 = r1\n/)
    assert.match(text, /r1 = 0 ll\n\t+0+20: {2}R_BPF_64_64\tstats\n/)
    assert.match(text, /; {3}total \+= add\(skb->len, 1\);\n +9:\tw1 = /)
    assert.match(text, /call -1\n\t+0+68: {2}R_BPF_64_32\tadd\n/)
    assert.match(text, /Disassembly of section tracepoint\/sched\/sched_switch:\n\n0+ <switched>:/)
    assert.doesNotMatch(text, /unknown|warning/)
  })
})

const SOURCE = `
#define SEC(name) __attribute__((section(name), used))
struct { int (*type)[1]; int *key; long *value; int (*max_entries)[10]; } m SEC(".maps");
static long g;
const volatile int ro = 5;
int dat = 7;
static __attribute__((noinline)) int sub(void *ctx, long x) { g += x; return x + ro; }
static void *(*bpf_map_lookup_elem)(void *, const void *) = (void *)1;
static long (*bpf_loop)(int n, void *fn, void *ctx, long flags) = (void *)181;
static long cb(int i, void *ctx) { dat++; return 0; }
SEC("socket") int prog(void *ctx) {
  int k = 0;
  long *v = bpf_map_lookup_elem(&m, &k);
  if (v) *v += sub(ctx, 5);
  bpf_loop(3, cb, 0, 0);
  return dat;
}
char lic[] SEC("license") = "GPL";
`

test("an object of clang's is read", { skip: skipClang }, () => {
  const object = readElf(clangObject(SOURCE))
  assert.equal(object.license, "GPL")
  assert.deepEqual(
    object.programs.map(p => [p.name, p.section, p.type]),
    [["prog", "socket", "socket_filter"]],
  )
  assert.deepEqual(object.functions.map(fn => fn.name).sort(), ["cb", "sub"])
  const [prog] = object.programs
  assert.deepEqual(
    prog.relocations.map(({ insn: _, ...rest }) => rest),
    [
      { kind: "map", map: "m" },
      { kind: "call", function: "sub" },
      { kind: "function", function: "cb" },
      { kind: "mapValue", map: ".data", offset: 0 },
    ],
  )
  assert.ok(prog.btfId > 0 && prog.lineInfo.length > 3)
  const map = (name: string) => object.maps.find(m => m.name === name)!
  assert.deepEqual([map("m").type, map("m").keySize, map("m").valueSize, map("m").maxEntries], ["hash", 4, 8, 10])
  assert.deepEqual([map(".rodata").frozen, map(".rodata").data], [true, Uint8Array.of(5, 0, 0, 0)])
  assert.deepEqual(map(".data").data, Uint8Array.of(7, 0, 0, 0))
  assert.equal(map(".bss").valueSize, 8)
})

/** What clang makes of the program is refused with this code. */
function refused(what: string, code: string, source: string): void {
  test(`refuses ${what}`, { skip: skipClang }, () => {
    assert.throws(
      (): BpfObject => readElf(clangObject(source)),
      (error: unknown) => error instanceof SkepError && error.code === code && error.hint !== undefined,
    )
  })
}

refused(
  "maps of the old form that say more than type, sizes and flags",
  "OBJECT_LEGACY_MAPS",
  `struct { int type, key, value, max, flags, id; } m __attribute__((section("maps"), used)) = { 1, 4, 4, 1, 0, 7 };
   __attribute__((section("socket"))) int p(void *ctx) { return 0; }`,
)
refused(
  "a map option that no map has",
  "OBJECT_MAP_FIELD",
  `struct { int (*type)[1]; int *key; int *value; int (*max_entries)[1]; int (*colour)[3]; } m
     __attribute__((section(".maps"), used));
   __attribute__((section("socket"))) int p(void *ctx) { return 0; }`,
)

test("an ELF file that is no BPF object is refused", () => {
  const bytes = writeElf(sampleObject())
  bytes[18] = 62
  assert.throws(
    () => readElf(bytes),
    (error: unknown) => error instanceof SkepError && error.code === "OBJECT_NOT_BPF",
  )
})
