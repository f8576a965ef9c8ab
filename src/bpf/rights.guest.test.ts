import assert from "node:assert/strict"
import { spawnSync } from "node:child_process"
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { after, before, test } from "node:test"
import { childScenarios } from "../../tests/support/kernel.ts"
import { needsSetpriv, runWithRights } from "../../tests/support/rights.ts"
import { tracefs } from "../kernel/index.ts"
import { writeElf } from "../object/index.ts"
import { BPF } from "./bpf.ts"

const TEXTS = {
  kprobe: "int kprobe__vfs_statfs(void *ctx) { return 0; }",
  tracepoint: "TRACEPOINT_PROBE(syscalls, sys_enter_getpgid) { return args->pid; }",
}
const FOLDER = "SKEP_TEST_FOLDER"

/** What was compiled before, by somebody who may look at the kernel's files: compiling takes long in an emulated machine. */
const attach = (name: keyof typeof TEXTS) => async (): Promise<void> => {
  using b = await BPF.load({ file: join(process.env[FOLDER] ?? "", `${name}.o`) })
  console.log([...b.links].map(({ method }) => method).join())
}

const scenarios = { kprobe: attach("kprobe"), tracepoint: attach("tracepoint") }

if (!childScenarios(scenarios)) {
  const skip = needsSetpriv
  const rights = ["bpf", "perfmon"]
  const folder = mkdtempSync(join(tmpdir(), "skep-rights-"))
  process.env[FOLDER] = folder

  before(async () => {
    chmodSync(folder, 0o755)
    for (const [name, text] of Object.entries(TEXTS)) {
      writeFileSync(join(folder, `${name}.o`), writeElf((await BPF.open({ text })).object))
    }
  })
  after(() => rmSync(folder, { recursive: true }))

  /** Debian keeps perf events from users, whatever their capabilities. */
  const paranoid = (value: string): void => writeFileSync("/proc/sys/kernel/perf_event_paranoid", value)

  test("a kernel that keeps perf events from users says so", { skip }, () => {
    paranoid("3")
    const child = runWithRights(import.meta.url, "kprobe", rights)
    assert.match(
      child.stdout,
      /^KERNEL_NO_PERMISSION: .*kernel.perf_event_paranoid is 3\n.*sysctl kernel.perf_event_paranoid=2/,
    )
  })

  test("a user with bpf, perfmon can: kprobe", { skip }, () => {
    paranoid("2")
    const child = runWithRights(import.meta.url, "kprobe", rights)
    assert.equal(child.stdout, "perf kprobe\n", `${child.error} ${child.stderr}`)
  })

  test("tracepoints are for users whose group may read the tracing file system", { skip }, () => {
    paranoid("2")
    const place = tracefs()
    const refused = runWithRights(import.meta.url, "tracepoint", rights)
    assert.match(
      refused.stdout,
      /^KERNEL_NO_PERMISSION: .*its files belong to root/,
      `${refused.error} ${refused.stderr}`,
    )
    // What the hint says, for the group of the user.
    const { status } = spawnSync("mount", ["-o", "remount,mode=750,gid=65534", place])
    assert.equal(status, 0)
    const allowed = runWithRights(import.meta.url, "tracepoint", rights)
    assert.equal(allowed.stdout, "tracepoint\n", `${allowed.error} ${allowed.stderr}`)
  })
}
