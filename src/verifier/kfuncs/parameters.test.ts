import assert from "node:assert/strict"
import { test } from "node:test"
import { needsRoot } from "../../../tests/support/kernel.ts"
import { kfuncsOf } from "../../../tests/support/kfuncs.ts"
import { ask, canAsk, kernelTypes, messages, type Place } from "../../../tests/support/verifierPlaces.ts"
import type { FuncProtoType } from "../../btf/index.ts"
import { BPF_PSEUDO_KFUNC_CALL, exit, mov64Imm, OP_CALL } from "../../isa/index.ts"
import { kfuncByName } from "./find.ts"
import { isScalarStruct, type ParameterKind, parametersOf } from "./parameters.ts"
import { contextStructs } from "./program.ts"

/** What the kernel says of the first argument when it is the context. */
const SAID: Readonly<Record<ParameterKind, RegExp>> = {
  scalar: /^R1 is not a scalar/,
  ctx: /^(R2 |arg#1|variable|kern ctx|$|At program exit|Unreleased reference|BPF_EXIT)/,
  allocated: /^(R1 must be referenced or trusted|arg#0 expected)/,
  refcounted: /^arg#0 is neither owning or non-owning ref/,
  dynptr: /^arg#0 expected pointer to stack or const struct bpf_dynptr/,
  iterator: /^(arg#0 expected pointer to an iterator on stack|css_task_iter is only allowed)/,
  list_head: /^arg#0 expected pointer to map value or allocated object/,
  list_node: /^arg#0 expected pointer to allocated object/,
  rb_root: /^arg#0 expected pointer to map value or allocated object/,
  rb_node: /^bpf_rbtree_\w+ can only take non-owning or refcounted/,
  string: /^arg#0 doesn't point to a const string/,
  map: /^pointer in R1 isn't map pointer/,
  workqueue: /^arg#0 doesn't point to a map value/,
  task_work: /^arg#0 doesn't point to a map value/,
  irq_flag: /^arg#0 doesn't point to an irq flag on stack/,
  res_spin_lock: /^arg#0 doesn't point to map value or allocated object/,
  callback: /^arg0 expected pointer to func/,
  pointer:
    /^arg#0 pointer type|^(R1|arg#0|R\d type)|^max struct nesting|^variable|^invalid bpf_context|^$|^At program|^release kernel|^arg#1|^Unreleased|^kern ctx|^func '/,
  sized_memory: /^(arg#0 |R2 is not)/,
  ignored: /^/,
}

const places: readonly Place[] = [
  { type: "sched_cls" },
  { type: "syscall", sleepable: true },
  { type: "xdp" },
  { type: "tracing", attachType: "trace_iter", target: "bpf_iter_task", sleepable: true },
]
const skip = needsRoot || kfuncsOf(kernelTypes()).size === 0

for (const place of skip ? [] : places.filter(canAsk)) {
  test(`first arguments of functions for ${place.type}`, () => {
    const btf = kernelTypes()
    const wrong: string[] = []
    let count = 0
    for (const [name, id] of kfuncsOf(btf)) {
      const kfunc = kfuncByName(name)
      const func = btf.type(id)
      if (kfunc === undefined || func.kind !== "func") continue
      const prototype = btf.type(func.type) as FuncProtoType
      const [first] = parametersOf(btf, prototype, kfunc, contextStructs(place.type))
      const call = { op: OP_CALL, dst: 0, src: BPF_PSEUDO_KFUNC_CALL, off: 0, imm: id }
      const said = messages(ask(place, [call, mov64Imm(0, 0), exit()]))
      if (
        first === undefined ||
        said.some(line => /not allowed$|must be sleepable|requires RCU|device-bound|css_task_iter/.test(line))
      )
        continue
      count++
      if (!SAID[first.kind].test(said[0] ?? "")) wrong.push(`${name}: "${said[0]}" of ${first.kind}`)
    }
    assert.deepEqual(wrong, [])
    assert.ok(count > 40, `${count}`)
  })
}

/** Whether plain memory may be given for a structure of the kernel. */
function plain(name: string, expected: boolean) {
  test(`${name} is ${expected ? "" : "not "}made of numbers only`, { skip }, () => {
    const btf = kernelTypes()
    assert.equal(isScalarStruct(btf, btf.find(name, "struct")), expected)
  })
}
plain("timespec64", true)
// A union of two structures.
plain("bpf_sock_tuple", true)
plain("task_struct", false)
