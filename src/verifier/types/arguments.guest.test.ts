import assert from "node:assert/strict"
import { test } from "node:test"
import { compareArguments } from "../../../tests/support/argumentMatrix.ts"
import { runningKernel } from "../../../tests/support/kernelVersion.ts"
import { canAsk, kernelTypes, type Place } from "../../../tests/support/verifierPlaces.ts"
import type { FuncProtoType } from "../../btf/index.ts"

const btf = kernelTypes()

/** Compares the arguments of functions, where programs of a place can be put on them. */
function compareAll(place: Place, functions: readonly string[]): void {
  const wrong: string[] = []
  let count = 0
  for (const target of functions) {
    const func = btf.type(btf.find(target, "func"))
    const at = { ...place, target }
    if (func.kind !== "func" || !canAsk(at)) continue
    count++
    const prototype = btf.type(func.type) as FuncProtoType
    wrong.push(...compareArguments(at, { ...at, btf, name: target, prototype, kernel: runningKernel() }))
  }
  assert.deepEqual(wrong, [])
  assert.ok(count > 0)
}

const FUNCTIONS =
  "vfs_read vfs_open tcp_v4_connect tcp_sendmsg __netif_receive_skb do_unlinkat bpf_fentry_test1 security_file_open"
for (const attachType of ["trace_fentry", "trace_fexit"]) {
  test(`arguments for ${attachType}`, () => compareAll({ type: "tracing", attachType }, FUNCTIONS.split(" ")))
}

test("arguments of hooks of security modules", () => {
  const hooks: string[] = []
  for (const id of btf.ids("func")) if (btf.name(id).startsWith("bpf_lsm_")) hooks.push(btf.name(id))
  compareAll(
    { type: "lsm", attachType: "lsm_mac" },
    hooks.filter((_, index) => index % 4 === 0),
  )
})
