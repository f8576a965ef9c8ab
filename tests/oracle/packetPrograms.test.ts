import assert from "node:assert/strict"
import { test } from "node:test"
import { needsRoot } from "../support/kernel.ts"
import { Random } from "../support/random.ts"
import { libbpfObject } from "../support/runLibbpf.ts"
import { assertSame } from "./packets/both.ts"
import { packets, skbContext } from "./packets/inputs.ts"
import { PRELUDE, programs } from "./packets/programs.ts"

/** Every program of a section in one object, as compiling them together is quicker. */
function compiled(section: string, bodies: readonly string[]) {
  const context = section === "xdp" ? "struct xdp_md" : "struct __sk_buff"
  const functions = bodies.map((body, i) => `SEC("${section}") int f${i}(${context} *skb) { ${body} }`)
  return libbpfObject(`#include <bpf/bpf_endian.h>\n${PRELUDE}\n${functions.join("\n")}`).programs
}

for (const { type, section, bodies } of programs) {
  test(`${section}: ${bodies.length} programs give the same here and in the kernel`, { skip: needsRoot }, async t => {
    const random = new Random(7)
    const inputs = Object.values(packets).flatMap(packet => {
      const data = packet.bytes()
      if (type === "xdp") return [{ data }]
      return [{ data }, { data, context: skbContext(random) }, { data, checksumComplete: true }]
    })
    const made = compiled(section, bodies)
    for (const [i, body] of bodies.entries()) {
      await t.test(body, () => {
        const found = made.find(({ name }) => name === `f${i}`)
        assert.ok(found)
        assert.deepEqual(found.relocations, [])
        assertSame(found.insns, type, inputs)
      })
    }
  })
}
