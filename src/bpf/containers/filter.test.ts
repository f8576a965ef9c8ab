import assert from "node:assert/strict"
import { spawn } from "node:child_process"
import { once } from "node:events"
import { mkdirSync, mkdtempSync, rmdirSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { after, test } from "node:test"
import { skep } from "../../../tests/support/cli.ts"
import { needsRoot } from "../../../tests/support/kernel.ts"
import { cgroupId, namespaceOf } from "../../containers/index.ts"
import { mounts } from "../../kernel/index.ts"
import { BPF, filterByContainers } from "../index.ts"

const [cgroup2] = needsRoot ? [] : mounts("cgroup2")
const skip = needsRoot || (cgroup2 === undefined && "no cgroup2 is mounted")
const group = `${cgroup2}/skep-filter-${process.pid}`
const pins = `${mounts("bpf")[0] ?? "/sys/fs/bpf"}/skep-filter-${process.pid}`
const folder = mkdtempSync(join(tmpdir(), "skep-filter-"))

if (!skip) mkdirSync(group)
after(() => {
  rmSync(folder, { recursive: true })
  if (skip) return
  rmSync(pins, { recursive: true, force: true })
  rmdirSync(group)
})

/** Counts the ends of one process's threads, where that process is in the containers that are looked at. */
const TEXT = `
BPF_ARRAY(ended, u64, 1);
RAW_TRACEPOINT_PROBE(sched_process_exit) {
  if (container_should_be_filtered()) return 0;
  if ((bpf_get_current_pid_tgid() >> 32) == PID) ended.increment(0);
  return 0;
}`

/** A process that waits for a line and ends; in the control group, or in a mount namespace of its own. */
async function waiting(where: "here" | "group" | "namespace") {
  const [command, ...args] = [...(where === "namespace" ? ["unshare", "--mount"] : []), "cat"]
  const child = spawn(command, args, { stdio: ["pipe", "pipe", "inherit"] })
  const pid = child.pid as number
  if (where === "group") writeFileSync(`${group}/cgroup.procs`, String(pid))
  // It answers when it has become what it is to be.
  child.stdin.write("ready\n")
  await once(child.stdout, "data")
  const end = async (): Promise<void> => {
    child.stdin.end()
    await once(child, "exit")
  }
  return { pid, end }
}

/** Whether the end of a process there is seen by a program with a filter; `fill` puts containers into its tables. */
async function seen(
  where: "here" | "group" | "namespace",
  containers: Parameters<typeof filterByContainers>[0],
  fill: (b: BPF, pid: number) => void,
): Promise<boolean> {
  const child = await waiting(where)
  using b = await BPF.load({ text: TEXT, containers, defines: { PID: child.pid } })
  fill(b, child.pid)
  await child.end()
  const count = Number(b.table("ended").get(0))
  assert.ok(count <= 1)
  return count === 1
}

test("without tables a program sees all", { skip }, async () => {
  assert.equal(await seen("here", {}, () => {}), true)
})

test("by control group: only processes of those in the table", { skip }, async () => {
  const cgroupMap = `${pins}/groups`
  const fill = (b: BPF): void => void b.table("cgroupset").set(cgroupId(group) as bigint, 0n)
  assert.equal(await seen("here", { cgroupMap }, fill), false)
  assert.equal(await seen("group", { cgroupMap }, fill), true)
  // The table is pinned: another program finds what is in it.
  assert.equal(await seen("group", { cgroupMap }, () => {}), true)
})

test("by mount namespace: only processes of those in the table", { skip }, async () => {
  const mountNamespaceMap = `${pins}/spaces`
  const inode = (pid: number): bigint => namespaceOf("mnt", pid)?.inode ?? 0n
  const fill = (b: BPF, pid: number): void => void b.table("mount_ns_set").set(inode(pid), 0)
  assert.equal(await seen("here", { mountNamespaceMap }, () => {}), false)
  assert.notEqual(namespaceOf("mnt")?.inode, undefined)
  assert.equal(await seen("namespace", { mountNamespaceMap }, fill), true)
  assert.equal(await seen("here", { mountNamespaceMap }, () => {}), false)
})

test("both have to be in their tables", { skip }, async () => {
  const both = { cgroupMap: `${pins}/groups2`, mountNamespaceMap: `${pins}/spaces2` }
  const space = (b: BPF): void => void b.table("mount_ns_set").set(namespaceOf("mnt")?.inode ?? 0n, 0)
  const all = (b: BPF): void => {
    space(b)
    b.table("cgroupset").set(cgroupId(group) as bigint, 0n)
  }
  assert.equal(await seen("group", both, space), false)
  assert.equal(await seen("group", both, all), true)
})

test("a table of another size that is pinned already is taken as it is", { skip }, async () => {
  const pin = `${pins}/small`
  const text = `BPF_TABLE_PINNED("hash", u64, u64, cgroupset, 7, "${pin}"); int f(void *ctx) { u64 k = 1; return cgroupset.lookup(&k) != 0; }`
  using made = await BPF.load({ text })
  assert.equal(made.table("cgroupset").maxEntries, 7)
  using b = await BPF.load({ text: filterByContainers({ cgroupMap: pin }) + TEXT, defines: { PID: process.pid } })
  assert.equal(b.table("cgroupset").maxEntries, 7)
})

test("what is wrong in the program is told with its own line numbers", { skip: needsRoot }, async () => {
  const text = "int f(void *ctx) {\n  return wrong;\n}"
  await assert.rejects(BPF.load({ text, containers: {}, name: "mine.c" }), error =>
    String((error as Error).stack).includes("mine.c:2:"),
  )
})

test("a path that is none", () => {
  for (const cgroupMap of ["", 'a"b', "a\nb"]) {
    assert.throws(() => filterByContainers({ cgroupMap }), { code: "BPF_OPTION" })
  }
})

test("skep run --cgroupmap and --mntnsmap", { skip }, () => {
  const file = join(folder, "ends.c")
  writeFileSync(file, TEXT)
  const run = (...args: string[]) => skep(["run", "-d", "0.1", "--no-trace", `-DPID=${process.pid}`, ...args])
  assert.equal(run(file).status, 0)
  const filtered = run("--cgroupmap", `${pins}/cli`, "--mntnsmap", `${pins}/cli2`, file)
  assert.equal(filtered.status, 0, filtered.stderr)
  const other = join(folder, "other.c")
  writeFileSync(other, "RAW_TRACEPOINT_PROBE(sched_process_exit) { return 0; }")
  const refused = run("--cgroupmap", `${pins}/cli`, other)
  assert.match(refused.stderr, /does not ask which container/)
  assert.notEqual(refused.status, 0)
})
