import assert from "node:assert/strict"
import { existsSync } from "node:fs"
import { test } from "node:test"
import { type KernelSymbol, KernelSymbols, kernelSymbols, syscallName } from "./index.ts"

const table = new KernelSymbols(
  new TextEncoder().encode(
    [
      "0000000000000000 A fixed_percpu_data",
      "ffffffff81000000 T _text",
      "ffffffff81000000 T startup_64",
      "ffffffff81000100 t helper",
      "ffffffff81000180 t helper",
      "ffffffff81000200 t finish_task_switch.isra.0",
      "ffffffff81000300 t finish_task_switch.isra.0.cold",
      "ffffffff81000400 t many.constprop.0",
      "ffffffff81000480 t many.isra.0",
      "ffffffff81000500 t rest.part.0",
      "ffffffff81000600 T __x64_sys_clone",
      "ffffffff81000700 T do_sys_openat2",
      "ffffffff82000000 D a_variable",
      "ffffffff82000010 d helper_data",
      "ffffffffc0000000 t module_function\t[nfs]",
      "ffffffffa0001000 t bpf_prog_6deef7357e7b4530_hello\t[bpf]",
    ].join("\n"),
  ),
)

function find(name: string, ...want: string[]): void {
  test(`find ${name}`, () => {
    const text = (s: KernelSymbol): string => `${s.address.toString(16)} ${s.type} ${s.module ?? ""}`.trim()
    assert.deepEqual(table.find(name).map(text), want)
  })
}
find("_text", "ffffffff81000000 T")
find("helper", "ffffffff81000100 t", "ffffffff81000180 t")
find("module_function", "ffffffffc0000000 t nfs")
find("bpf_prog_6deef7357e7b4530_hello", "ffffffffa0001000 t bpf")
find("elper")
find("help")
find("")
find("T _text")
find("finish_task_switch")

function resolve(name: string, want: string): void {
  test(`${name} is ${want}`, () => assert.equal(table.resolve(name), want))
}
resolve("do_sys_openat2", "do_sys_openat2")
resolve("finish_task_switch", "finish_task_switch.isra.0")
resolve("finish_task_switch.isra.0", "finish_task_switch.isra.0")
resolve("sys_clone", "__x64_sys_clone")
resolve("__arm64_sys_clone", "__x64_sys_clone")

function unresolved(name: string, code: string, text: RegExp): void {
  test(`${name}: ${code}`, () => {
    assert.throws(
      () => table.resolve(name),
      (error: { code?: string; message: string; hint?: string }) => {
        assert.equal(error.code, code)
        assert.match(`${error.message}\n${error.hint}`, text)
        return true
      },
    )
  })
}
unresolved("many", "SYMBOLS_AMBIGUOUS", /many\.constprop\.0, many\.isra\.0/)
unresolved("rest", "SYMBOLS_UNKNOWN", /rest\.part\.0/)
unresolved("do_sys_opnat2", "SYMBOLS_UNKNOWN", /did you mean do_sys_openat2\?/)
unresolved("a_variable", "SYMBOLS_UNKNOWN", /no function a_variable/)
unresolved("completely different", "SYMBOLS_UNKNOWN", /inlined/)
unresolved("", "SYMBOLS_UNKNOWN", /inlined/)

function locate(address: bigint, want: string | undefined): void {
  test(`${address.toString(16)} is ${want}`, () => {
    const found = table.locate(address)
    assert.equal(found && `${found.name}+${found.offset}${found.module ? ` [${found.module}]` : ""}`, want)
  })
}
locate(0xffffffff81000000n, "_text+0")
locate(0xffffffff810001ffn, "helper+127")
locate(0xffffffff81000200n, "finish_task_switch.isra.0+0")
locate(0xffffffff81000712n, "do_sys_openat2+18")
locate(0xffffffffc0000001n, "module_function+1 [nfs]")
locate(0xffffffffa0001004n, "bpf_prog_6deef7357e7b4530_hello+4 [bpf]")
locate(0xffffffff80ffffffn, undefined)
locate(0xfffffffff0000000n, undefined)
locate(0x7f0000000000n, undefined)
locate(0n, undefined)

test("hidden addresses locate nothing, names are found all the same", () => {
  const hidden = new KernelSymbols(new TextEncoder().encode("0000000000000000 T _text\n0000000000000000 t f.isra.0\n"))
  assert.equal(hidden.locate(0xffffffff81000000n), undefined)
  assert.equal(hidden.resolve("f"), "f.isra.0")
})

for (const text of ["", "\n", "garbage", "ffffffff81000000", "zz T \n\n\n", "ffffffff81000000 T"]) {
  test(`a table that is none: ${JSON.stringify(text)}`, () => {
    const odd = new KernelSymbols(new TextEncoder().encode(text))
    assert.throws(() => odd.resolve("f"), { code: "SYMBOLS_UNKNOWN" })
    assert.equal(odd.locate(1n), undefined)
  })
}

test("a table that cannot be read", () => {
  assert.throws(() => KernelSymbols.read("/proc/no such file"), { code: "SYMBOLS_UNREADABLE" })
})

function syscall(name: string, arch: string, kernel: string, want: string): void {
  test(`${name} on ${arch} ${kernel} is ${want}`, () => assert.equal(syscallName(name, arch, kernel), want))
}
syscall("clone", "x64", "6.1.0-18-amd64", "__x64_sys_clone")
syscall("clone", "x64", "4.16.0", "sys_clone")
syscall("sys_clone", "x64", "5.4.0", "__x64_sys_clone")
syscall("__x64_sys_clone", "arm64", "5.4.0", "__arm64_sys_clone")
syscall("clone", "riscv64", "6.1.0", "sys_clone")
syscall("clone", "riscv64", "6.6.0", "__riscv_sys_clone")
syscall("clone", "loong64", "6.6.0", "sys_clone")
syscall("syslog", "x64", "6.1.0", "__x64_sys_syslog")
syscall("sysinfo", "x64", "6.1.0", "__x64_sys_sysinfo")

const skip = existsSync("/proc/kallsyms") ? false : "/proc/kallsyms is missing"

test("the running kernel's own table", { skip }, () => {
  const symbols = kernelSymbols()
  assert.equal(symbols.hasFunction(syscallName("getpid")), true)
  assert.match(symbols.resolve("finish_task_switch"), /^finish_task_switch(\.|$)/)
  assert.throws(() => symbols.resolve("finsh_task_switch_"), { hint: /finish_task_switch/ })
  const [known] = symbols.find("vfs_read")
  if (known.address !== 0n) {
    assert.deepEqual(symbols.locate(known.address + 3n), { name: "vfs_read", offset: 3, module: undefined })
  }
})
