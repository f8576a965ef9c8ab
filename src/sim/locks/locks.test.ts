import assert from "node:assert/strict"
import { test } from "node:test"
import { toolLines } from "../../../tests/support/simulatedTool.ts"
import { SleepingLock } from "./lock.ts"

/** The probes of BCC's klockstat: how long a mutex was waited for, and how long it was held. */
const LOCKS = `BPF_HASH(since, u32, u64);
  KFUNC_PROBE(mutex_lock, void *lock) {
    u32 tid = bpf_get_current_pid_tgid();
    u64 now = bpf_ktime_get_ns();
    since.update(&tid, &now);
    return 0;
  }
  KRETFUNC_PROBE(mutex_lock, void *lock, int ret) {
    u32 tid = bpf_get_current_pid_tgid();
    u64 now = bpf_ktime_get_ns(), *then = since.lookup(&tid);
    if (then == 0) return 0;
    bpf_trace_printk("waited %d", now - *then);
    since.update(&tid, &now);
    return 0;
  }
  KFUNC_PROBE(mutex_unlock, void *lock) {
    u32 tid = bpf_get_current_pid_tgid();
    u64 *then = since.lookup(&tid);
    if (then) bpf_trace_printk("held %d", bpf_ktime_get_ns() - *then);
    return 0;
  }
  TRACEPOINT_PROBE(lock, contention_begin) { bpf_trace_printk("contends %d", args->flags); return 0; }`

test("a mutex: one task holds it, the other one waits as long as that, and it is told that it does", () => {
  const HELD = 700_000
  const lines = toolLines(LOCKS, system => {
    const mutex = new SleepingLock(system, "mutex", system.kernel.memory.new("mutex"))
    for (const [comm, pause] of [
      ["first", 1_000_000],
      ["second", 1_300_000],
    ] as const) {
      system.spawn(comm, function* (process) {
        yield* process.sleep(pause)
        yield* mutex.hold(() => process.compute(HELD))
      })
    }
  })
  const time = (comm: string, what: string): number =>
    Number(lines.find(line => line.startsWith(`${comm}: ${what} `))?.split(" ")[2])
  assert.deepEqual(lines.map(line => line.replace(/ \d+$/, "")).sort(), [
    "first: held",
    "first: waited",
    "second: contends",
    "second: held",
    "second: waited",
  ])
  assert.ok(time("first", "waited") < 1000, lines.join("\n"))
  for (const comm of ["first", "second"]) assert.ok(Math.abs(time(comm, "held") - HELD) < 50_000, lines.join("\n"))
  // The second one came while the first one had most of its time left.
  assert.ok(Math.abs(time("second", "waited") - (HELD - 300_000)) < 100_000, lines.join("\n"))
})

test("a lock of a program: threads that do not get it wait in futex(2)", () => {
  const text = `int lock(struct pt_regs *ctx) { bpf_trace_printk("wants"); return 0; }
    int locked(struct pt_regs *ctx) { bpf_trace_printk("has"); return 0; }
    int kprobe__futex_wait(struct pt_regs *ctx) { bpf_trace_printk("waits"); return 0; }
    int kretprobe__futex_wake(struct pt_regs *ctx) { bpf_trace_printk("wakes %d", PT_REGS_RC(ctx)); return 0; }`
  const mutex = { path: "pthread", event: "pthread_mutex_lock" }
  const lines = toolLines(
    text,
    system => {
      system.spawn("db", function* (db) {
        const pages = db.mutex()
        yield* db.thread(function* (late) {
          yield* late.sleep(200_000)
          yield* late.lock(pages)
          yield* late.unlock(pages)
        })
        yield* db.lock(pages)
        yield* db.compute(2_000_000)
        yield* db.unlock(pages)
      })
    },
    {
      attach: [
        ["lock", { kind: "uprobe", ...mutex }],
        ["locked", { kind: "uretprobe", ...mutex }],
      ],
    },
  )
  assert.deepEqual(lines, ["db: wants", "db: has", "db: wants", "db: waits", "db: wakes 1", "db: has"])
})
