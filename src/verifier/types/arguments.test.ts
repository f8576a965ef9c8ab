import assert from "node:assert/strict"
import { test } from "node:test"
import { compareArguments } from "../../../tests/support/argumentMatrix.ts"
import { needsRoot } from "../../../tests/support/kernel.ts"
import { runningKernel } from "../../../tests/support/kernelVersion.ts"
import { canAsk, kernelTypes, type Place } from "../../../tests/support/verifierPlaces.ts"
import type { FuncProtoType } from "../../btf/index.ts"

const RAW: Place = { type: "tracing", attachType: "trace_raw_tp", target: "btf_trace_sched_switch" }
const skip = needsRoot || !canAsk(RAW)
const btf = skip ? undefined : kernelTypes()

/** The functions and typedefs whose names start like this, with their types. */
function* targets(kind: "func" | "typedef", prefix: string): Iterable<[string, FuncProtoType]> {
  for (const id of btf?.ids(kind) ?? []) {
    const name = btf!.name(id)
    if (!name.startsWith(prefix)) continue
    const type = btf!.type(id)
    const inner = type.kind === "func" ? btf!.type(type.type) : btf!.resolved(id)
    const prototype = inner.kind === "ptr" ? btf!.resolved(inner.type) : inner
    if (prototype.kind === "func_proto") yield [name, prototype]
  }
}

test("arguments of tracepoints", { skip }, () => {
  const wrong: string[] = []
  let count = 0
  for (const [target, prototype] of targets("typedef", "btf_trace_")) {
    count++
    const name = target.slice("btf_trace_".length)
    const place = { ...RAW, target }
    wrong.push(...compareArguments(place, { ...RAW, btf: btf!, name, prototype, kernel: runningKernel() }))
  }
  assert.deepEqual(wrong, [])
  assert.ok(count > 300, `${count}`)
})

test("arguments of iterators", { skip }, () => {
  const wrong: string[] = []
  for (const [target, prototype] of targets("func", "bpf_iter_")) {
    const place: Place = { type: "tracing", attachType: "trace_iter", target }
    if (canAsk(place)) {
      wrong.push(...compareArguments(place, { ...place, btf: btf!, name: target, prototype, kernel: runningKernel() }))
    }
  }
  assert.deepEqual(wrong, [])
})

test("arguments of congestion control", { skip }, () => {
  const table = "tcp_congestion_ops"
  const type = btf!.type(btf!.find(table, "struct"))
  assert.ok(type.kind === "struct")
  const wrong: string[] = []
  for (const [member, { name, type: id }] of type.members.entries()) {
    const pointer = btf!.resolved(id)
    const prototype = pointer.kind === "ptr" ? btf!.resolved(pointer.type) : pointer
    const place: Place = { type: "struct_ops", target: table, member }
    if (prototype.kind !== "func_proto" || !canAsk(place)) continue
    wrong.push(
      ...compareArguments(place, { type: "struct_ops", btf: btf!, name, prototype, table, kernel: runningKernel() }),
    )
  }
  assert.deepEqual(wrong, [])
})
