import assert from "node:assert/strict"
import { test } from "node:test"
import { testSystem, watch } from "../../tests/support/simulated.ts"
import type { AttachTarget } from "../machine/index.ts"
import type { Script, System } from "./system.ts"

const SECOND = 1_000_000_000

/** Offsets in `struct pt_regs`. */
const REGISTER = { di: 112, si: 104, dx: 96, ax: 80, orig_ax: 120, ip: 128 }

interface Seen {
  readonly system: System
  /** The task that runs. */
  readonly comm: string
  word(at: number): bigint
  int(at: number): number
  /** The object that a word of the context points to, and a pointer in it. */
  text(at: number, most?: number): string
}

/** One line is one case: what is attached where, what a process does, what is to be seen at each time. */
function sees(
  name: string,
  target: AttachTarget,
  script: Script,
  show: (seen: Seen) => unknown,
  expected: readonly unknown[],
): void {
  test(name, () => {
    const system = testSystem()
    const { linear } = system.kernel.memory
    const found: unknown[] = []
    watch(system, target, context => {
      const { comm } = system.kernel.current
      found.push(
        show({
          system,
          comm,
          word: at => linear.view.getBigUint64(context + at, true),
          int: at => linear.view.getInt32(context + at, true),
          text: (at, most = 64) => linear.text(context + at, most),
        }),
      )
    })
    system.spawn({ comm: "shell", uid: 1000 }, script)
    system.run(SECOND)
    assert.deepEqual(found, expected)
  })
}

const low = (address: bigint): number => Number(address & 0xffffffffn)

const reads: Script = function* (shell) {
  const fd = yield* shell.open("/etc/hosts")
  yield* shell.read(fd, 4096)
  yield* shell.read(fd, 4096)
  yield* shell.close(fd)
}
const runs: Script = function* (shell) {
  yield* shell.run("/usr/bin/ls", ["-l"])
}
const writes: Script = function* (shell) {
  const fd = yield* shell.open("/var/log/app.log", "write")
  yield* shell.write(fd, 10_000)
  yield* shell.fsync(fd)
  yield* shell.close(fd)
}

const event = (category: string, name: string): AttachTarget => ({ kind: "tracepoint", category, event: name })

sees(
  "a kprobe has arguments in registers",
  { kind: "kprobe", event: "vfs_read" },
  reads,
  s => Number(s.word(REGISTER.dx)),
  [4096, 4096],
)
sees(
  "a kretprobe has the result",
  { kind: "kretprobe", event: "vfs_read" },
  reads,
  s => Number(s.word(REGISTER.ax)),
  [300, 0],
)
sees(
  "fexit has arguments and the result",
  { kind: "fexit", event: "vfs_read" },
  reads,
  s => Number(s.word(32)),
  [300, 0],
)
sees(
  "a system call has the caller's registers, and its path in the memory of the process",
  { kind: "kprobe", event: "openat", syscall: true },
  reads,
  s => {
    const { linear } = s.system.kernel.memory
    const registers = low(s.word(REGISTER.di))
    const path = linear.view.getBigUint64(registers + REGISTER.si, true)
    return [path >> 32n, linear.text(low(path), 64)]
  },
  [[0x7fffn, "/etc/hosts"]],
)
sees(
  "a file leads to its name",
  { kind: "fentry", event: "vfs_read" },
  reads,
  s => {
    const { memory } = s.system.kernel
    const place = (record: string, path: string) => memory.layouts.place(memory.layouts.record(record), path).offset
    const dentry = memory.linear.view.getBigUint64(low(s.word(0)) + place("file", "f_path.dentry"), true)
    const name = memory.linear.view.getBigUint64(low(dentry) + place("dentry", "d_name.name"), true)
    return memory.linear.text(low(name), 32)
  },
  ["hosts", "hosts"],
)
sees(
  "a tracepoint has its record, strings behind it",
  event("sched", "sched_process_exec"),
  runs,
  s => [s.text(s.int(8) & 0xffff), s.comm],
  [["/usr/bin/ls", "ls"]],
)
sees(
  "the raw tracepoint has the kernel's arguments: who forked, and what",
  { kind: "raw_tracepoint", event: "sched_process_fork" },
  runs,
  s => {
    const { memory } = s.system.kernel
    const { offset } = memory.layouts.place(memory.layouts.record("task_struct"), "tgid")
    const pid = (at: number) => memory.linear.view.getInt32(low(s.word(at)) + offset, true)
    return pid(8) - pid(0)
  },
  [1],
)
sees("processes end", event("sched", "sched_process_exit"), runs, s => s.text(8, 16), ["ls", "shell"])
sees(
  "arguments of a system call by name",
  event("syscalls", "sys_enter_read"),
  reads,
  s => Number(s.word(32)),
  [4096, 4096],
)
sees("results of system calls", event("syscalls", "sys_exit_openat"), reads, s => Number(s.word(16)), [3])
sees("numbers of system calls", event("raw_syscalls", "sys_exit"), reads, s => [s.int(8), s.int(16)], [
  [257, 3],
  [0, 300],
  [0, 0],
  [3, 0],
])
sees("what is written goes to the disk", event("block", "block_rq_complete"), writes, s => s.int(24), [24])
sees("names of disks' requests", event("block", "block_rq_issue"), writes, s => [s.text(34, 8), s.text(44, 16)], [
  ["WS", "shell"],
])
sees(
  "connections have states",
  event("sock", "inet_sock_set_state"),
  function* (shell) {
    yield* shell.fork(function* (server) {
      const listener = yield* server.listen(8080)
      const fd = yield* server.accept(listener)
      yield* server.receive(fd, 100)
      yield* server.close(fd)
    })
    yield* shell.sleep(1_000_000)
    const fd = yield* shell.connect(8080)
    yield* shell.send(fd, "GET /")
    yield* shell.receive(fd, 100)
    yield* shell.close(fd)
  },
  s => [s.int(16), s.int(20)],
  [
    [7, 10],
    [7, 2],
    [2, 1],
    [3, 1],
    [1, 4],
    [1, 8],
    [4, 5],
    [10, 7],
    [8, 9],
    [5, 7],
    [9, 7],
  ],
)
sees(
  "a function of a program",
  { kind: "uprobe", path: "/bin/bash", event: "readline" },
  function* (shell) {
    yield* shell.call("/bin/bash", "readline", [42])
  },
  s => Number(s.word(REGISTER.di)),
  [42],
)
sees(
  "page faults are counted",
  { kind: "perf_event", event: "page-faults", period: 2 },
  function* (shell) {
    yield* shell.touch(5)
  },
  s => s.comm,
  ["shell", "shell"],
)
sees(
  "a clock goes on while something runs",
  { kind: "perf_event", event: "cpu-clock", period: 1_000_000 },
  function* (shell) {
    yield* shell.compute(3_500_000)
  },
  s => s.comm,
  ["shell", "shell", "shell"],
)

sees(
  "a low port needs a capability",
  { kind: "kretprobe", event: "cap_capable" },
  function* (shell) {
    yield* shell.listen(80)
  },
  s => Number(BigInt.asIntN(32, s.word(REGISTER.ax))),
  [-1],
)
sees(
  "functions of the C library",
  { kind: "uretprobe", path: "c", event: "read" },
  reads,
  s => Number(s.word(REGISTER.ax)),
  [300, 0],
)
sees(
  "a function that had another name",
  { kind: "kprobe", event: "__vfs_read" },
  reads,
  s => Number(s.word(REGISTER.dx)),
  [4096, 4096],
)

test("calls under way are those of the stack", () => {
  const system = testSystem()
  let names: (string | undefined)[] = []
  watch(system, { kind: "kprobe", event: "ext4_file_read_iter" }, () => {
    names = system.kernel.stack("kernel").map(address => system.kernel.names.at(address)?.name)
  })
  system.spawn("shell", reads)
  system.run(SECOND)
  assert.deepEqual(names, [
    "ext4_file_read_iter",
    "vfs_read",
    "ksys_read",
    "__x64_sys_read",
    "x64_sys_call",
    "do_syscall_64",
    "entry_SYSCALL_64_after_hwframe",
  ])
})

test("a program that decides takes the place of a function's result", () => {
  const system = testSystem()
  watch(system, { kind: "lsm", event: "inode_unlink" }, () => -1)
  const results: number[] = []
  system.spawn("shell", function* (shell) {
    results.push(yield* shell.unlink("/etc/hosts"))
  })
  system.run(SECOND)
  assert.deepEqual(results, [-1])
  assert.ok(system.files.find("/etc/hosts"))
})

test("who is attached sees nothing more when it is detached", () => {
  const system = testSystem()
  let seen = 0
  const end = watch(system, { kind: "kprobe", event: "vfs_read" }, () => void seen++)
  end()
  system.spawn("shell", reads)
  system.run(SECOND)
  assert.equal(seen, 0)
})

/** Switches of tasks in a busy second, as text. */
function switches(seed: number): string {
  const system = testSystem({ seed })
  const lines: string[] = []
  watch(system, event("sched", "sched_switch"), context => {
    lines.push(`${system.kernel.now()} ${system.kernel.cpu()} ${system.kernel.memory.linear.text(context + 40, 16)}`)
  })
  for (let i = 0; i < 5; i++) {
    system.spawn(`busy${i}`, function* (process) {
      for (;;) {
        yield* process.compute(process.random(1, 9) * 1_000_000)
        yield* process.sleep(2_000_000)
      }
    })
  }
  system.run(SECOND)
  return lines.join("\n")
}

test("the same seed makes the same run, another one another", () => {
  const one = switches(1)
  assert.ok(one.split("\n").length > 200)
  assert.equal(one, switches(1))
  assert.notEqual(one, switches(2))
})

test("memory is given back", () => {
  const system = testSystem()
  system.spawn("shell", function* (shell) {
    for (;;) {
      yield* shell.run("/usr/bin/ls", [], reads)
      yield* writes(shell)
      yield* shell.sleep(1_000_000)
    }
  })
  system.run(SECOND / 2)
  const { size } = system.kernel.memory.linear
  system.run(2 * SECOND)
  assert.ok(system.kernel.memory.linear.size <= size * 2, `${size} became ${system.kernel.memory.linear.size}`)
})

/** What a place that there is not says. */
function refused(target: AttachTarget, hint: RegExp): void {
  test(`no place: ${target.kind} ${"event" in target ? String(target.event) : ""}`, () => {
    assert.throws(
      () => watch(testSystem(), target, () => {}),
      (error: { code: string; parts: { hint: string } }) =>
        error.code === "SIM_NO_PLACE" && hint.test(error.parts.hint),
    )
  })
}
refused({ kind: "kprobe", event: "vfs_raed" }, /vfs_read/)
refused(event("sched", "sched_swich"), /sched:sched_switch/)
refused({ kind: "raw_tracepoint", event: "sched_swich" }, /sched_switch/)
refused({ kind: "perf_event", event: "branch-misses" }, /cpu-clock/)
refused({ kind: "cgroup", path: "/sys/fs/cgroup" }, /simulated/)
