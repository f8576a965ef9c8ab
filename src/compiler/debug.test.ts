import assert from "node:assert/strict"
import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { test } from "node:test"
import { golden } from "../../tests/support/golden.ts"
import { findTool, inTempDir, runTool } from "../../tests/support/tools.ts"
import { type BpfObject, type DebugScope, type DebugVariable, disassembleObject, writeElf } from "../object/index.ts"
import { compile, type Target } from "./index.ts"

const target: Target = { arch: "x86_64", kernelVersion: (6 << 16) | (1 << 8), cpus: 4, pageSize: 4096 }
const make = (text: string, debug: boolean): BpfObject =>
  compile({ name: "test.c", text, target, cpu: 3, dialect: "libbpf", debug, check: true }).object

const DECLARATIONS = `typedef unsigned int u32; typedef unsigned long long u64;
#define SEC(name) __attribute__((section(name), used))
char license[] SEC("license") = "GPL";
static u64 (*now)(void) = (void *)5;
static long (*name)(void *, u32) = (void *)16;
static u64 (*identity)(void) = (void *)14;
struct pair { u32 low; u32 high; };
`

/** The scopes and variables of a program, one a line: where each is, in which instructions. */
function shown(object: BpfObject): string {
  const lines: string[] = []
  const place = ({ at }: DebugVariable["parts"][number]["locations"][number]): string =>
    "register" in at ? `r${at.register}` : "frame" in at ? `fp${at.frame}` : `= ${at.constant}`
  const scope = (s: DebugScope, indent: string): void => {
    const ranges = s.ranges.map(({ from, to }) => `${from}-${to}`).join(" ")
    const what = s.inlined ? `${s.inlined.name} inlined at line ${s.inlined.call.line}` : "block"
    lines.push(`${indent}${what}: ${ranges}`)
    for (const { name, param, place: declared, parts } of s.variables) {
      const where = parts.map(
        ({ offset, size, locations }) =>
          `${offset === undefined ? "" : `bytes ${offset}-${offset + size!} `}${locations.map(l => `${l.from}-${l.to} ${place(l)}`).join(", ")}`,
      )
      lines.push(
        `${indent}  ${name}${param === undefined ? "" : " (parameter)"}, line ${declared.line}: ${where.join("; ")}`,
      )
    }
    for (const inner of s.scopes) scope(inner, `${indent}  `)
  }
  for (const program of object.programs) {
    lines.push(program.name)
    scope(program.debug!.scope, "  ")
  }
  return `${disassembleObject(object)}\n${lines.join("\n")}\n`
}

/** One case: the file's name, and the program's body. */
function variables(name: string, text: string): void {
  test(`where variables are: ${name}`, () => {
    golden(`src/compiler/debug.golden/${name}.txt`, shown(make(DECLARATIONS + text, true)))
  })
  test(`the code is the same without debug information: ${name}`, () => {
    const [plain, debug] = [false, true].map(on => make(DECLARATIONS + text, on))
    assert.equal(disassembleObject(debug), disassembleObject(plain))
    assert.deepEqual(debug.btf, plain.btf)
  })
  const dwarfdump = findTool("llvm-dwarfdump-19", "llvm-dwarfdump-20", "llvm-dwarfdump")
  test(`llvm-dwarfdump finds nothing wrong: ${name}`, { skip: dwarfdump === undefined && "no llvm-dwarfdump" }, () => {
    inTempDir(dir => {
      const path = join(dir, "a.o")
      writeFileSync(path, writeElf(make(DECLARATIONS + text, true), { debug: { producer: "test", directory: "/src" } }))
      const said = runTool(dwarfdump!, "--verify", path)
      assert.match(said, /No errors\.\n/)
      assert.doesNotMatch(said, /warning|error:/)
    })
  })
}

variables(
  "register, memory and constant",
  `SEC("xdp") int f(void *ctx) {
  u64 id = identity();
  u32 low = id;
  int seven = 7;
  char text[16];
  name(text, sizeof(text));
  return now() + low + text[1] * seven;
}`,
)
variables(
  "a loop",
  `SEC("xdp") int f(void *ctx) {
  u64 sum = 0, bits = identity();
  for (int i = 0; i < 40; i++) {
    u64 bit = bits >> i;
    sum += bit & 1;
  }
  return sum;
}`,
)
variables(
  "a function inlined twice, and one in it",
  `static u64 half(u64 n) { return n >> 1; }
static u64 weigh(u64 x, u64 y) { u64 z = half(x); return z * y; }
SEC("xdp") int f(void *ctx) {
  u64 a = weigh(identity(), 3);
  u64 b = weigh(now(), a);
  return a + b;
}`,
)
variables(
  "a variable that is assigned again, and one that keeps the old value",
  `SEC("xdp") int f(void *ctx) {
  u64 x = identity();
  u64 old = x;
  x = now();
  if (x > 9) x = identity();
  return now() + old + x;
}`,
)
variables(
  "parts of a struct",
  `SEC("xdp") int f(void *ctx) {
  struct pair p = { identity(), now() };
  if (p.low > 3) p.high = now();
  return p.low * p.high + now() * p.low;
}`,
)
variables(
  "more than there are registers",
  `SEC("xdp") int f(void *ctx) {
  u64 a = now(), b = now(), c = now(), d = now(), e = now(), g = now(), h = now();
  return now() + a * b * c * d * e * g * h + identity() * a + b + c + d + e + g + h;
}`,
)
