import assert from "node:assert/strict"
import { test } from "node:test"
import { callerAt } from "../../../tests/support/helperMatrix.ts"
import { needsRoot } from "../../../tests/support/kernel.ts"
import { kfuncsOf } from "../../../tests/support/kfuncs.ts"
import { allPlaces, ask, canAsk, kernelTypes, messages, placeName } from "../../../tests/support/verifierPlaces.ts"
import { BPF_PSEUDO_KFUNC_CALL, exit, type Insn, mov64Imm, OP_CALL } from "../../isa/index.ts"
import { findKfunc, kfuncByName } from "./find.ts"

/** Marked, and registered for no program: they are changed by others. */
const FOR_NOBODY = /^bpf_(fentry_test1|modify_return_test2?)$/

const callKfunc = (id: number): Insn => ({ op: OP_CALL, dst: 0, src: BPF_PSEUDO_KFUNC_CALL, off: 0, imm: id })

const kfuncs = needsRoot ? new Map<string, number>() : kfuncsOf(kernelTypes())
const skip = kfuncs.size === 0 && "the kernel's types do not say which functions programs may call"

test("every function that the kernel marks is known", { skip }, () => {
  assert.deepEqual(
    [...kfuncs.keys()].filter(name => kfuncByName(name) === undefined && !FOR_NOBODY.test(name)),
    [],
  )
})

for (const place of skip ? [] : allPlaces().filter(canAsk)) {
  test(`functions for ${placeName(place)}`, () => {
    const wrong: string[] = []
    for (const [name, id] of kfuncs) {
      const said = messages(ask(place, [callKfunc(id), mov64Imm(0, 0), exit()]))
      const allowed = !said.includes(`calling kernel function ${name} is not allowed`)
      const kfunc = findKfunc(name, callerAt(place))
      if ((kfunc !== undefined) !== allowed) wrong.push(`${name} is ${allowed ? "" : "not "}allowed`)
      const sleeps = said.includes(`program must be sleepable to call sleepable kfunc ${name}`)
      if (allowed && !place.sleepable && sleeps !== kfunc?.sleeps)
        wrong.push(`${name} ${sleeps ? "sleeps" : "does not sleep"}`)
    }
    assert.deepEqual(wrong, [])
  })
}
