import assert from "node:assert/strict"
import { spawnSync } from "node:child_process"
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { test } from "node:test"
import { CC_OPTIONS } from "../../src/cli/cc/options.ts"
import { parseCc } from "../../src/cli/cc/parse.ts"
import { splitWords } from "../../src/cli/cc/response.ts"
import { readElf } from "../../src/object/index.ts"
import { fileWith, scratch, skep } from "../support/cli.ts"

const page = readFileSync("docs/skep-cc.md", "utf8")
const PROGRAM = `#include "own.h"
__attribute__((section("socket"), used)) int f(void *ctx) { return OWN; }
`
const source = fileWith("a.c", PROGRAM)
fileWith("own.h", "#define OWN 7\n")
const cwd = scratch()

/** Runs `skep cc` in the scratch folder; status, stdout and stderr are as given. */
function cc(
  line: string,
  want: { status?: number; stdout?: string | RegExp; stderr?: string | RegExp },
  input = "",
): void {
  test(`cc ${line}`, () => {
    const ran = skep(["cc", ...splitWords(line)], { cwd, input })
    assert.equal(ran.status, want.status ?? 0, ran.stderr)
    for (const stream of ["stdout", "stderr"] as const) {
      const expected = want[stream] ?? ""
      if (typeof expected === "string") assert.equal(ran[stream], expected)
      else assert.match(ran[stream], expected)
    }
  })
}

test("an object for make", () => {
  const ran = skep(["cc", "-O2", "-g", "-target", "bpf", "-MMD", "-MP", "-c", "a.c", "-o", "out.o"], { cwd })
  assert.deepEqual([ran.status, ran.stdout, ran.stderr], [0, "", ""])
  assert.equal(readElf(readFileSync(join(cwd, "out.o"))).programs[0].name, "f")
  assert.equal(readFileSync(join(cwd, "out.d"), "utf8"), "out.o: a.c own.h\n\nown.h:\n")
})

test("several inputs, each with an object of its own", () => {
  fileWith("b.c", "int g(void *ctx) { return 1; }")
  assert.equal(skep(["cc", "-c", "a.c", "b.c"], { cwd }).status, 0)
  assert.ok(existsSync(join(cwd, "a.o")) && existsSync(join(cwd, "b.o")))
  const ran = skep(["cc", "-c", "a.c", "b.c", "-o", "x.o"], { cwd })
  assert.deepEqual([ran.status, /multiple output files/.test(ran.stderr)], [1, true])
})

test("the same program in two folders gives the same object where prefixes are mapped", () => {
  const made = ["one", "two"].map(folder => {
    const dir = join(cwd, folder)
    mkdirSync(dir, { recursive: true })
    writeFileSync(join(dir, "p.c"), 'int __attribute__((section("xdp"))) p(void *ctx) { return 2; }\n')
    const ran = skep(["cc", "-g", `-ffile-prefix-map=${dir}=/src`, "-c", `${dir}/p.c`, "-o", "p.o"], { cwd: dir })
    assert.equal(ran.status, 0, ran.stderr)
    return readFileSync(join(dir, "p.o"))
  })
  assert.deepEqual(made[0], made[1])
  assert.ok(made[0].includes("/src/p.c") && !made[0].includes(cwd))
})

test("without -c, several inputs become one object, objects among them", () => {
  fileWith("total.c", "int total = 3;")
  fileWith("user.c", 'extern int total;\n__attribute__((section("xdp"), used)) int user(void *ctx) { return total; }\n')
  assert.equal(skep(["cc", "-g", "-c", "total.c"], { cwd }).status, 0)
  const ran = skep(["cc", "-g", "total.o", "user.c", "-o", "both.o"], { cwd })
  assert.deepEqual([ran.status, ran.stderr], [0, ""])
  const both = readElf(readFileSync(join(cwd, "both.o")))
  assert.deepEqual([both.programs.map(p => p.name), both.externs ?? []], [["user"], []])
  assert.equal(skep(["cc", "-c", "user.c"], { cwd }).status, 0)
  assert.equal(skep(["link", "user.o", "total.o", "-o", "linked.o"], { cwd }).status, 0)
  assert.deepEqual(
    readElf(readFileSync(join(cwd, "linked.o"))).programs.map(p => p.name),
    ["user"],
  )
  const missing = skep(["link", "user.o", "-o", "linked.o"], { cwd })
  assert.deepEqual([missing.status, /total.*OBJECT_LINK_MISSING/.test(missing.stderr)], [1, true])
  assert.equal(skep(["link", "-r", "user.o", "-o", "linked.o"], { cwd }).status, 0)
})

test("-working-directory is where files are looked for", () => {
  const ran = skep(["cc", "-working-directory", cwd, "-M", "a.c"], { cwd: "/" })
  assert.deepEqual([ran.status, ran.stdout], [0, "a.o: a.c own.h\n"])
})

cc("-E a.c", { stdout: /int f\(void \*ctx\) \{ return 7; \}\n/ })
cc("-E -P a.c", { stdout: /^__attribute__/ })
cc("-E a.c", { stdout: /^# 2 "a\.c"\n__attribute__/ })
cc("-S a.c -o -", { stdout: /^f:\n(.*\n)*.*r0 = 7\n/m })
cc("-dM -E a.c -mcpu=v2", { stdout: /^#define OWN 7\n(.*\n)*#define __BPF_CPU_VERSION__ 2\n/m })
cc("-M a.c -MT x -MT y", { stdout: "x y: a.c own.h\n" })
cc("-MM -isystem . -iquote nowhere a.c", { stdout: "a.o: a.c own.h\n" })
cc("-fsyntax-only -x c -", {}, "int f(void *ctx) { return 0; }")
cc("-xc - -S -o -", { stdout: /r0 = 5/ }, 'int __attribute__((section("xdp"))) f(void *ctx) { return 5; }')
cc(
  "-include own.h -xc - -S -o -",
  { stdout: /r0 = 7/ },
  'int __attribute__((section("xdp"))) f(void *ctx) { return OWN; }',
)
cc("-include no.h -xc - -c", { status: 1, stderr: /^<command line>:1:1: error: 'no.h' file not found/ }, "")
cc(
  "-c -xc -",
  { status: 1, stderr: /^<stdin>:1:27: error: use of undeclared identifier 'x' .*\n(.*\n)+1 error generated\.\n$/ },
  "int f(void *ctx) { return x; }",
)
const WARNS = "int f(void *ctx) { char *p = 3; return p == 0; }"
cc("-fsyntax-only -xc -", { stderr: /^<stdin>:1:30: warning: .*\n.*\n.*\n1 warning generated\.\n$/ }, WARNS)
cc("-fsyntax-only -w -xc -", {}, WARNS)
cc("-fsyntax-only -Wno-int-conversion -xc -", {}, WARNS)
cc("-fsyntax-only -Werror -xc -", { status: 1, stderr: /: error: .*\n.*\n.*\n1 error generated\.\n$/ }, WARNS)
cc("-fsyntax-only -fcolor-diagnostics -xc -", { stderr: /\x1b\[1;35mwarning:/ }, WARNS)
cc("--version", { stdout: /clang version \d+\.\d+\.\d+\)\nTarget: bpf\n/ })
cc("-v -E -I. a.c", {
  stdout: /return 7/,
  stderr: /search starts here:\n \.\n \/usr\/local\/include\n \/usr\/include\nEnd of search list\.\n$/,
})
cc("-### -c a.c", { stderr: / "skep" "cc" "-###" "-c" "a\.c"\n$/ })
cc("-c a.c b.o", { status: 1, stderr: /with -c nothing is linked/ })
cc("-c .", { status: 1, stderr: /cannot read \.: it is a folder/ })
cc("a.c Makefile.o -o x.o", { status: 1, stderr: /no such file or directory: 'Makefile\.o'/ })
cc("-c nowhere.c", { status: 1, stderr: "skep cc: error: no such file or directory: 'nowhere.c' [CLI_CC_INPUT]\n" })
cc("-c a.c -o nowhere/a.o", {
  status: 1,
  stderr: /unable to open output file 'nowhere\/a\.o': there is no such folder /,
})
cc("-c a.c -o .", { status: 1, stderr: /unable to open output file '\.': it is a folder / })
cc("-mcpu=help", { stdout: /^Available CPUs.*\n(.*\n)*\tv4\n$/ })
cc("-print-nonsense", { status: 1, stderr: /unknown argument: '-print-nonsense'/ })
cc("-print-file-name=include", { stdout: "include\n" })
const UNKNOWN =
  /^skep cc: (\w+): unknown warning option '-Wno-maybe-uninitialized'; did you mean '-Wno-uninitialized'\? \[CLI_CC_WARNING\]\n/
cc("-fsyntax-only -Wall -Wno-maybe-uninitialized a.c", { stderr: UNKNOWN })
cc("-fsyntax-only -Wno-maybe-uninitialized -Werror a.c", { status: 1, stderr: UNKNOWN })
cc("-fsyntax-only -Wno-maybe-uninitialized -Werror=unknown-warning-option a.c", { status: 1, stderr: UNKNOWN })
cc("-fsyntax-only -Wno-maybe-uninitialized -Wno-unknown-warning-option -Werror a.c", {})
cc("-fsyntax-only -Wno-maybe-uninitialized -w a.c", {})
cc(
  "-imacros own.h -xc - -S -o -",
  { stdout: /r0 = 7/ },
  'int __attribute__((section("xdp"))) f(void *ctx) { return OWN; }',
)
cc("-MM -MG -xc -", { stdout: "-.o: - made.h\n" }, '#include "made.h"\n')
cc("-MG -c a.c", { status: 1, stderr: /option '-MG' requires '-M' or '-MM'/ })
cc("-H -fsyntax-only a.c", { stderr: ". own.h\n" })
cc("-MJ - -c a.c -o x.o", {
  stdout: /^\{"directory":".*","file":"a\.c","output":"x\.o","arguments":\["skep","cc".*\]\},\n$/,
})
cc("-C -E a.c", { status: 1, stderr: /comments are not kept/ })
cc("-c -emit-llvm -fbadopt a.c", {
  status: 1,
  stderr: /'-emit-llvm': .*CLI_CC_REFUSED\]\n.*'-fbadopt' \[CLI_CC_OPTION\]\n$/,
})

/** What the makefiles of projects run, here with `a.c` as the program. */
const PROJECTS: Readonly<Record<string, string>> = {
  "the kernel's tools/bpf": "-I. -I/k/tools/include/uapi -g -O2 -Wall -fno-stack-protector -target bpf -c a.c -o p.o",
  "the kernel's samples/bpf":
    "-g -O2 --target=bpf -D__TARGET_ARCH_x86 -Wno-compare-distinct-pointer-types -I. -I/k/samples/bpf -I/k/tools/include -I/k/tools/lib -c a.c -o p.o",
  "the kernel's selftests":
    "-g -Wall -Werror -D__TARGET_ARCH_x86 -mlittle-endian -I/k/tools/include -I. -Wno-compare-distinct-pointer-types -idirafter /usr/lib/llvm/include -idirafter /usr/include -DENABLE_ATOMICS_TESTS -O2 -target bpf -c a.c -mcpu=v3 -o p.o",
  "libbpf-bootstrap":
    "-g -O2 -target bpf -D__TARGET_ARCH_x86 -I.output -I../../libbpf/include/uapi -I../../vmlinux/x86/ -idirafter /usr/include -c a.c -o p.o",
  "bcc's libbpf-tools":
    "-g -O2 -Wall -target bpf -D__TARGET_ARCH_x86 -Ix86/ -I.output -I../../src/cc/libbpf/include/uapi -c a.c -o p.o",
  bpf2go:
    '-O2 -mcpu=v1 -target bpfel -c a.c -o p.o -fno-ident -fdebug-prefix-map=/src=. -fdebug-compilation-dir . -g \'-D__BPF_TARGET_MISSING="GCC error \\"no target\\""\' -MD -MF p.d -MP',
  cilium:
    "-O2 --target=bpf -std=gnu99 -nostdinc -D__NR_CPUS__=2 -I. -Wall -Wextra -Werror -Wshadow -Wno-address-of-packed-member -Wno-unknown-warning-option -Wno-gnu-variable-sized-type-not-at-end -Wdeclaration-after-statement -Wimplicit-int-conversion -Wenum-conversion -Wimplicit-fallthrough -mcpu=v2 -g -c a.c -o p.o",
  systemd:
    "-std=gnu11 -Wno-compare-distinct-pointer-types -fno-stack-protector -O2 -target bpf -g -c -D__x86_64__ -I. -isystem /usr/include/bpf -idirafter /usr/include a.c -o p.o",
  "a makefile with response files": "@flags.rsp -c a.c -o p.o",
}
fileWith("flags.rsp", "-O2 -g\n--target=bpf '-DTEXT=\"a b\"'")
for (const line of Object.values(PROJECTS)) cc(line, {})
test("each of these makes the program", () => {
  for (const line of Object.values(PROJECTS)) {
    assert.equal(skep(["cc", ...splitWords(line)], { cwd }).status, 0)
    assert.deepEqual(
      readElf(readFileSync(join(cwd, "p.o"))).programs.map(({ name }) => name),
      ["f"],
    )
  }
})
cc("-O2 -emit-llvm -Xclang -disable-llvm-passes -c a.c -o -", {
  status: 1,
  stderr: /leave out -emit-llvm, llc and opt/,
})

test("headers of the kernel are skep's own where a folder has the kernel's, and a project's own where it has not", () => {
  for (const [path, text] of [
    ["kernel/linux/types.h", "#error the kernel's"],
    ["kernel/linux/bpf.h", "#error the kernel's"],
    ["own/linux/mine.h", "#define MINE 3\n"],
  ]) {
    mkdirSync(join(cwd, path, ".."), { recursive: true })
    writeFileSync(join(cwd, path), text)
  }
  const input =
    '#include <linux/bpf.h>\n#include <linux/mine.h>\nint __attribute__((section("xdp"))) f(void *ctx) { return MINE; }'
  const ran = skep(["cc", "-Ikernel", "-Iown", "-S", "-xc", "-", "-o", "-"], { cwd, input })
  assert.equal(ran.status, 0, ran.stderr)
  assert.match(ran.stdout, /r0 = 3/)
})

test("headers of the C library are skep's own, but for those of the project", () => {
  mkdirSync(join(cwd, "project"), { recursive: true })
  writeFileSync(join(cwd, "project/string.h"), "#define MINE 3\n")
  const library =
    "stdint.h stddef.h stdbool.h stdarg.h errno.h limits.h assert.h ctype.h sys/types.h sys/socket.h netinet/in.h arpa/inet.h net/if.h"
  const includes = library.split(" ").map(name => `#include <${name}>\n`)
  const input = `#include <string.h>\n${includes.join("")}#ifndef MINE
#define MINE 0
#endif
__attribute__((section("xdp"))) int f(void *ctx) { uint32_t family = AF_INET6; return family + IPPROTO_TCP + ENOENT + MINE; }`
  for (const [flags, sum] of [
    [["-isystem", "project"], 18],
    [["-Iproject"], 21],
  ] as const) {
    const ran = skep(["cc", ...flags, "-S", "-xc", "-", "-o", "-"], { cwd, input })
    assert.deepEqual([ran.status, ran.stderr], [0, ""])
    assert.match(ran.stdout, new RegExp(`r0 = ${sum}\n`))
  }
})

test("the page's makefile makes an object, and makes it again when a header changes", t => {
  if (spawnSync("make", ["--version"]).error !== undefined) return t.skip("make is not installed")
  const [, makefile] = /^```make\n([\s\S]*?)^```/m.exec(page)!
  const make = (): string => String(spawnSync("make", { cwd, encoding: "utf8", env: { ...process.env, PATH } }).stdout)
  const bin = join(cwd, "bin")
  mkdirSync(bin, { recursive: true })
  writeFileSync(join(bin, "skep"), `#!/bin/sh\nexec ${process.execPath} ${process.cwd()}/dist/skep.js "$@"\n`, {
    mode: 0o755,
  })
  const PATH = `${bin}:${process.env.PATH}`
  writeFileSync(join(cwd, "Makefile"), makefile.replace(/^PROGRAMS.*$/m, "PROGRAMS := a.o"))
  writeFileSync(source, PROGRAM)
  assert.match(make(), /skep cc .* -c a\.c -o a\.o/)
  assert.match(make(), /Nothing to be done|up to date/)
  writeFileSync(join(cwd, "own.h"), "#define OWN 8\n")
  assert.match(make(), /skep cc/)
  writeFileSync(join(cwd, "own.h"), "#define OWN 7\n")
})

/** Options in the first column of the page's tables below a heading. */
function documented(heading: string): string[] {
  const [, section] = new RegExp(`^## ${heading}\n([\\s\\S]*?)(?=^## |$(?![\\s\\S]))`, "m").exec(page)!
  const rows = [...section.matchAll(/^\| (`.*?) +\|/gm)].map(([, cell]) => cell)
  return rows.flatMap(cell => [...cell.matchAll(/`([^`]+)`/g)].map(([, option]) => option))
}

const filled = (option: string): string[] => splitWords(option.replace(/(?<=[ =])[A-Z]+$/, "1"))

test("the options in the page are taken, or refused where it says so", () => {
  const taken = documented("Options").map(option => ({
    option,
    problems: parseCc([...filled(option), "a.c"]).problems,
  }))
  assert.ok(taken.length > 60)
  assert.deepEqual(
    taken.filter(({ problems }) => problems.length > 0),
    [],
  )
  const wrong = documented("Refused").map(option => ({
    option,
    problems: parseCc([...filled(option), "a.c"]).problems,
  }))
  assert.ok(wrong.length > 15)
  assert.deepEqual(
    wrong.filter(({ problems }) => problems[0]?.code !== "CLI_CC_REFUSED"),
    [],
  )
})

test("every option is in the page", () => {
  const missing = [...CC_OPTIONS.keys()].filter(name => !page.includes(`\`${name}`))
  assert.deepEqual(missing, [])
})
