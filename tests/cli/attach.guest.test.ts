import assert from "node:assert/strict"
import { test } from "node:test"
import { fileWith, skep } from "../support/cli.ts"

const TYPED = `
int entered(void *ctx) { return 0; }
int left(void *ctx) { return 0; }
int replaced(void *ctx) { return 0; }
int asked(void *ctx) { return 0; }
int probed(struct pt_regs *ctx) { return 0; }
`

test("--attach takes fentry, fexit, fmod_ret, LSM and a kprobe", () => {
  const places = [
    "fentry:vfs_statfs=entered",
    "fexit:vfs_statfs=left",
    "fmod_ret:security_task_getpgid=replaced",
    "lsm:task_getpgid=asked",
    "kprobe:vfs_statfs=probed",
  ]
  const args = places.flatMap(place => ["--attach", place])
  const ran = skep(["run", ...args, "--duration", "0.1", fileWith("typed.c", TYPED)], { timeout: 200_000 })
  assert.equal(ran.status, 0, ran.stderr)
  for (const line of [
    "entered: fentry vfs_statfs (trampoline)",
    "left: fexit vfs_statfs (trampoline)",
    "replaced: fmod_ret security_task_getpgid (trampoline)",
    "asked: lsm task_getpgid (trampoline)",
    "probed: kprobe vfs_statfs (perf kprobe)",
  ]) {
    assert.ok(ran.stderr.includes(`attached ${line}\n`), ran.stderr)
  }
})
