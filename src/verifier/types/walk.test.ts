import assert from "node:assert/strict"
import { test } from "node:test"
import { needsRoot } from "../../../tests/support/kernel.ts"
import { runningKernel } from "../../../tests/support/kernelVersion.ts"
import { ask, canAsk, kernelTypes, messages, type Place } from "../../../tests/support/verifierPlaces.ts"
import type { Btf } from "../../btf/index.ts"
import { BPF_B, BPF_DW, BPF_H, BPF_W, exit, loadMem, mov64Imm } from "../../isa/index.ts"
import { type Walked, walkStruct } from "./walk.ts"

const SIZES = [
  [1, BPF_B],
  [2, BPF_H],
  [4, BPF_W],
  [8, BPF_DW],
] as const

/** What the log shows of a register: `scalar()`, `ptr_task_struct()`. */
const printed = (btf: Btf, walked: Walked): RegExp => {
  if (walked.kind === "pointer") {
    const name = btf.name(walked.type).replace(/[^\w]/g, "")
    return new RegExp(`ptr_(or_null_)?${name}\\(`)
  }
  return walked.kind === "memory" ? /^rdonly_untrusted_mem\(/ : /^scalar\(/
}

const RAW: Place = { type: "tracing", attachType: "trace_raw_tp" }

/** Tracepoints whose argument, by its number, is a structure with some of everything. */
const CASES = [
  ["btf_trace_sched_switch", 1, "task_struct"],
  ["btf_trace_net_dev_queue", 0, "sk_buff"],
  ["btf_trace_inet_sock_set_state", 0, "sock"],
  ["btf_trace_cgroup_mkdir", 0, "cgroup"],
  ["btf_trace_block_rq_issue", 0, "request"],
] as const

for (const [target, argument, name] of needsRoot || !canAsk({ ...RAW, target: CASES[0][0] }) ? [] : CASES) {
  test(`reads of struct ${name}`, () => {
    const btf = kernelTypes()
    const id = btf.find(name, "struct")
    const type = btf.type(id)
    assert.ok(type.kind === "struct")
    const wrong: string[] = []
    // Every offset of small structures, some of all parts of large ones; none is left out over the years.
    const step = type.size > 1000 ? 3 : 1
    for (let offset = 0; offset < type.size + 9; offset += step) {
      for (const [size, width] of SIZES) {
        const walked = walkStruct(btf, id, { offset, size, kernel: runningKernel() })
        const load = loadMem(width, 0, 1, offset)
        const program = [loadMem(BPF_DW, 1, 1, 8 * argument), load, mov64Imm(0, 0), exit()]
        const answer = ask({ ...RAW, target }, program, { logLevel: 2 })
        const place = `${size} at ${offset}`
        if (walked.kind === "refused") {
          if (messages(answer).at(-1) !== walked.message)
            wrong.push(`${place}: ${messages(answer).at(-1)}, not ${walked.message}`)
          continue
        }
        const r0 = /^1: .*; R0(?:_w)?=(.*?)(?: R\d|$)/m.exec(answer.log)?.[1] ?? messages(answer).at(-1)!
        if (!printed(btf, walked).test(r0)) wrong.push(`${place}: ${r0}, not ${walked.kind}`)
      }
    }
    assert.deepEqual(wrong, [])
  })
}
