import assert from "node:assert/strict"
import { execFileSync } from "node:child_process"
import { existsSync, readFileSync, writeFileSync } from "node:fs"
import { test } from "node:test"

// What tests in the guest may count on.

const text = (path: string) => readFileSync(path, "utf8")

test("the kernel is 6.1 and has its types", () => {
  assert.match(text("/proc/sys/kernel/osrelease"), /^6\.1\./)
  assert.ok(existsSync("/sys/kernel/btf/vmlinux"))
})

test("kprobes, tracepoints and functions to trace are there", () => {
  assert.ok(existsSync("/sys/bus/event_source/devices/kprobe/type"))
  assert.ok(existsSync("/sys/kernel/tracing/events/sched/sched_switch/id"))
  assert.equal(text("/sys/kernel/tracing/kprobe_events"), "")
})

test("symbols have addresses", () => assert.match(text("/proc/kallsyms"), /^ffffffff[0-9a-f]{8} T _?_text$/m))

for (const [where, kind] of [
  ["/proc", "proc"],
  ["/sys", "sysfs"],
  ["/sys/kernel/tracing", "tracefs"],
  ["/sys/kernel/debug", "debugfs"],
  ["/sys/fs/bpf", "bpf"],
  ["/sys/fs/cgroup", "cgroup2"],
  ["/dev", "devtmpfs"],
  ["/dev/pts", "devpts"],
  ["/dev/shm", "tmpfs"],
]) {
  test(`${where} is ${kind}`, () => assert.match(text("/proc/mounts"), new RegExp(`^\\w+ ${where} ${kind} `, "m")))
}

test("the BPF security module is on", () => assert.match(text("/sys/kernel/security/lsm"), /\bbpf\b/))

test("two processors", () => assert.match(text("/sys/devices/system/cpu/online"), /^0-1$/m))

test("this folder is the host's, and writing changes only the guest", () => {
  writeFileSync("build/written-in-the-guest", "yes")
  assert.equal(text("build/written-in-the-guest"), "yes")
})

test("modules are loaded when they are wanted", () => {
  execFileSync("/run/skep/busybox", ["ip", "link", "add", "v0", "type", "veth", "peer", "name", "v1"])
  assert.ok(existsSync("/sys/class/net/v0"))
})
