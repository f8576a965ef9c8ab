import assert from "node:assert/strict"
import { test } from "node:test"
import { needsRoot } from "../../../tests/support/kernel.ts"
import { runningKernel } from "../../../tests/support/kernelVersion.ts"
import { ask, canAsk, messages, type Place } from "../../../tests/support/verifierPlaces.ts"
import type { Btf, FuncProtoType } from "../../btf/index.ts"
import { BPF_DW, BPF_W, exit, loadMem, mov64Imm } from "../../isa/index.ts"
import { vmlinuxTypes } from "../../kernel/host/index.ts"
import { type ArgumentValue, readArgument, type TypedPlace } from "./arguments.ts"

/** What the log shows of a register, as far as it depends on its type. */
function printed(btf: Btf, value: ArgumentValue): string {
  if (value.kind === "pointer") {
    const flags = `${value.tag === undefined ? "" : `${value.tag}_`}${value.trusted ? "trusted_" : ""}`
    return `${flags}ptr_${value.nullable ? "or_null_" : ""}${btf.name(value.type)}`
  }
  return value.kind === "buffer" ? `${value.readOnly ? "rdonly_" : ""}buf_or_null` : "scalar"
}

/** Compares what a load of each word of the context gives. */
function compare(place: Place, typed: TypedPlace): string[] {
  const wrong: string[] = []
  for (let offset = 0; offset <= 8 * typed.prototype.params.length + 8; offset += 4) {
    for (const [size, width] of [
      [8, BPF_DW],
      [4, BPF_W],
    ] as const) {
      if (offset % size !== 0) continue
      const value = readArgument(typed, offset, size)
      const answer = ask(place, [loadMem(width, 0, 1, offset), mov64Imm(0, 0), exit()], { logLevel: 2 })
      const r0 = /(?:^0: .*; |^1: )R0(?:_w)?=([^(]*)/m.exec(answer.log)?.[1]
      const theirs =
        r0 ??
        messages(answer)
          .filter(line => !/Live regs|R0.*invalid|invalid bpf_context/.test(line))
          .join("\n")
      const ours = value.kind === "refused" ? value.lines.join("\n") : printed(typed.btf, value)
      if (ours !== theirs) wrong.push(`${typed.name} ${size} at ${offset}: ${theirs}, not ${ours}`)
    }
  }
  return wrong
}

const RAW: Place = { type: "tracing", attachType: "trace_raw_tp", target: "btf_trace_sched_switch" }
const skip = needsRoot || !canAsk(RAW)
const btf = skip ? undefined : vmlinuxTypes()

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
    wrong.push(...compare(place, { ...RAW, btf: btf!, name, prototype, kernel: runningKernel() }))
  }
  assert.deepEqual(wrong, [])
  assert.ok(count > 300, `${count}`)
})

test("arguments of iterators", { skip }, () => {
  const wrong: string[] = []
  for (const [target, prototype] of targets("func", "bpf_iter_")) {
    const place: Place = { type: "tracing", attachType: "trace_iter", target }
    if (canAsk(place)) {
      wrong.push(...compare(place, { ...place, btf: btf!, name: target, prototype, kernel: runningKernel() }))
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
    wrong.push(...compare(place, { type: "struct_ops", btf: btf!, name, prototype, table, kernel: runningKernel() }))
  }
  assert.deepEqual(wrong, [])
})
