import assert from "node:assert/strict"
import { test } from "node:test"
import { testSystem, watch } from "../../../tests/support/simulated.ts"
import { WORKLOADS, workload } from "./index.ts"

/** System calls of half a simulated second, by name of the program and number. */
function calls(name: string, seed: number): Map<string, number> {
  const system = testSystem({ seed })
  const seen = new Map<string, number>()
  watch(system, { kind: "tracepoint", category: "raw_syscalls", event: "sys_enter" }, context => {
    const { linear } = system.kernel.memory
    const key = `${system.kernel.current.comm} ${linear.view.getInt32(context + 8, true)}`
    seen.set(key, (seen.get(key) ?? 0) + 1)
  })
  workload(name).start(system)
  system.run(500_000_000)
  return seen
}

for (const { name } of WORKLOADS) {
  test(`${name} does something, the same in every run`, () => {
    const seen = calls(name, 3)
    assert.equal(seen.size > 5, name !== "idle")
    assert.deepEqual(seen, calls(name, 3))
  })
}

/** One line is one case: a workload, the program, and the number of the system call that it makes. */
function makes(name: string, comm: string, number: number): void {
  test(`${name}: ${comm} makes system call ${number}`, () => assert.ok(calls(name, 1).has(`${comm} ${number}`)))
}
makes("shell", "ls", 332)
makes("shell", "cat", 0)
makes("web", "nginx", 43)
makes("web", "curl", 42)
makes("disk", "postgres", 74)
makes("upkeep", "logrotate", 165)
makes("upkeep", "top", 29)

test("a workload that there is not", () => {
  assert.throws(() => workload("demmo"), { code: "SIM_NO_WORKLOAD" })
})
