import assert from "node:assert/strict"
import { test } from "node:test"
import { childScenarios, needsRoot, runChild } from "../../tests/support/kernel.ts"
import { canKprobe, canMap, cpuLevel, doctor, hasBoundedLoops, kernelAtLeast } from "./index.ts"

const print = (): void => console.log(JSON.stringify(doctor()))

if (!childScenarios({ print })) {
  test("every finding that is not good says what to do", () => {
    const findings = doctor()
    assert.ok(findings.length > 12)
    for (const { what, ok, detail, remedy } of findings) {
      assert.ok(what !== "" && detail !== "" && !`${what}${detail}`.includes("\n"), what)
      assert.equal(remedy === undefined, ok, what)
      assert.notEqual(remedy, "")
    }
    assert.equal(new Set(findings.map(f => f.what)).size, findings.length)
  })

  test("a user without rights gets findings, not errors", { skip: needsRoot }, () => {
    const child = runChild(import.meta.url, "print", { uid: 65534 })
    assert.equal(child.status, 0, child.stderr)
    const findings = JSON.parse(child.stdout) as ReturnType<typeof doctor>
    const bad = findings.filter(f => !f.ok).map(f => f.what)
    for (const what of ["CAP_BPF", "CAP_PERFMON", "bpf(2)"]) assert.ok(bad.includes(what), what)
  })

  test("what the running kernel can do agrees with its version", { skip: needsRoot }, () => {
    assert.equal(cpuLevel(), kernelAtLeast("6.6") ? 4 : kernelAtLeast("5.1") ? 3 : 2)
    assert.equal(hasBoundedLoops(), kernelAtLeast("5.3"))
    assert.equal(canMap("ringbuf") >= 0, kernelAtLeast("5.8"))
    assert.ok(canMap("hashish") < 0)
    const kprobe = canKprobe()
    assert.ok(kprobe === undefined || kprobe >= 0)
  })
}
