import assert from "node:assert/strict"
import { test } from "node:test"
import { toolLines, workloadLines } from "../../../tests/support/simulatedTool.ts"

/** Lines that begin, and those that end, with the same address. */
function pairs(
  lines: readonly string[],
  taken: string,
  given: string,
): { readonly taken: number; readonly left: number } {
  const open = new Set<string>()
  let count = 0
  for (const line of lines) {
    const [, what, address] = / (\w+) ([0-9a-f]+)/.exec(line) ?? []
    if (what === taken) {
      open.add(address)
      count++
    } else if (what === given) assert.ok(open.delete(address), `${line}: was not taken`)
  }
  return { taken: count, left: open.size }
}

test("memory for each processor: a process takes it, and gives it back when it ends", () => {
  const text = `TRACEPOINT_PROBE(percpu, percpu_alloc_percpu) { bpf_trace_printk("take %llx %d", args->ptr, args->bytes_alloc); return 0; }
    TRACEPOINT_PROBE(percpu, percpu_free_percpu) { bpf_trace_printk("give %llx", args->ptr); return 0; }`
  const lines = toolLines(text, system => {
    system.spawn("sh", function* (sh) {
      for (let i = 0; i < 5; i++) yield* sh.run("/usr/bin/ls")
    })
  })
  assert.deepEqual(pairs(lines, "take", "give"), { taken: 5, left: 0 })
  assert.match(lines[0], / 32$/)
})

test("pieces of memory: what is taken by kmalloc and from caches is given back", () => {
  const text = `TRACEPOINT_PROBE(kmem, kmalloc) { bpf_trace_printk("take %llx", args->ptr); return 0; }
    TRACEPOINT_PROBE(kmem, kfree) { bpf_trace_printk("give %llx", args->ptr); return 0; }
    TRACEPOINT_PROBE(kmem, kmem_cache_alloc) { bpf_trace_printk("get %llx", args->ptr); return 0; }
    TRACEPOINT_PROBE(kmem, kmem_cache_free) { bpf_trace_printk("put %llx", args->ptr); return 0; }`
  const lines = workloadLines(text, "upkeep", { seconds: 0.3 })
  const pieces = pairs(lines, "take", "give")
  const objects = pairs(lines, "get", "put")
  // Tasks that still live have theirs, and calls that are under way.
  assert.ok(pieces.taken > 0 && pieces.left < 3, JSON.stringify(pieces))
  assert.ok(objects.taken > 10 && objects.left < 10, JSON.stringify(objects))
})

test("page faults: one for each page that is touched first", () => {
  const text =
    'TRACEPOINT_PROBE(exceptions, page_fault_user) { bpf_trace_printk("fault %llx", args->address); return 0; }'
  const lines = toolLines(text, system => void system.spawn("touch", process => process.touch(7)))
  assert.equal(new Set(lines).size, 7)
  assert.ok(lines.every(line => line.startsWith("touch: fault 7f")))
})

test("memory that runs out: who is ended, as BCC's oomkill tells", () => {
  const text = `#include <linux/oom.h>
    int kprobe__oom_kill_process(struct pt_regs *ctx, struct oom_control *oc) {
      struct task_struct *chosen = oc->chosen;
      bpf_trace_printk("%d %s %d", chosen->pid, chosen->comm, oc->totalpages);
      return 0;
    }`
  let pid = 0
  const lines = toolLines(text, system => {
    system.spawn("hungry", function* (hungry) {
      pid = hungry.pid
      yield* hungry.exhaustAll()
    })
  })
  assert.deepEqual(lines, [`hungry: ${pid} hungry 524288`])
})
