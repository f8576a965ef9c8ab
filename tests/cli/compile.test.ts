import assert from "node:assert/strict"
import { existsSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { test } from "node:test"
import { readElf } from "../../src/object/index.ts"
import { fileWith, scratch, skep } from "../support/cli.ts"

const hello = "examples/hello_world.c"

/** What `--emit` writes for a program that needs nothing of the kernel. */
function emits(kind: string, ...patterns: RegExp[]): void {
  test(`--emit=${kind}`, () => {
    const { status, stdout, stderr } = skep(["compile", `--emit=${kind}`, hello])
    assert.equal(status, 0, stderr)
    for (const pattern of patterns) assert.match(stdout, pattern)
    assert.equal(stderr, "")
  })
}
emits("asm", /^; section \.bpf\.fn\.hello\nhello:\n/, /call bpf_trace_printk#6/, /\(95\) exit/)
emits("c", /section\("\.bpf\.fn\.hello"\)/, /char _fmt\[\] = "Hello, World!\\n"/)
emits("ast", /^function hello 'int \(void \*\)' examples\/hello_world\.c:3:5/m)
emits("ir", /^func @hello\(ptr %ctx\) -> i32/m, /call helper 6/)

test("--emit=btf is the program's types as C", () => {
  const source = fileWith(
    "types.c",
    "struct k { u32 a; };\nBPF_HASH(t, struct k, u64);\nint f(void *ctx) { return 0; }",
  )
  const { status, stdout, stderr } = skep(["compile", "--emit=btf", source])
  assert.equal(status, 0, stderr)
  assert.match(stdout, /struct k \{\n\s+u32 a;\n\};/)
  assert.match(stdout, /^static int f\(void \*ctx\);$/m)
})

test("an object goes to the current folder, or where -o says", () => {
  const source = fileWith("one.c", readFileSync(hello, "utf8"))
  const { status, stderr } = skep(["compile", source], { cwd: scratch() })
  assert.equal(status, 0, stderr)
  assert.match(stderr, /wrote one\.o/)
  const bytes = readFileSync(join(scratch(), "one.o"))
  assert.deepEqual(
    readElf(bytes).programs.map(p => p.name),
    ["hello"],
  )
  const other = join(scratch(), "two.o")
  assert.equal(skep(["compile", "-o", other, source]).status, 0)
  assert.deepEqual(readFileSync(other), bytes)
})

test("the same text gives the same bytes", () => {
  const make = () => skep(["compile", "-o", "-", hello]).stdout
  const first = make()
  assert.ok(first.startsWith("\x7fELF"))
  assert.equal(make(), first)
})

test("--dump shows stages and passes in their order, and writes nothing", () => {
  const { status, stdout, stderr } = skep(["compile", "--dump=lower,mem2reg,isel,asm", hello], { cwd: process.cwd() })
  assert.equal(status, 0, stderr)
  const stages = [...stdout.matchAll(/^; ---- (\w+)/gm)].map(match => match[1])
  assert.equal(stages[0], "lower")
  assert.equal(stages.at(-1), "asm")
  assert.ok(stages.includes("mem2reg") && stages.includes("isel"))
  assert.ok(!existsSync("hello_world.o"))
})

test("-D, -U and -I", () => {
  fileWith("own.h", "#define BASE 40\n")
  const source = fileWith(
    "flags.c",
    "#include <own.h>\nint f(void *ctx) {\n#ifndef GONE\nreturn BASE + EXTRA;\n#endif\n}",
  )
  const { status, stdout, stderr } = skep([
    "compile",
    "--emit=asm",
    "-DEXTRA=2",
    "-DGONE",
    "-U",
    "GONE",
    "-I",
    scratch(),
    source,
  ])
  assert.equal(status, 0, stderr)
  assert.match(stdout, /r0 = 42\n/)
})

test("--cpu says which instructions there are: signed division is one of v4", () => {
  const source = fileWith("cpu.c", "int f(int *ctx) { return *ctx / 3; }")
  const level = (cpu: string) => skep(["compile", "--emit=asm", `--cpu=${cpu}`, source]).stdout
  assert.match(level("v4"), / s\/= /)
  assert.doesNotMatch(level("v1"), / s\/= | w\d/)
  assert.match(level("v1"), /exit/)
})

test("disasm shows an object as its C file", () => {
  const path = join(scratch(), "disasm.o")
  assert.equal(skep(["compile", "-o", path, hello]).status, 0)
  const fromObject = skep(["disasm", path])
  assert.equal(fromObject.status, 0, fromObject.stderr)
  assert.equal(fromObject.stdout, skep(["disasm", hello]).stdout)
  assert.match(skep(["disasm", "--syntax=llvm", path]).stdout, /call 6/)
})

test("a warning does not stop the compiler", () => {
  const source = fileWith("warn.c", "int f(void *ctx) { int *p = 5; return p == 0; }")
  const { status, stdout, stderr } = skep(["compile", "--emit=asm", source])
  assert.equal(status, 0, stderr)
  assert.match(stderr, /warn\.c:1:\d+: warning: /)
  assert.match(stdout, /exit/)
})
