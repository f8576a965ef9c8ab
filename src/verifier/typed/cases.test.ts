import assert from "node:assert/strict"
import { test } from "node:test"
import { needsRoot } from "../../../tests/support/kernel.ts"
import { runningKernel } from "../../../tests/support/kernelVersion.ts"
import { TYPED_CASES } from "../../../tests/support/typedCases.ts"
import { ask, canAsk, inputAt, kernelTypes, messages, placeName } from "../../../tests/support/verifierPlaces.ts"
import { findMember } from "../../btf/index.ts"
import { assemble } from "../../isa/index.ts"
import { verify } from "../verify.ts"

/** Lines that tell of the way, and not of what is wrong. */
const NOISE = / has btf_id \d+ type |^BPF_EXIT instruction in main prog would lead to reference leak$|^processed /

for (const [place, name, text] of TYPED_CASES) {
  test(`${placeName(place)}: ${name}`, { skip: needsRoot || (!canAsk(place) && "not on this kernel") }, () => {
    const btf = kernelTypes()
    const calls = text.replace(/@(\w+)/g, (_, name) => `call kernel-function#${btf.find(name, "func")}`)
    const whole = calls.replace(/\{(\w+)\.(\w+)\}/g, (_, struct, member) => {
      return `${findMember(btf, btf.find(struct, "struct"), member)!.bitOffset / 8}`
    })
    const insns = assemble(`${whole}\nr0 = 0\nexit\n`)
    const theirs = ask(place, insns)
    const ours = verify(inputAt(place, insns, runningKernel()))
    const said = (log: string): string[] => messages({ ...theirs, log }).filter(line => !NOISE.test(line))
    const verdict = (accepted: boolean, log: string): string => (accepted ? "accepted" : said(log).join("\n"))
    assert.equal(verdict(ours.accepted, ours.log), verdict(theirs.accepted, theirs.log))
  })
}
