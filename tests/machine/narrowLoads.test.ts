import assert from "node:assert/strict"
import { test } from "node:test"
import { assemble } from "../../src/isa/index.ts"
import { VirtualMachine } from "../../src/vm/index.ts"
import { packets } from "../oracle/packets/inputs.ts"
import { kernel, needsRoot, object, program } from "../support/kernel.ts"

const machine = new VirtualMachine()

/** Parts of `struct __sk_buff`: 1 or 2 bytes from an offset on, in the kernel and here. */
for (let offset = 0; offset < 192; offset++) {
  for (const size of offset % 2 === 0 ? [8, 16] : [8]) {
    const load = `r0 = *(u${size} *)(r1 +${offset})`
    test(load, { skip: needsRoot }, () => {
      const parts = { programs: [program("f", assemble(`${load}\nexit`), { type: "sched_cls" })] }
      const context = Uint8Array.from({ length: 192 }, (_, i) =>
        i >= 48 && i < 68 ? i : i === 8 ? 0x78 : i === 10 ? 0x56 : 0,
      )
      const input = { data: packets.vlan4.bytes(), context }
      const results = [kernel(), machine].map(each => {
        try {
          using loaded = each.load(object(parts))
          return loaded.program("f").testRun(input).retval
        } catch {
          return "refused"
        }
      })
      assert.equal(results[1], results[0])
    })
  }
}
