import assert from "node:assert/strict"
import { test } from "node:test"
import { progTypes } from "../isa/index.ts"
import {
  type AttachSpec,
  meaningOfSection,
  type ProgramSpec,
  type ProgramType,
  type SectionMeaning,
  sectionOfProgram,
} from "./index.ts"

function means(section: string, expected: SectionMeaning): void {
  test(`${section} means ${JSON.stringify(expected)}`, () => assert.deepEqual(meaningOfSection(section), expected))
}

means("socket", { type: "socket_filter" })
means("xdp", { type: "xdp" })
means("xdp/devmap", { type: "xdp" })
means("classifier", { type: "sched_cls" })
means("kprobe", { type: "kprobe" })
means("kprobe/do_sys_open", { type: "kprobe", attach: { kind: "kprobe", event: "do_sys_open" } })
means("kretprobe/vfs_read", { type: "kprobe", attach: { kind: "kretprobe", event: "vfs_read" } })
means("ksyscall/clone", { type: "kprobe", attach: { kind: "kprobe", event: "clone", syscall: true } })
means("uprobe//bin/sh:main", { type: "kprobe" })
means("tp/sched/sched_switch", {
  type: "tracepoint",
  attach: { kind: "tracepoint", category: "sched", event: "sched_switch" },
})
means("tp/sched", {})
means("raw_tp/sys_enter", { type: "raw_tracepoint", attach: { kind: "raw_tracepoint", event: "sys_enter" } })
means("raw_tp.w/sys_enter", { type: "raw_tracepoint_writable" })
means("tp_btf/sys_enter", { type: "tracing", attach: { kind: "tp_btf", event: "sys_enter" } })
means("fentry/nf:nf_hook", { type: "tracing", attach: { kind: "fentry", event: "nf_hook", module: "nf" } })
means("fexit.s/vfs_read", { type: "tracing", attach: { kind: "fexit", event: "vfs_read" } })
means("lsm/file_open", { type: "lsm", attach: { kind: "lsm", event: "file_open" } })
means("iter/task", { type: "tracing", attach: { kind: "iter", event: "task" } })
means(".bpf.fn.hello", {})
means("kprobe/", {})
means("", {})

function written(
  section: string,
  type: ProgramType | undefined,
  attach: AttachSpec | undefined,
  expected: string,
): void {
  test(`${section || "no section"}, ${type ?? "no type"}, ${JSON.stringify(attach)} is written to ${expected}`, () => {
    const program = { section, type, attach } as ProgramSpec
    assert.equal(sectionOfProgram(program), expected)
  })
}

const kprobe: AttachSpec = { kind: "kprobe", event: "vfs_read" }
written(".bpf.fn.f", "kprobe", kprobe, "kprobe/vfs_read")
written(".bpf.fn.f", undefined, kprobe, "kprobe/vfs_read")
written("kprobe/vfs_read", "kprobe", kprobe, "kprobe/vfs_read")
written("kprobe/other", "kprobe", kprobe, "kprobe/vfs_read")
written(".bpf.fn.f", "kprobe", { kind: "kretprobe", event: "clone", syscall: true }, "kretsyscall/clone")
written(".bpf.fn.f", "kprobe", undefined, "kprobe")
written("uprobe//bin/sh:main", "kprobe", undefined, "uprobe//bin/sh:main")
written("tp/a/b", "tracepoint", { kind: "tracepoint", category: "a", event: "b" }, "tp/a/b")
written(".bpf.fn.f", "tracepoint", { kind: "tracepoint", category: "a", event: "b" }, "tracepoint/a/b")
written(".bpf.fn.f", "raw_tracepoint", { kind: "raw_tracepoint", event: "e" }, "raw_tp/e")
written(".bpf.fn.f", "tracing", { kind: "fexit", event: "e", module: "m" }, "fexit/m:e")
written("my section", "xdp", undefined, "xdp")
written("tcx/ingress", "sched_cls", undefined, "tcx/ingress")
written(".bpf.fn.f", undefined, undefined, ".bpf.fn.f")

test("every program type has a section that means it", () => {
  for (const type of progTypes.names() as ProgramType[]) {
    const section = sectionOfProgram({ section: ".bpf.fn.f", type } as ProgramSpec)
    assert.deepEqual(meaningOfSection(section), { type })
  }
})
