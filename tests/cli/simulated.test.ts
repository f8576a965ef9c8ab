import assert from "node:assert/strict"
import { test } from "node:test"
import { WORKLOAD_NAMES } from "../../src/cli/simulated.ts"
import { WORKLOADS } from "../../src/sim/index.ts"
import { fileWith, skep } from "../support/cli.ts"

const opens = fileWith(
  "opens.c",
  `int kprobe__do_sys_openat2(struct pt_regs *ctx, int dfd, const char *name) {
  char path[64] = {};
  bpf_probe_read_user_str(path, sizeof(path), (void *)name);
  bpf_trace_printk("open %s\\n", path);
  return 0;
}
`,
)

test("a program runs on the simulated kernel, and it is said", () => {
  const { status, stdout, stderr } = skep(["run", "--on", "vm", "--workload", "web", "--duration", "0.2", opens])
  assert.equal(status, 0, stderr)
  assert.match(stderr, /^simulated: nothing here is of this computer; the workload is web, the seed 1$/m)
  assert.match(stdout, /^nginx-\d+ \[00\d\] .* 300\.\d{6}: open \/var\/www\/\w+\.\w+$/m)
})

test("the same seed gives the same lines, another one others", () => {
  const lines = (seed: string) => skep(["run", "--workload=shell", `--seed=${seed}`, "--duration=0.1", opens]).stdout
  assert.equal(lines("1"), lines("1"))
  assert.notEqual(lines("1"), lines("2"))
})

test("the demo prints the lines of the slides", () => {
  const { status, stdout, stderr } = skep(["demo", "--on", "vm"])
  assert.equal(status, 0, stderr)
  assert.match(stdout, /^bash-\d+ \[00\d\] .*: Hello, World!$/m)
  assert.match(stdout, /^task_switch\[ +0-> *\d+\]=\d+$/m)
  assert.equal(stderr.match(/simulated: nothing/g)?.length, 1)
})

test("the command line names the workloads that there are", () => {
  assert.deepEqual(
    WORKLOADS.map(({ name }) => name),
    WORKLOAD_NAMES,
  )
})

function wrong(message: RegExp, ...args: readonly string[]): void {
  test(`skep run ${args.join(" ")}`, () => {
    const { status, stderr } = skep(["run", ...args, opens])
    assert.notEqual(status, 0)
    assert.match(stderr, message)
  })
}
wrong(/--on cannot be 'moon'/, "--on", "moon")
wrong(/--workload and --seed are for the simulated kernel/, "--on", "kernel", "--workload", "web")
wrong(/there is no workload wep.*did you mean web.*names +a name server/s, "--on", "vm", "--workload", "wep")
wrong(/--seed is a whole number/, "--on", "vm", "--seed", "x")
wrong(
  /no such place: a function vfs_raed.*vfs_read/s,
  "--on",
  "vm",
  "--attach",
  "kprobe:vfs_raed=kprobe__do_sys_openat2",
)
