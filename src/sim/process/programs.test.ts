import assert from "node:assert/strict"
import { test } from "node:test"
import { toolLines, workloadLines } from "../../../tests/support/simulatedTool.ts"
import type { AttachTarget } from "../../machine/index.ts"

const usdt = (path: string, provider: string, event: string): AttachTarget => ({ kind: "usdt", path, provider, event })

test("queries of a database: their texts and how long they took, by its static probes", () => {
  const text = `BPF_HASH(since, u32, u64);
    int start(struct pt_regs *ctx) {
      u32 tid = bpf_get_current_pid_tgid();
      u64 now = bpf_ktime_get_ns();
      char query[32] = {};
      since.update(&tid, &now);
      bpf_probe_read_user_str(query, sizeof(query), (void *)PT_REGS_PARM1(ctx));
      bpf_trace_printk("%s", query);
      return 0;
    }
    int done(struct pt_regs *ctx) {
      u32 tid = bpf_get_current_pid_tgid();
      u64 *then = since.lookup(&tid);
      if (then) bpf_trace_printk("took %d", (bpf_ktime_get_ns() - *then) / 1000000);
      return 0;
    }`
  const queries = ["SELECT * FROM hives", "UPDATE hives SET honey = 7"]
  const lines = toolLines(
    text,
    system => {
      system.spawn("mysqld", function* (server) {
        for (const [n, query] of queries.entries()) {
          yield* server.withText(query, function* (address) {
            yield* server.probe("/usr/sbin/mysqld", "mysql:query__start", [address])
            yield* server.sleep((n + 1) * 5_000_000)
            yield* server.probe("/usr/sbin/mysqld", "mysql:query__done", [0])
          })
        }
      })
    },
    {
      attach: [
        ["start", usdt("/usr/sbin/mysqld", "mysql", "query__start")],
        ["done", usdt("/usr/sbin/mysqld", "mysql", "query__done")],
      ],
    },
  )
  assert.deepEqual(lines, [`mysqld: ${queries[0]}`, "mysqld: took 5", `mysqld: ${queries[1]}`, "mysqld: took 10"])
})

test("functions of a Python program: each one that begins returns, by name and line", () => {
  const text = `static int tell(struct pt_regs *ctx) {
      char name[16] = {};
      bpf_probe_read_user_str(name, sizeof(name), (void *)PT_REGS_PARM2(ctx));
      bpf_trace_printk("%s %d", name, PT_REGS_PARM3(ctx));
      return 0;
    }
    int f(struct pt_regs *ctx) { return tell(ctx); }
    int g(struct pt_regs *ctx) { return tell(ctx); }`
  const lines = workloadLines(text, "apps", {
    attach: [
      ["f", usdt("/usr/bin/python3", "python", "function__entry")],
      ["g", usdt("/usr/bin/python3", "python", "function__return")],
    ],
  })
  assert.deepEqual([...new Set(lines)].sort(), ["python3: load_hives 42", "python3: render 57"])
  const count = (name: string): number => lines.filter(line => line.includes(name)).length
  assert.equal(count("render") % 2, 0)
  assert.ok(count("render") > 6)
})

test("a line that somebody types, as BCC's bashreadline tells", () => {
  const lines = toolLines(
    `int line(struct pt_regs *ctx) {
      char text[32] = {};
      bpf_probe_read_user_str(text, sizeof(text), (void *)PT_REGS_RC(ctx));
      bpf_trace_printk("%s", text);
      return 0;
    }`,
    system => {
      system.spawn("bash", function* (bash) {
        for (const line of ["ls -l", "make honey"]) yield* bash.readline(line)
      })
    },
    { attach: [["line", { kind: "uretprobe", path: "/bin/bash", event: "readline" }]] },
  )
  assert.deepEqual(lines, ["bash: ls -l", "bash: make honey"])
})
