import assert from "node:assert/strict"
import { spawn } from "node:child_process"
import { once } from "node:events"
import { readFileSync } from "node:fs"
import { test } from "node:test"
import { vmlinuxEnum } from "../../../tests/support/vmlinuxEnum.ts"
import { sys } from "../../kernel/index.ts"
import {
  detectLanguage,
  findExe,
  findLibrary,
  kernelEnumHasValue,
  kernelStructHasField,
  monotonicTime,
  onlineCpus,
  possibleCpus,
  syscallNumber,
  syscallOfNumber,
  syscalls,
  tcpFlagNames,
  tcpStateName,
  tcpStates,
  waitingCommand,
  xdpActions,
} from "../index.ts"

const noBtf = vmlinuxEnum("bpf_map_type") === undefined && "no /sys/kernel/btf/vmlinux"

function call(arch: string, number: number, name: string): void {
  test(`${arch}: system call ${number} is ${name}`, () => {
    assert.equal(syscallOfNumber(number, arch), name)
    assert.equal(syscallNumber(name, arch), number)
  })
}

call("x64", 0, "read")
call("x64", 59, "execve")
call("x64", 257, "openat")
call("x64", 334, "rseq")
call("x64", 424, "pidfd_send_signal")
call("x64", 469, "file_setattr")
call("arm64", 0, "io_setup")
call("arm64", 56, "openat")
call("arm64", 221, "execve")
call("arm64", 280, "bpf")
call("arm64", 294, "kexec_file_load")
call("arm64", 435, "clone3")

test("numbers that skep itself calls are those of the table", () => {
  for (const [name, number] of Object.entries(sys().numbers)) {
    const snake = name.replace(/[A-Z]/g, letter => `_${letter.toLowerCase()}`)
    if (syscallNumber(snake) !== undefined) assert.equal(syscallNumber(snake), number, name)
  }
  assert.equal(syscallNumber("bpf"), sys().numbers.bpf)
})

test("a system call by the kernel's own name, and one that is not known", () => {
  assert.equal(syscallNumber("__x64_sys_openat", "x64"), 257)
  assert.equal(syscallNumber("no_such_call"), undefined)
  assert.equal(syscallOfNumber(9999), "[unknown: 9999]")
  assert.equal(syscalls("sparc").size, 0)
})

test("the clock is the one that programs see", () => {
  const before = Number(readFileSync("/proc/uptime", "utf8").split(" ")[0])
  const now = Number(monotonicTime()) / 1e9
  // The time since boot goes on while the computer sleeps.
  assert.ok(now <= before + 1 && now > 0)
})

test("CPUs", () => {
  const online = onlineCpus()
  const possible = possibleCpus()
  assert.ok(online.length > 0)
  assert.deepEqual(
    online.filter(cpu => !possible.includes(cpu)),
    [],
  )
})

test("programs and libraries by name", () => {
  assert.match(findExe("sh") ?? "", /\/sh$/)
  assert.equal(findExe("no-such-program"), undefined)
  assert.match(findLibrary("c") ?? "", /libc.*\.so/)
  assert.equal(findLibrary("no-such-library"), undefined)
})

function field(struct: string, name: string, expected: boolean): void {
  test(`struct ${struct} ${expected ? "has" : "has no"} ${name}`, { skip: noBtf }, () =>
    assert.equal(kernelStructHasField(struct, name), expected),
  )
}

field("task_struct", "pid", true)
field("struct task_struct", "comm", true)
field("task_struct", "bees", false)
field("task_struct", "thread_info.flags", true)
field("task_struct", "thread_info.bees", false)
field("sock", "sk_family", false)
field("sock", "__sk_common.skc_family", true)
field("no_such_struct", "pid", false)

test("enumerators of the kernel", { skip: noBtf }, () => {
  assert.equal(kernelEnumHasValue("bpf_map_type", "BPF_MAP_TYPE_HASH"), true)
  assert.equal(kernelEnumHasValue("enum bpf_map_type", "BPF_MAP_TYPE_BEES"), false)
  assert.equal(kernelEnumHasValue("no_such_enum", "BPF_MAP_TYPE_HASH"), false)
})

test("verdicts of XDP are the kernel's", { skip: noBtf }, () => {
  for (const [name, number] of vmlinuxEnum("xdp_action") ?? []) {
    assert.equal(xdpActions[number], name.slice("XDP_".length).toLowerCase())
  }
})

test("states of TCP are the kernel's", { skip: noBtf }, () => {
  // Either is an enumeration without a name: some kernels' programs have them under one.
  assert.equal(tcpStateName(1), "ESTABLISHED")
  assert.equal(tcpStateName(10), "LISTEN")
  assert.equal(tcpStateName(99), "99")
  assert.equal(tcpStates.length, 13)
})

test("flags of TCP", () => {
  assert.deepEqual(tcpFlagNames(0x12), ["SYN", "ACK"])
  assert.deepEqual(tcpFlagNames(0), [])
})

test("the language of a process", async () => {
  assert.equal(detectLanguage(process.pid), "node")
  const child = spawn("sleep", ["60"], { stdio: "ignore" })
  await once(child, "spawn")
  assert.equal(detectLanguage(child.pid as number), undefined)
  child.kill()
  await once(child, "exit")
  assert.equal(detectLanguage(child.pid as number), undefined)
})

test("a command waits until it is started, under the same pid", async () => {
  const command = waitingCommand(["sh", "-c", 'exit "$(($$ == PID ? 7 : 8))"'.replace("PID", "$0"), "0"])
  assert.match(readFileSync(`/proc/${command.pid}/stat`, "utf8"), /^\d+ \(.*\) [SRD] /)
  command.start()
  assert.equal(await command.exited, 8)
  const own = waitingCommand(["sh", "-c", "exit 7"])
  own.start()
  own.start()
  assert.equal(await own.exited, 7)
})

test("a command that is never started, and one that does not exist", async () => {
  const waiting = waitingCommand(["true"])
  assert.equal(waiting.kill("SIGKILL"), true)
  assert.equal(await waiting.exited, 128 + 9)
  const none = waitingCommand(["/no/such/command"])
  none.start()
  assert.equal(await none.exited, 127)
  assert.throws(() => waitingCommand([]), { code: "BPF_OPTION" })
})
