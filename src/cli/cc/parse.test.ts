import assert from "node:assert/strict"
import { test } from "node:test"
import type { CcJob } from "./job.ts"
import { parseCc } from "./parse.ts"
import { splitWords } from "./response.ts"

/** The command line is taken, and the job has these parts. */
function takes(line: string, want: Partial<CcJob> = {}): void {
  test(line, () => {
    const { job, problems } = parseCc(splitWords(line))
    assert.deepEqual(problems, [])
    for (const [name, value] of Object.entries(want)) assert.deepEqual(job[name as keyof CcJob], value)
  })
}

/** The command line is wrong: the first message. */
function refuses(line: string, code: string, message: string | RegExp): void {
  test(`${line} ⇒ ${code}`, () => {
    const [first] = parseCc(splitWords(line)).problems
    assert.equal(first?.code, code)
    if (typeof message === "string") assert.equal(first.message, message)
    else assert.match(first.message, message)
  })
}

const folders = { quoted: [], user: [], system: [], after: [], standard: true }
const inputs = [{ name: "a.c", language: "c" }] as const

takes("-O2 -g -target bpf -c a.c -o a.o", { inputs: [...inputs], output: "a.o", action: "object", debug: true, cpu: 3 })
takes("a.c -oa.o --target=bpfel -mcpu=v2", { output: "a.o", cpu: 2 })
takes("-target bpf-unknown-none -mcpu=generic -mlittle-endian -S a.c -o -", { action: "assembly", cpu: 1, output: "-" })
takes("-mcpu=probe -E a.c", { cpu: "probe", action: "preprocess" })
takes("-Xclang -target-feature -Xclang +alu32 -mcpu=v1 a.c", { cpu: 3 })
takes("-DA -D B=2 -U C -UD -include x.h a.c", { flags: ["-DA", "-DB=2", "-UC", "-UD", "-include x.h"] })
takes("-O0 -O1 -O2 -O3 -Os -Oz -O a.c", { flags: ["-U__OPTIMIZE__"] })
takes("-Ia -I b -isystem c -isystemd -iquote e -iquotef -idirafter g -idirafterh -nostdinc a.c", {
  folders: { quoted: ["e", "f"], user: ["a", "b"], system: ["c", "d"], after: ["g", "h"], standard: false },
})
takes("--sysroot=/r a.c", {
  folders: { ...folders, after: ["/r/usr/local/include", "/r/usr/include"], standard: false },
})
takes("-MD a.c", {
  action: "object",
  dependencies: { system: true, file: undefined, targets: [], phony: false, unmade: false },
})
takes("-MMD -MP -MFa.d -MT x -MQ 'y z' a.c -c", {
  action: "object",
  dependencies: { system: false, file: "a.d", targets: ["x", "y\\ z"], phony: true, unmade: false },
})
takes("-M -c a.c", { action: "dependencies" })
takes("-c -MM a.c", {
  action: "dependencies",
  dependencies: { system: false, file: undefined, targets: [], phony: false, unmade: false },
})
takes("-Wp,-MMD,a.d -Wp,-DX=1 a.c", {
  flags: ["-DX=1"],
  dependencies: { system: false, file: "a.d", targets: [], phony: false, unmade: false },
})
takes("-dM -E a.c", { action: "macros" })
takes("-fsyntax-only -c a.c", { action: "syntax" })
takes("-Wall -Wno-unused-value -Werror=int-conversion -w a.c", {
  warnings: ["all", "no-unused-value", "error=int-conversion", "no-everything"],
})
takes("-g -g0 a.c", { debug: false })
takes("-gdwarf-5 a.c", { debug: true })
takes("-ferror-limit=3 -fcolor-diagnostics a.c", { errorLimit: 3, color: true })
takes("-ferror-limit=0 -fdiagnostics-color=never a.c", { errorLimit: Number.POSITIVE_INFINITY, color: false })
takes("-x c - -o -", { inputs: [{ name: "-", language: "c" }] })
takes("-E -", { inputs: [{ name: "-", language: "c" }] })
takes("-x c a.bpf -x none b.c", {
  inputs: [
    { name: "a.bpf", language: "c" },
    { name: "b.c", language: "c" },
  ],
})
takes("-c -- -odd.c", { inputs: [{ name: "-odd.c", language: "c" }] })
takes(
  "-fno-lto -fno-sanitize=all -fno-builtin-memcpy -fno-profile-generate -fno-diagnostics-color -ffile-compilation-dir=. a.c",
  { color: undefined },
)
takes("--std=gnu17 --param x=1 -save-temps=obj -MV a.c")
takes("-working-directory /w a.c", { workingDirectory: "/w" })
takes("-working-directory=/w -v a.c", { workingDirectory: "/w", verbose: "say" })
takes("-### -v a.c", { verbose: "only" })
takes("--version", { answers: ["version"], inputs: [] })
takes("-print-prog-name=ld", { answers: ["print-prog-name=ld"] })
takes("-lelf a.c", { remarks: ["linker option 'elf' is not used: nothing is linked"] })
takes("-Qunused-arguments -pipe -std=gnu11 -mllvm -bpf-stack-size=512 -Wl,-z,now a.c", { inputs: [...inputs] })
// What the makefiles of the kernel, libbpf-bootstrap, cilium/ebpf's bpf2go, bcc's libbpf-tools and perf 6.1 pass.
takes(
  "-g -O2 -Wall -Wno-compare-distinct-pointer-types -D__TARGET_ARCH_x86 -mlittle-endian -I/b/tools/include -std=gnu11 -mcpu=v3 -c a.c -o a.o",
)
takes(
  "-fno-asynchronous-unwind-tables -fno-stack-protector -fno-jump-tables -fno-strict-aliasing -fno-common -fno-PIE a.c",
)
takes(
  "-O2 -mcpu=v1 -target bpfel -c a.c -o a.o -fno-ident -fdebug-prefix-map=/a=. -fdebug-compilation-dir . -g -D__BPF_TARGET_MISSING=1",
  { inputs: [...inputs] },
)
takes(
  "-D__KERNEL__ -D__NR_CPUS__=2 -DLINUX_VERSION_CODE=0x6122c -I/usr/include/perf/bpf -nostdinc -I./include -include /k/kconfig.h " +
    "-Wno-unused-value -Wno-pointer-sign -working-directory /k -c /t/a.c -target bpf -g -O2 -o -",
  { workingDirectory: "/k", output: "-", inputs: [{ name: "/t/a.c", language: "c" }] },
)

refuses("", "CLI_CC_INPUT", "no input files")
refuses("-c -", "CLI_CC_INPUT", "-E or -x required when input is from standard input")
refuses("a.cpp", "CLI_CC_INPUT", "'a.cpp' is no C file; skep compiles C (-x c takes it as such)")
refuses("-fno-bultin a.c", "CLI_CC_OPTION", "unknown argument: '-fno-bultin'; did you mean '-fno-builtin'?")
refuses("-mbad a.c", "CLI_CC_OPTION", /^unknown argument: '-mbad'/)
refuses("-nostdincc a.c", "CLI_CC_OPTION", "unknown argument: '-nostdincc'; did you mean '-nostdinc'?")
refuses("a.c -o", "CLI_CC_OPTION", "argument to '-o' is missing (expected 1 value)")
refuses("-std= a.c", "CLI_CC_OPTION", "'-std=' needs a value behind it")
refuses("-x c++ a.c", "CLI_CC_OPTION", "language not recognized: 'c++'; skep compiles c")
refuses("-std=c++20 a.c", "CLI_CC_REFUSED", "unsupported option '-std=c++20': skep compiles C")
refuses("-target x86_64-linux-gnu a.c", "CLI_CC_REFUSED", /BPF only/)
refuses("--target=bpfeb a.c", "CLI_CC_REFUSED", /little-endian/)
refuses(
  "-mcpu=v9 a.c",
  "CLI_CC_REFUSED",
  "unsupported option '-mcpu=v9': there is no CPU 'v9': it is one of v1, v2, v3, v4, generic, probe",
)
refuses("-emit-llvm -c a.c", "CLI_CC_REFUSED", /no LLVM/)
refuses("-flto=thin a.c", "CLI_CC_REFUSED", /no LLVM/)
refuses("-fsanitize=address a.c", "CLI_CC_REFUSED", /run-time library/)
refuses("-Xclang -emit-llvm a.c", "CLI_CC_REFUSED", /no LLVM/)
refuses("-Xclang -nonsense a.c", "CLI_CC_REFUSED", /'-nonsense' is not known/)
refuses("-ivfsoverlay x a.c", "CLI_CC_REFUSED", /-ivfsoverlay x': there is no overlay/)
refuses("-ferror-limit=x a.c", "CLI_CC_REFUSED", /it is a number/)
refuses("-gsplit-dwarf a.c", "CLI_CC_REFUSED", /into the object itself/)

test("every letter of the command line may come wrong without a crash", () => {
  for (const start of ["-", "--", "-f", "-m", "-W", "-M", "-g", "-i", "-x", "-X", "-O", "-print", "@", "-d"]) {
    for (let code = 33; code < 127; code++) parseCc([start + String.fromCharCode(code)])
  }
})
