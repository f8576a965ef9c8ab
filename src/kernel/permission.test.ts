import assert from "node:assert/strict"
import { test } from "node:test"
import {
  childScenarios,
  counting,
  kernel,
  map,
  needsRoot,
  object,
  program,
  returns,
  runChild,
} from "../../tests/support/kernel.ts"
import { kprobeSupport } from "./attach/kprobe.ts"

const loads = (type: "kprobe" | "xdp") => (): void => {
  kernel().load(object({ programs: [program("hello", returns(0), { type })] }))
}

const scenarios = {
  kprobe: loads("kprobe"),
  xdp: loads("xdp"),
  map: () => kernel().load(object({ maps: [map("stats", "hash")] })),
  trace: () => kernel().trace(),
}

if (!childScenarios(scenarios)) {
  const refused = (scenario: keyof typeof scenarios, message: RegExp): void => {
    test(`without rights: ${scenario}`, { skip: needsRoot }, () => {
      const child = runChild(import.meta.url, scenario, { uid: 65534 })
      assert.match(child.stdout, message, child.stderr)
      assert.equal(child.status, 1)
    })
  }
  refused(
    "kprobe",
    /^KERNEL_NO_PERMISSION: loading program hello is not permitted: this process lacks CAP_BPF and CAP_PERFMON\nrun it with sudo/,
  )
  refused("xdp", /^KERNEL_NO_PERMISSION: loading program hello is not permitted: .* CAP_BPF and CAP_NET_ADMIN\n/)
  refused("map", /^KERNEL_NO_PERMISSION: making map stats \(hash, 16 entries\) is not permitted: .* CAP_BPF\n/)
  refused("trace", /^KERNEL_NO_(PERMISSION|TRACEFS): /)

  const hasKprobes = kprobeSupport().pmuType === undefined ? false : "this kernel has kprobes"
  test("a kernel without kprobes says so", { skip: needsRoot || hasKprobes }, () => {
    using loaded = counting("kprobe")
    for (const kind of ["kprobe", "kretprobe"] as const) {
      assert.throws(() => loaded.program("count").attach({ kind, event: "vfs_read" }), {
        code: "KERNEL_NO_KPROBES",
        message: `attaching count to ${kind} vfs_read: this kernel has no kprobes`,
      })
    }
  })
}
