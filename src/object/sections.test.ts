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
  sectionSince,
} from "./index.ts"

function means(section: string, expected: SectionMeaning): void {
  test(`${section} means ${JSON.stringify(expected)}`, () => assert.deepEqual(meaningOfSection(section), expected))
}

means("socket", { type: "socket_filter" })
means("xdp", { type: "xdp", attachType: "xdp" })
means("xdp.frags", { type: "xdp", attachType: "xdp", frags: true })
means("xdp/devmap", { type: "xdp", attachType: "xdp_devmap" })
means("xdp.frags/cpumap", { type: "xdp", attachType: "xdp_cpumap", frags: true })
means("xdp/eth0", {})
means("classifier", { type: "sched_cls" })
means("tcx/ingress", { type: "sched_cls", attachType: "tcx_ingress" })
means("kprobe", { type: "kprobe" })
means("kprobe/do_sys_open", { type: "kprobe", attach: { kind: "kprobe", event: "do_sys_open" } })
means("?kprobe/f", { type: "kprobe", attach: { kind: "kprobe", event: "f" }, autoload: false })
means("kprobe.s/f", {})
means("kretprobe/vfs_read", { type: "kprobe", attach: { kind: "kretprobe", event: "vfs_read" } })
means("ksyscall/clone", { type: "kprobe", attach: { kind: "kprobe", event: "clone", syscall: true } })
means("kprobe/f+0x10", { type: "kprobe", attach: { kind: "kprobe", event: "f", offset: 16 } })
means("kprobe.multi/vfs_*", {
  type: "kprobe",
  attach: { kind: "kprobe_multi", event: "vfs_*" },
  attachType: "trace_kprobe_multi",
})
means("kretprobe.multi/f", {
  type: "kprobe",
  attach: { kind: "kretprobe_multi", event: "f" },
  attachType: "trace_kprobe_multi",
})
means("kprobe.multi/", { type: "kprobe", attachType: "trace_kprobe_multi" })
means("uprobe//bin/sh:main", { type: "kprobe", attach: { kind: "uprobe", path: "/bin/sh", event: "main" } })
means("uprobe.s//bin/sh:main+0x10", {
  type: "kprobe",
  sleepable: true,
  attach: { kind: "uprobe", path: "/bin/sh", event: "main", offset: 16 },
})
means("uretprobe.multi/libc.so.6:str*", {
  type: "kprobe",
  attachType: "trace_uprobe_multi",
  attach: { kind: "uretprobe", path: "libc.so.6", event: "str*" },
})
means("usdt/libc.so.6:libc:setjmp", {
  type: "kprobe",
  attach: { kind: "usdt", path: "libc.so.6", provider: "libc", event: "setjmp" },
})
means("usdt", { type: "kprobe" })
means("tp/sched/sched_switch", {
  type: "tracepoint",
  attach: { kind: "tracepoint", category: "sched", event: "sched_switch" },
})
means("tp/sched", {})
means("raw_tp/sys_enter", { type: "raw_tracepoint", attach: { kind: "raw_tracepoint", event: "sys_enter" } })
means("raw_tp.w/sys_enter", { type: "raw_tracepoint_writable" })
means("tp_btf/sys_enter", {
  type: "tracing",
  attach: { kind: "tp_btf", event: "sys_enter" },
  attachType: "trace_raw_tp",
})
means("fentry/nf:nf_hook", {
  type: "tracing",
  attach: { kind: "fentry", event: "nf_hook", module: "nf" },
  attachType: "trace_fentry",
})
means("fexit.s/vfs_read", {
  type: "tracing",
  attach: { kind: "fexit", event: "vfs_read" },
  attachType: "trace_fexit",
  sleepable: true,
})
means("lsm/file_open", { type: "lsm", attach: { kind: "lsm", event: "file_open" }, attachType: "lsm_mac" })
means("lsm_cgroup/socket_bind", {
  type: "lsm",
  attach: { kind: "lsm_cgroup", event: "socket_bind" },
  attachType: "lsm_cgroup",
})
means("iter/task", { type: "tracing", attach: { kind: "iter", event: "task" }, attachType: "trace_iter" })
means("freplace/f", { type: "ext", attach: { kind: "freplace", event: "f" } })
means("struct_ops/init", { type: "struct_ops" })
means("struct_ops.s", { type: "struct_ops", sleepable: true })
means("syscall", { type: "syscall", sleepable: true })
means("cgroup/connect4", { type: "cgroup_sock_addr", attachType: "cgroup_inet4_connect" })
means("cgroup/skb", { type: "cgroup_skb" })
means("sk_lookup/x", {})
means(".bpf.fn.hello", {})
means("kprobe/", { type: "kprobe" })
means("", {})

function since(section: string, version: string | undefined): void {
  test(`${section} is taken since ${version}`, () => assert.equal(sectionSince(section), version))
}

since("socket", "3.19")
since("kprobe/f", "4.1")
since("kprobe.multi/f", "5.18")
since("tcx/egress", "6.6")
since("my section", undefined)

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
written(".bpf.fn.f", "kprobe", { kind: "kprobe", event: "f", offset: 4 }, "kprobe/f+4")
written(".bpf.fn.f", "kprobe", { kind: "kprobe_multi", event: "f*" }, "kprobe.multi/f*")
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
    assert.equal(meaningOfSection(section).type, type)
    assert.equal(meaningOfSection(section).attach, undefined)
  }
})
