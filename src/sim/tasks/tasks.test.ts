import assert from "node:assert/strict"
import { test } from "node:test"
import { testSystem, watch } from "../../../tests/support/simulated.ts"
import { toolLines, traces } from "../../../tests/support/simulatedTool.ts"

traces(
  "signals: who sends which one to whom, and what comes of it, as BCC's killsnoop tells",
  `#include <linux/sched.h>
  int kretprobe____x64_sys_kill(struct pt_regs *ctx) { bpf_trace_printk("kill = %d", PT_REGS_RC(ctx)); return 0; }
  TRACEPOINT_PROBE(signal, signal_deliver) { bpf_trace_printk("delivered %d", args->sig); return 0; }
  TRACEPOINT_PROBE(sched, sched_process_exit) {
    struct task_struct *task = (struct task_struct *)bpf_get_current_task();
    int signal = task->exit_code & 0x7f;
    if (signal) bpf_trace_printk("ended by %d", signal);
    return 0;
  }`,
  {
    sh: lines =>
      function* (sh) {
        for (const signal of [15, 9, 1]) {
          const child = yield* sh.fork(late => late.sleep(20_000_000))
          yield* sh.sleep(1_000_000)
          lines.push(`sh: kill = ${yield* sh.kill(child, signal)}`)
          if (signal !== 1) lines.push(`sh: delivered ${signal}`, `sh: ended by ${signal}`)
          assert.equal(yield* sh.wait(), child)
        }
        lines.push(`sh: kill = ${yield* sh.kill(99_999, 9)}`)
      },
  },
)

test("a task that a signal ends while it sleeps ends then, one that computes when its system call does", () => {
  const system = testSystem()
  const ended: number[] = []
  watch(system, { kind: "tracepoint", category: "sched", event: "sched_process_exit" }, () =>
    ended.push(Math.round((system.kernel.now() - begin) / 1e6)),
  )
  const begin = system.kernel.now()
  system.spawn("sh", function* (sh) {
    const asleep = yield* sh.fork(child => child.sleep(500_000_000))
    const busy = yield* sh.fork(function* (child) {
      yield* child.compute(20_000_000)
      yield* child.stat("/etc/hosts")
      yield* child.sleep(500_000_000)
    })
    yield* sh.sleep(5_000_000)
    yield* sh.kill(asleep, 15)
    yield* sh.kill(busy, 15)
    yield* sh.wait()
    yield* sh.wait()
  })
  system.run(1_000_000_000)
  assert.equal(ended.length, 3)
  assert.ok(ended[0] >= 5 && ended[0] < 10, ended.join())
  assert.ok(ended[1] >= 20 && ended[1] < 40, ended.join())
})

/** What BCC's capable tells. */
const CAPABLE = `int kprobe__cap_capable(struct pt_regs *ctx, void *cred, void *ns, int cap) { bpf_trace_printk("asks %d", cap); return 0; }
  int kretprobe__cap_capable(struct pt_regs *ctx) { bpf_trace_printk("= %d", PT_REGS_RC(ctx)); return 0; }`

test("rights: which capability a call asks for, and whether the user has it", () => {
  const results: number[] = []
  const lines = toolLines(CAPABLE, system => {
    for (const [comm, uid] of [
      ["root", 0],
      ["user", 1000],
    ] as const) {
      system.spawn({ comm, uid }, function* (process) {
        yield* process.sleep(uid * 1000)
        results.push(yield* process.mount("tmpfs", `/mnt/${uid}`, "tmpfs"))
        results.push(Math.min(0, yield* process.listen(uid === 0 ? 80 : 81)))
        results.push(yield* process.kill(1, 15))
      })
    }
  })
  assert.deepEqual(results, [0, 0, 0, -1, -1, -1])
  const told = (comm: string, result: number) =>
    [21, 10, 5].flatMap(cap => [`${comm}: asks ${cap}`, `${comm}: = ${result}`])
  // Root sends a signal to a process of its own: nothing is asked.
  assert.deepEqual(lines, [...told("root", 0).slice(0, 4), ...told("user", -1)])
})

test("namespaces and control groups: a process that leaves, and its children, have numbers of their own", () => {
  const text = `#include <linux/sched.h>
    #include <linux/nsproxy.h>
    int kprobe__vfs_statx(struct pt_regs *ctx) {
      struct task_struct *task = (struct task_struct *)bpf_get_current_task();
      struct mnt_namespace *mounts = task->nsproxy->mnt_ns;
      bpf_trace_printk("%u %u", mounts->ns.inum, task->nsproxy->uts_ns->ns.inum);
      bpf_trace_printk("group %d", bpf_get_current_cgroup_id());
      return 0;
    }`
  const groups: bigint[] = []
  const lines = toolLines(text, system => {
    system.spawn("runc", function* (runc) {
      yield* runc.stat("/etc")
      yield* runc.unshare("mount")
      yield* runc.joinGroup("/box.scope")
      yield* runc.fork(child => child.stat("/etc"))
      yield* runc.wait()
      groups.push(system.objects.controlGroup("/system.slice").id, system.objects.controlGroup("/box.scope").id)
    })
  })
  const [before, after] = [lines[0], lines[2]].map(line => line.split(" ").slice(1).map(Number))
  assert.notEqual(before[0], after[0])
  assert.equal(before[1], after[1])
  assert.deepEqual(
    [lines[1], lines[3]],
    groups.map(id => `runc: group ${id}`),
  )
})

traces(
  "programs that start and end: who became what, how long it lived",
  `BPF_HASH(born, u32, u64);
  TRACEPOINT_PROBE(sched, sched_process_exec) {
    u32 pid = bpf_get_current_pid_tgid() >> 32;
    u64 now = bpf_ktime_get_ns();
    born.update(&pid, &now);
    bpf_trace_printk("begins");
    return 0;
  }
  TRACEPOINT_PROBE(sched, sched_process_exit) {
    u32 pid = bpf_get_current_pid_tgid() >> 32;
    u64 *then = born.lookup(&pid);
    if (then) bpf_trace_printk("lived %d ms", (bpf_ktime_get_ns() - *then) / 1000000);
    return 0;
  }`,
  {
    sh: lines =>
      function* (sh) {
        for (const [comm, time] of [
          ["ls", 3],
          ["ls", 30],
        ] as const) {
          yield* sh.run(`/usr/bin/${comm}`, [], child => child.sleep(time * 1_000_000 + 100_000))
          lines.push(`${comm}: begins`, `${comm}: lived ${time} ms`)
        }
      },
  },
)

test("work of the kernel's threads: it is queued, a worker does it, and the function has its name", () => {
  const text = `TRACEPOINT_PROBE(workqueue, workqueue_queue_work) { bpf_trace_printk("queued %llx", args->function); return 0; }
    TRACEPOINT_PROBE(workqueue, workqueue_execute_start) { bpf_trace_printk("begins %llx", args->function); return 0; }
    TRACEPOINT_PROBE(workqueue, workqueue_execute_end) { bpf_trace_printk("ends %llx", args->function); return 0; }`
  let address = ""
  const lines = toolLines(
    text,
    system => {
      address = system.kernel.names.address("wb_workfn").toString(16)
    },
    { seconds: 0.7 },
  )
  assert.deepEqual(
    lines.map(line => line.slice(line.indexOf(": ") + 2)),
    ["queued", "begins", "ends"].map(what => `${what} ${address}`),
  )
  assert.match(lines[1], /^kworker\/u8:1:/)
})

traces(
  "mounts and shared memory, with what they give",
  `int kretprobe__path_mount(struct pt_regs *ctx) { bpf_trace_printk("mount = %d", PT_REGS_RC(ctx)); return 0; }
  int kretprobe__path_umount(struct pt_regs *ctx) { bpf_trace_printk("umount = %d", PT_REGS_RC(ctx)); return 0; }
  int kprobe____x64_sys_shmget(struct pt_regs *ctx) {
    struct pt_regs *user = (struct pt_regs *)PT_REGS_PARM1(ctx);
    bpf_trace_printk("shmget %d %d", (int)PT_REGS_PARM1(user), (int)PT_REGS_PARM2(user));
    return 0;
  }`,
  {
    job: lines =>
      function* (job) {
        const { length } = lines
        lines.push(`job: mount = ${yield* job.mount("/dev/vdb", "/mnt", "xfs")}`)
        const fd = yield* job.open("/mnt/file", "write")
        assert.ok(length === 0 && fd >= 0)
        yield* job.close(fd)
        lines.push(`job: umount = ${yield* job.umount("/mnt")}`)
        assert.equal(yield* job.open("/mnt/file"), -2)
        yield* job.shareMemory(42, 65_536)
        lines.push("job: shmget 42 65536")
      },
  },
)
