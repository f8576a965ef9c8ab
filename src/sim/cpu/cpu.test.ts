import assert from "node:assert/strict"
import { test } from "node:test"
import { toolLines } from "../../../tests/support/simulatedTool.ts"

/** The tracepoints of BCC's runqlat: nanoseconds from when a task can run to when it does. */
const RUN_QUEUE = `BPF_HASH(since, u32, u64);
  static int can_run(u32 pid) {
    u64 now = bpf_ktime_get_ns();
    since.update(&pid, &now);
    return 0;
  }
  TRACEPOINT_PROBE(sched, sched_wakeup) { return can_run(args->pid); }
  TRACEPOINT_PROBE(sched, sched_wakeup_new) { return can_run(args->pid); }
  TRACEPOINT_PROBE(sched, sched_switch) {
    if (args->prev_pid && (args->prev_state & 0xff) == 0) can_run(args->prev_pid);
    u32 pid = args->next_pid;
    u64 *then = since.lookup(&pid);
    if (then) {
      bpf_trace_printk("%s waited %d", args->next_comm, bpf_ktime_get_ns() - *then);
      since.delete(&pid);
    }
    return 0;
  }`

/** Microseconds that tasks of a name waited. */
const waits = (lines: readonly string[], comm: string): number[] =>
  lines.flatMap(line => {
    const found = line.match(/: (\S+) waited (\d+)$/)
    return found?.[1] === comm ? [Number(found[2]) / 1000] : []
  })

test("tasks wait for a processor when there are more of them than processors, and not otherwise", () => {
  const busy = (tasks: number): number[] =>
    waits(
      toolLines(RUN_QUEUE, system => {
        for (let i = 0; i < tasks; i++) system.spawn("busy", process => process.compute(60_000_000))
      }),
      "busy",
    )
  const longest = (tasks: number): number => Math.max(...busy(tasks))
  assert.ok(longest(2) < 1000, `${longest(2)}`)
  // Two processors, four tasks: one's turn is a slice of 3 ms and up to a tick.
  assert.ok(longest(4) > 2000 && longest(4) < 12_000, `${longest(4)}`)
})

test("time away from the processor is what a task sleeps, with its kind", () => {
  const text = `BPF_HASH(left, u32, u64);
    TRACEPOINT_PROBE(sched, sched_switch) {
      u64 now = bpf_ktime_get_ns();
      u32 prev = args->prev_pid, next = args->next_pid;
      left.update(&prev, &now);
      u64 *then = left.lookup(&next);
      if (then && next) bpf_trace_printk("%s away %d", args->next_comm, now - *then);
      return 0;
    }`
  const lines = toolLines(text, system => {
    system.spawn("nap", function* (nap) {
      for (const milliseconds of [1, 10, 100]) yield* nap.sleep(milliseconds * 1_000_000)
    })
  })
  const away = lines.flatMap(line => /: nap away (\d+)$/.exec(line)?.[1] ?? []).map(Number)
  assert.equal(away.length, 3)
  for (const [i, wanted] of [1e6, 1e7, 1e8].entries()) {
    assert.ok(away[i] > wanted * 0.99 && away[i] < wanted + 100_000, away.join())
  }
})

test("interrupts: one of the disk for each request, its softirq behind it", () => {
  const text = `TRACEPOINT_PROBE(block, block_rq_issue) { bpf_trace_printk("request"); return 0; }
    TRACEPOINT_PROBE(irq, irq_handler_entry) { bpf_trace_printk("interrupt %d", args->irq); return 0; }
    TRACEPOINT_PROBE(irq, softirq_entry) { if (args->vec == 4) bpf_trace_printk("softirq"); return 0; }`
  const lines = toolLines(text, system => {
    system.files.make("/data", 0o100644, 4_000_000)
    system.spawn("cat", function* (cat) {
      const fd = yield* cat.open("/data")
      while ((yield* cat.read(fd, 131_072)) > 0);
    })
  })
  const count = (what: string): number => lines.filter(line => line.endsWith(`: ${what}`)).length
  // 977 pages, 32 at a time.
  assert.equal(count("request"), Math.ceil(4_000_000 / 4096 / 32))
  assert.equal(count("interrupt 27"), count("request"))
  assert.equal(count("softirq"), count("request"))
})

test("samples of a clock fall on the functions that take the time", () => {
  const text = `#include <linux/bpf_perf_event.h>
    int sample(struct bpf_perf_event_data *ctx) { bpf_trace_printk("sample"); return 0; }`
  const lines = toolLines(text, system => system.spawn("busy", process => process.compute(1_000_000_000)), {
    seconds: 1,
    attach: [["sample", { kind: "perf_event", event: "cpu-clock", frequency: 99 }]],
    type: "perf_event",
  })
  const busy = lines.filter(line => line.startsWith("busy:")).length
  // A second of one task, 99 times a second.
  assert.ok(busy >= 96 && busy <= 101, `${busy}`)
})
