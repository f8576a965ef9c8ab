import assert from "node:assert/strict"
import { before, test } from "node:test"
import { selftestsFolder } from "../../oracle/selftests/suite.ts"
import { needsRoot } from "../../support/kernel.ts"
import { findTool } from "../../support/tools.ts"
import type { Compared } from "../compare.ts"
import { differences, report } from "../report.ts"
import { runCases } from "./run.ts"

const skip = needsRoot || (findTool("gcc") === undefined && "no gcc")
let all: Compared[] = []
before(() => {
  if (!skip) all = runCases(selftestsFolder(), [], () => {}).filter(({ agreement }) => agreement !== "not judged")
})

/** At least this share of the cases of a program type (or all) has the verdict of the running kernel. */
function agrees(type: string, least: number) {
  test(`test_verifier.c, ${type}: ${100 * least} % have the kernel's verdict`, { skip }, () => {
    const cases = all.filter(one => type === "all" || one.type === type)
    const same = cases.filter(({ agreement }) => agreement === "accepted" || agreement === "refused")
    assert.ok(cases.length > 0)
    assert.ok(same.length >= least * cases.length, differences(cases, false))
  })
}

agrees("all", 0.99)
agrees("socket_filter", 0.99)
agrees("sched_cls", 0.99)
agrees("tracepoint", 0.99)
agrees("xdp", 0.99)
agrees("cgroup_skb", 0.98)

test("test_verifier.c: at most 1 % are accepted that the kernel refuses", { skip }, () => {
  const wrong = all.filter(({ agreement }) => agreement === "wrong accept")
  assert.ok(wrong.length <= 0.01 * all.length, report(all))
})
