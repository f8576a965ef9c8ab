import assert from "node:assert/strict"
import { test } from "node:test"
import { KernelSymbols } from "./kallsyms.ts"
import { type ProbeLists, probeableFunctions } from "./probeable.ts"

const table = `ffffffff81000010 T vfs_read
ffffffff81000020 t vfs_readv
ffffffff81000030 t vfs_readv
ffffffff81000040 D vfs_data
ffffffff81000050 t vfs_write.cold
ffffffff81000060 t vfs_write.cold.3
ffffffff81000070 t __SCT__vfs_call
ffffffff81000080 t perf_vfs_event
ffffffff81000088 t __perf_vfs_event
ffffffff81000090 t _kbl_addr_vfs_read
ffffffff810000a0 W vfs_weak
ffffffff81100000 D __init_begin
ffffffff81100010 t vfs_init
ffffffff81200000 D __init_end
ffffffff81200010 T __irqentry_text_start
ffffffff81200020 T vfs_irq
ffffffff81200030 T __irqentry_text_end
ffffffff81200040 T xvfs_last
ffffffffc0000010 t vfs_mod\t[mod]
`

function finds(name: string, pattern: RegExp, lists: ProbeLists, ...names: string[]): void {
  test(`probeable: ${name}`, () => {
    const found = probeableFunctions(new KernelSymbols(Buffer.from(table)), pattern, lists)
    assert.deepEqual(
      found.map(f => f.name),
      names,
    )
  })
}
finds("by the start of the name", /^vfs_/, {}, "vfs_read", "vfs_readv", "vfs_readv", "vfs_weak", "vfs_mod")
finds("anywhere in the name", /vfs_[lw]/g, {}, "vfs_weak", "xvfs_last")
finds("what ftrace can trace", /^vfs_/, { traceable: "vfs_read\nvfs_mod [mod]\n" }, "vfs_read", "vfs_mod")
finds("what is not forbidden", /^vfs_read/, { blacklist: "0x10-0x20\tvfs_readv\n" }, "vfs_read")
finds("nothing", /^nothing$/, {})
