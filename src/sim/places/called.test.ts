import assert from "node:assert/strict"
import { test } from "node:test"
import { testSystem } from "../../../tests/support/simulated.ts"
import { workload } from "../workloads/index.ts"

test("programs can be attached to each function that the workloads call", () => {
  const system = testSystem()
  const { places, names } = system.kernel
  const known = new Set(names.functions)
  const unknown = new Set<string>()
  const { enter } = places
  places.enter = (name, ...rest) => {
    if (!known.has(name)) unknown.add(name)
    return enter.call(places, name, ...rest)
  }
  workload("demo").start(system)
  system.run(1_500_000_000)
  assert.deepEqual([...unknown].sort(), [])
})
