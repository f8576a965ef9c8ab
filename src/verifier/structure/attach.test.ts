import assert from "node:assert/strict"
import { test } from "node:test"
import { needsRoot } from "../../../tests/support/kernel.ts"
import { runningKernel } from "../../../tests/support/kernelVersion.ts"
import { ask, inputAt, messages, type Place, placeName } from "../../../tests/support/verifierPlaces.ts"
import { exit, mov64Imm } from "../../isa/index.ts"
import { verify } from "../verify.ts"

const PROGRAM = [mov64Imm(0, 0), exit()]

/** Compares what is said of a program that does nothing. */
function compares(place: Place): void {
  test(placeName(place), { skip: needsRoot }, () => {
    const theirs = ask(place, PROGRAM)
    const ours = verify(inputAt(place, PROGRAM, runningKernel()))
    assert.equal(ours.accepted, theirs.accepted, ours.log)
    assert.deepEqual(messages({ ...theirs, log: ours.log }), messages(theirs))
  })
}

compares({ type: "syscall" })
compares({ type: "syscall", sleepable: true })
compares({ type: "socket_filter", sleepable: true })
compares({ type: "tracing", attachType: "trace_raw_tp" })
compares({ type: "tracing", attachType: "trace_raw_tp", target: "btf_trace_sched_switch" })
compares({ type: "tracing", attachType: "trace_raw_tp", target: "btf_trace_sched_switch", sleepable: true })
compares({ type: "tracing", attachType: "trace_iter", target: "bpf_iter_task", sleepable: true })
// Members 9 to 12: sndbuf_expand, get_info, name, owner.
for (let member = 0; member < 20; member++) {
  const place: Place = { type: "struct_ops", target: "tcp_congestion_ops", member }
  test(`${placeName(place)} ${member}`, { skip: needsRoot }, () => {
    const theirs = ask(place, PROGRAM)
    const ours = verify(inputAt(place, PROGRAM, runningKernel()))
    assert.equal(ours.accepted, theirs.accepted, `${theirs.log}\n${ours.log}`)
  })
}
