import assert from "node:assert/strict"
import { test } from "node:test"
import { randomClassic } from "../../tests/support/classicRandom.ts"
import { kernel, needsRoot } from "../../tests/support/kernel.ts"
import { Random } from "../../tests/support/random.ts"
import * as filter from "./index.ts"

/**
 * The packets that the kernel makes of bytes in a trial run of a tc program: Ethernet's protocol is in the metadata, and
 * the type is that of a packet to another host unless its address is zero, which is the loopback device's.
 */
function input(data: Uint8Array): filter.FilterInput {
  const view = new DataView(data.buffer)
  const toUs = data.subarray(0, 6).every(byte => byte === 0)
  const broadcast = data.subarray(0, 6).every(byte => byte === 255)
  const packetType = toUs ? 0 : broadcast ? 1 : (data[0] & 1) !== 0 ? 2 : 3
  return { data, metadata: { protocol: view.getUint16(12), packetType } }
}

test("converted filters give the same in the kernel", { skip: needsRoot }, () => {
  const random = new Random(4096)
  const machine = kernel()
  for (let i = 0; i < 150; i++) {
    const insns = randomClassic(random)
    using loaded = machine.load(filter.filterObject(insns, { type: "sched_cls" }))
    for (let j = 0; j < 4; j++) {
      const data = Uint8Array.from({ length: 14 + random.below(50) }, () => random.below(256))
      // An EtherType, as the kernel looks further into packets of the older kind.
      data[12] = 8
      const { retval } = loaded.program("filter").testRun({ data })
      assert.equal(retval, filter.runClassic(insns, input(data)), filter.disassembleClassic(insns))
    }
  }
})

test("metadata that extended BPF has not is named", () => {
  const insns = filter.assembleClassic("ld [hatype]\nret")
  assert.throws(() => filter.toExtended(insns), { code: "FILTER_NO_FIELD", message: /hardwareType/ })
})

test("metadata that it has is loaded", { skip: needsRoot }, () => {
  for (const field of [
    "proto",
    "type",
    "ifidx",
    "mark",
    "queue",
    "rxhash",
    "cpu",
    "vlan_tci",
    "vlan_avail",
    "random",
    "vlan_tpid",
  ]) {
    const insns = filter.assembleClassic(`ld [${field}]\nret`)
    using loaded = kernel().load(filter.filterObject(insns))
    loaded.program("filter")
  }
})
