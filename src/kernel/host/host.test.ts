import assert from "node:assert/strict"
import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { test } from "node:test"
import { clangObject, skipClang } from "../../../tests/support/clang.ts"
import { inTempDir } from "../../../tests/support/tools.ts"
import { EACCES, EPERM } from "../raw/index.ts"
import {
  hasCapability,
  type Privilege,
  parseCpuList,
  parseVersion,
  permissionError,
  readPrivilege,
  versionAtLeast,
} from "./index.ts"
import { typesOfImage } from "./vmlinuxTypes.ts"

function version(text: string, ...want: [number, number, number]): void {
  const [major, minor, patch] = want
  test(`version ${text}`, () => assert.deepEqual(parseVersion(text), { major, minor, patch }))
}
version("6.1.0-18-amd64", 6, 1, 0)
version("5.15.146.1-microsoft-standard-WSL2", 5, 15, 146)
version("6.18", 6, 18, 0)
version("6.8-rc1", 6, 8, 0)
version("nonsense", 0, 0, 0)

function atLeast(have: string, want: string, answer: boolean): void {
  test(`${have} ${answer ? "has" : "lacks"} what ${want} brought`, () =>
    assert.equal(versionAtLeast(parseVersion(have), want), answer))
}
atLeast("5.11.0", "5.11", true)
atLeast("5.10.99", "5.11", false)
atLeast("6.0.0", "5.11", true)
atLeast("4.19.3", "4.19.4", false)

function cpus(text: string, ...want: number[]): void {
  test(`CPU list ${text}`, () => assert.deepEqual(parseCpuList(text), want))
}
cpus("0\n", 0)
cpus("0-3", 0, 1, 2, 3)
cpus("0-1,4,6-7\n", 0, 1, 4, 6, 7)
cpus("\n")

const plain: Privilege = {
  effective: 0n,
  initialUserNamespace: true,
  unprivilegedBpfDisabled: 2,
  perfEventParanoid: 2,
  seccomp: false,
  lockdown: "none",
}
const all = (1n << 41n) - 1n

function refusal(name: string, privilege: Partial<Privilege>, message: RegExp, hint: RegExp, errno = EPERM): void {
  test(`refused: ${name}`, () => {
    const needs = ["CAP_BPF", "CAP_PERFMON"] as const
    const error = permissionError("loading program hello", errno, needs, { ...plain, ...privilege })
    assert.equal(error.code, "KERNEL_NO_PERMISSION")
    assert.match(error.message, message)
    assert.match(error.hint ?? "", hint)
    assert.equal(error.errno, errno)
  })
}
refusal("no capability", {}, /lacks CAP_BPF and CAP_PERFMON$/, /sudo setcap cap_bpf,cap_perfmon\+ep/)
const tracing = (1n << 38n) | (1n << 39n)
const shut = /^loading program hello is not permitted: kernel.perf_event_paranoid is 4$/
refusal("perf", { effective: tracing, perfEventParanoid: 4 }, shut, /sudo sysctl kernel.perf_event_paranoid=2/, EACCES)
refusal("a program, and perf", { effective: tracing, perfEventParanoid: 4 }, /EPERM/, /dmesg/)
refusal("another file, and root", { effective: all, perfEventParanoid: 4 }, /EACCES/, /dmesg/, EACCES)
refusal("what it has stays", { effective: 1n << 12n }, /lacks/, /cap_bpf,cap_perfmon,cap_net_admin\+ep/)
refusal("one of two", { effective: 1n << 39n }, /lacks CAP_PERFMON$/, /sudo/)
refusal("user namespace", { effective: all, initialUserNamespace: false }, /user namespace/, /on the host/)
refusal("lockdown", { effective: all, lockdown: "integrity" }, /locked down \(integrity\)/, /lockdown=none/)
refusal("seccomp", { effective: all, seccomp: true }, /seccomp/, /--privileged/)
refusal("security module", { effective: 1n << 21n }, /EPERM/, /dmesg/)

test("CAP_SYS_ADMIN stands for CAP_BPF, not for CAP_SYS_RESOURCE", () => {
  const admin = { ...plain, effective: 1n << 21n }
  assert.equal(hasCapability(admin, "CAP_BPF"), true)
  assert.equal(hasCapability(admin, "CAP_SYS_RESOURCE"), false)
})

test("the process's own privilege reads", () => {
  const own = readPrivilege()
  if (process.getuid?.() === 0 && own.initialUserNamespace) assert.ok(own.effective > 0n)
  assert.equal(typeof own.seccomp, "boolean")
})

test("types of a kernel that does not tell them are those of its image", { skip: skipClang }, () => {
  inTempDir(dir => {
    const image = join(dir, "vmlinux")
    writeFileSync(image, clangObject("struct task_struct { int pid; } task;"))
    const btf = typesOfImage([join(dir, "missing"), image])
    assert.ok(btf.find("task_struct", "struct") > 0)
    assert.throws(() => typesOfImage([join(dir, "missing")]))
  })
})
