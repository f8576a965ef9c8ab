import assert from "node:assert/strict"
import { test } from "node:test"
import { enter } from "../../../tests/support/kernel.ts"
import { compile } from "../../compiler/index.ts"
import { writeElf } from "../../object/index.ts"
import { BPF } from "../index.ts"
import { runningTarget } from "../target.ts"

/** Places of one system call, as sections name them. */
const SECTIONS = [
  "kprobe/__x64_sys_getpgid",
  "kretprobe/__x64_sys_getpgid",
  "ksyscall/getpgid",
  "kretsyscall/getpgid",
  "fentry/__x64_sys_getpgid",
  "fexit/__x64_sys_getpgid",
  "tp/syscalls/sys_enter_getpgid",
]

test("an object file is attached wherever its sections say", async t => {
  const programs = SECTIONS.map(
    (section, i) => `SEC("${section}") int program_${i}(void *ctx) {
      if ((bpf_get_current_pid_tgid() >> 32) == pid) __sync_fetch_and_add(&hits[${i}], 1);
      return 0;
    }`,
  )
  const text = `#include "vmlinux.h"
    #include <bpf/bpf_helpers.h>
    int hits[${SECTIONS.length}], pid;
    ${programs.join("\n")}
    char licence[] SEC("license") = "GPL";`
  const { object } = compile({ name: "sections.bpf.c", text, target: runningTarget(), cpu: 3 })
  using b = await BPF.fromObject(writeElf(object), { globals: { pid: process.pid } })
  assert.equal(b.links.size, SECTIONS.length)
  enter(3)
  for (const [i, section] of SECTIONS.entries()) await t.test(section, () => assert.equal(b.globals.hits[i], 3))
})
