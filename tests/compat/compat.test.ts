import assert from "node:assert/strict"
import { mkdirSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { test } from "node:test"
import { needsRoot } from "../support/kernel.ts"
import { inTempDir } from "../support/tools.ts"
import { readBaseline, readCorpus } from "./corpus.ts"
import { Bench } from "./measure.ts"
import { report } from "./report.ts"

const TEXT = `
BPF_HASH(counts, u32);
int count(struct pt_regs *ctx) { counts.increment(1); return 0; }
int classify(struct __sk_buff *skb) { return skb->len > 100; }
int probe(void *ctx) { return LIMIT; }
int dummy(struct task_struct *task) { return task->pid; }
`

function program(dir: string, id: string, text: string, meta: object): void {
  mkdirSync(join(dir, "programs", id), { recursive: true })
  writeFileSync(join(dir, "programs", id, "prog.c"), text)
  const none = { tool: id, argv: [], cflags: [], calls: [], loads: [], usdt_contexts: [] }
  writeFileSync(join(dir, "programs", id, "meta.json"), JSON.stringify({ ...none, ...meta }))
}

function corpus(dir: string): void {
  program(dir, "good", TEXT, {
    cflags: ["-DLIMIT=3"],
    calls: [
      ["attach_kprobe", [], { event: "vfs_read", fn_name: "count" }],
      ["perf_buffer_poll", [], {}],
    ],
    usdt_contexts: [{ enabled: [["start", "probe"]] }],
  })
  program(dir, "nowhere", "TRACEPOINT_PROBE(skep, none) { return args->x; }", {})
  program(dir, "wrong", "int f(void *ctx) { return x; }", {})
  const functions = [{ name: "count", insns: 9, load: "ok" }]
  mkdirSync(join(dir, "baseline"))
  writeFileSync(
    join(dir, "baseline", "baseline.json"),
    JSON.stringify({ programs: [{ id: "good", ok: true, compile_s: 1, functions }] }),
  )
}

test("a corpus is read with its flags and the types that the tool gives", () => {
  inTempDir(dir => {
    corpus(dir)
    const [good, ...others] = readCorpus(dir)
    assert.deepEqual(
      others.map(other => other.id),
      ["nowhere", "wrong"],
    )
    assert.deepEqual(good.cflags, ["-DLIMIT=3"])
    assert.deepEqual(Object.fromEntries(good.types), { probe: "kprobe", count: "kprobe" })
    assert.deepEqual(
      readCorpus(dir, ["wro"]).map(({ id }) => id),
      ["wrong"],
    )
  })
})

test("what fits the kernel is told apart from what is wrong", { skip: needsRoot }, () => {
  inTempDir(dir => {
    corpus(dir)
    const bench = new Bench()
    const programs = readCorpus(dir).map(found => bench.run(found))
    const text = report({ kernel: "6.0", programs }, readBaseline(dir))
    assert.match(text, /^programs compiled {2}1 of 3 \(33\.3 %\)$/m)
    assert.match(text, /^functions accepted 3 of 4 \(75\.0 %\)$/m)
    assert.match(text, /^BCC: compiled 1, accepted 1 of 1/m)
    assert.match(text, /does not fit this kernel: 2\n(?:.*\n)*.*BCC_NO_TRACEPOINT there is no tracepoint skep:none/)
    assert.match(text, /dummy \(never loaded\)/)
    assert.match(text, /skep's own: 1\n.*C_UNDECLARED use of undeclared identifier 'x'\n {6}wrong\n$/)
  })
})
