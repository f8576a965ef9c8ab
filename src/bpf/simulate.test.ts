import assert from "node:assert/strict"
import { test } from "node:test"
import { BPF, StackTraceTable, simulate } from "./index.ts"

test("a workload of one's own: files, processes, what they do", async () => {
  const computer = await simulate({ seed: 3 })
  computer.file("/etc/motd", 120)
  const results: number[] = []
  const login = computer.spawn({ comm: "login", uid: 1000 }, function* (process) {
    const fd = yield* process.open("/etc/motd")
    results.push(yield* process.read(fd, 4096), yield* process.open("/no/such/file"))
    yield* process.close(fd)
  })
  using b = await BPF.load({
    machine: computer.machine,
    text: `BPF_HASH(bytes, u32);
      int kretprobe__vfs_read(struct pt_regs *ctx) {
        u32 pid = bpf_get_current_pid_tgid() >> 32;
        bytes.increment(pid, PT_REGS_RC(ctx));
        return 0;
      }`,
  })
  computer.run(0.1)
  assert.deepEqual(results, [120, -2])
  assert.deepEqual([...b.table("bytes")], [[login.pid, 120n]])
})

test("names of the simulated kernel and of its processes: symbols, stacks, functions that match", async () => {
  const computer = await simulate({ workload: "shell" })
  using b = await BPF.load({
    machine: computer.machine,
    text: `BPF_STACK_TRACE(stacks, 64);
      BPF_HASH(seen, int);
      BPF_HASH(users, int);
      int f(struct pt_regs *ctx) {
        int id = stacks.get_stackid(ctx, 0), user = stacks.get_stackid(ctx, BPF_F_USER_STACK);
        seen.increment(id);
        users.increment(user);
        return 0;
      }`,
  })
  const link = b.attachKprobe({ eventRe: "vfs_(read|write)", fn: "f" })
  assert.match(link.place, /2 places/)
  computer.run(0.1)
  const lines = (table: string): string[] => {
    const stacks = b.table("stacks", StackTraceTable)
    return [...b.table<number, bigint>(table)].map(([id]) => stacks.lines(id).slice(0, 3).join(" < "))
  }
  assert.ok(lines("seen").includes("vfs_read < ksys_read < __x64_sys_read"), lines("seen").join("\n"))
  assert.ok(lines("users").includes("read < main < __libc_start_main"), lines("users").join("\n"))
  const address = b.ksymName("vfs_read")
  assert.ok(address !== undefined)
  assert.equal(b.ksym(address + 4n, { offset: true, module: true }), "vfs_read+0x4 [kernel]")
})

test("system calls by the names of any processor", async () => {
  const computer = await simulate({ workload: "shell" })
  using b = await BPF.load({
    machine: computer.machine,
    text: "BPF_ARRAY(n, u64, 1); int f(void *ctx) { n.increment(0); return 0; }",
  })
  for (const event of ["__arm64_sys_clone", "sys_clone", "__x64_sys_clone"]) b.attachKprobe({ event, fn: "f" })
  computer.run(0.2)
  const [[, count]] = [...b.table<number, bigint>("n")]
  assert.ok(count > 0n && count % 3n === 0n, String(count))
})

test("a program makes a function fail", async () => {
  const computer = await simulate()
  computer.file("/etc/motd", 120)
  const results: number[] = []
  computer.spawn("reader", function* (process) {
    const fd = yield* process.open("/etc/motd")
    results.push(yield* process.read(fd, 10))
  })
  using _ = await BPF.load({
    machine: computer.machine,
    text: "int kprobe__vfs_read(struct pt_regs *ctx) { bpf_override_return(ctx, -5); return 0; }",
  })
  computer.run(0.1)
  assert.deepEqual(results, [-5])
})

test("a workload that there is not", async () => {
  await assert.rejects(simulate({ workload: "moon" }), { code: "SIM_NO_WORKLOAD" })
})
